// Package web is the console and its API over HTTP. Every page is made from the stored record alone:
// nothing here asks Temporal anything while it renders. One table lists every route with the rule that
// says who may reach it; one wrapper answers errors.
package web
