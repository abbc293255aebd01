//go:build race

package causes

// The race detector makes the Temporal server in this process several times
// slower: limits and work stretch alike, and fewer tests run at once.
const (
	slow     = 4
	parallel = "3"
)
