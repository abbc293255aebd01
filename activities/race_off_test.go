//go:build !race

package activities

const rounds = 1000
