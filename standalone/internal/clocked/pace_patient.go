//go:build patient && !race

package clocked

// Slow stretches the times of tests, see pace.go.
const Slow = 2
