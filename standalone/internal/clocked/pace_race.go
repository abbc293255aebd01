//go:build race

package clocked

// Slow stretches the times of tests, see pace.go. The race detector makes the Temporal server in their process several
// times slower.
const Slow = 4
