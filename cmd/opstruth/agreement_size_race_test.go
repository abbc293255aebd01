//go:build race

package main

// The race detector sees in few runs what it can see at all, and makes each several times slower.
const (
	agreeing = 1000
	alone    = 40
)
