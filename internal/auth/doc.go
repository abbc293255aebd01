// Package auth says who is asking and what they may do: passwords, sessions, one-time sign-in links and
// API tokens lead to a Principal, and a Principal leads to the scope of every query and to the answer
// whether an action is allowed. It knows no routes and no pages.
package auth
