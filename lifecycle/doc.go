// Package lifecycle holds the rules of an operation run and nothing else: what
// its stored facts mean (Derive), what evidence about a silent run proves
// (Judge), which changes of a record are legal (Apply), and the words in which
// each state is told to a person (Truth's methods).
//
// It refuses I/O, clocks and dependencies: only the standard library is
// imported, and every rule takes now as an argument. Facts are stored, truth is
// derived, and nothing derived is stored.
package lifecycle
