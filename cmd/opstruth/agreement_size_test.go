//go:build !race

package main

const (
	agreeing = 10_000 // generated runs on each database
	alone    = 400    // of them, about so many are read alone as well
)
