//go:build race

package activities

// The race detector sees in a few rounds what it can see at all, and makes each several times slower; scripts/test.sh plays
// them all once more without it.
const rounds = 60

// TinyChunks is how many chunks of one item share an activity.
const TinyChunks = 2_000
