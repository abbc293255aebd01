package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
)

// What the guide shows is what is compiled and tested here.
func TestTheGuideShowsThisProgram(t *testing.T) {
	t.Parallel()

	guide, err := os.ReadFile("../../../docs/operations.md")
	require.NoError(t, err)
	shown := map[string]string{}
	for _, block := range regexp.MustCompile("(?ms)^```go\n// ([a-z_]+\\.go)\n\n(.*?)^```$").FindAllStringSubmatch(string(guide), -1) {
		shown[block[1]] = block[2]
	}
	for _, name := range []string{"greet.go", "hello.go", "greet_test.go", "main.go", "transfer.go"} {
		code, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(code), shown[name], "docs/operations.md must show %s as it is", name)
		delete(shown, name)
	}
	require.Empty(t, shown, "these blocks of docs/operations.md are compiled nowhere")
}

func TestTheTypesOfTheGuideAreComplete(t *testing.T) {
	t.Parallel()

	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5e9, 5e9), greet(), transfer())
	require.NoError(t, err)
	require.Len(t, types.All(), 2)
}
