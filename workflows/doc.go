// Package workflows decides what happens next, and does nothing itself: the run
// workflow leads one operation run from its begin to its recorded end, whatever
// its type, and the reconcile workflow is one pass over runs that fell silent.
//
// Code here is replayed. It takes the time from the workflow only, keeps its
// activity options in options.go, and has no changes of behaviour yet: those
// belong behind workflow.GetVersion, called in one file of their own.
package workflows
