// Package links makes every link of the console, and reads back the filters that its links carry. No
// page, handler or template puts a path together by itself, so that a link to a list or a run always
// stays in its reader's plane and keeps the class and scope it was followed from.
package links
