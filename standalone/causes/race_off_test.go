//go:build !race

package causes

const (
	slow     = 1
	parallel = "8" // the tests wait for clocks, not for the processor
)
