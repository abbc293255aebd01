//go:build !race && !patient

package clocked

// Slow is by how much the times are stretched that such tests set: limits and work alike, so that what they ask for stays
// the same on a machine that has other things to do. The tag patient is for those.
const Slow = 1
