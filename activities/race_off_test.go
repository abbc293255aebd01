//go:build !race

package activities

const rounds = 1000

// TinyChunks is how many chunks of one item share an activity.
const TinyChunks = 100_000
