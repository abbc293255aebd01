// Package archtest holds who may import whom, and a test that enforces it. The linter enforces most of
// the same with depguard, so that editors show it; this test needs no linter and checks itself.
package archtest

import (
	"slices"
	"strings"
)

const module = "github.com/opstruth/opstruth/"

// Rule says what some packages may import in code that is not a test.
type Rule struct {
	Name string
	Of   []string // packages, relative to the module; "x/..." means x and all below it
	But  []string // packages that the rule spares
	May  func(imported string) bool
}

// Rules is the whole list. Packages of this module are named relative to it, others by import path.
func Rules() []Rule {
	return []Rule{
		{
			Name: "lifecycle is pure: the standard library only",
			Of:   []string{"lifecycle"}, May: standard,
		},
		{
			Name: "config imports nothing of ours",
			Of:   []string{"config/..."}, May: never("..."),
		},
		{
			Name: "workflows/contract imports lifecycle and the standard library",
			Of:   []string{"workflows/contract/..."}, May: either(standard, only("lifecycle")),
		},
		{
			Name: "models imports of ours only lifecycle, and no Temporal: rows are never payloads",
			Of:   []string{"models/..."},
			May:  both(either(only("lifecycle", "models/..."), never("...")), never("go.temporal.io/...")),
		},
		{
			Name: "what executes operations never imports web",
			Of:   []string{"operation/...", "activities/...", "workflows/...", "worker/..."}, May: never("web/..."),
		},
		{
			Name: "web/view is pure: no gin, no gorm",
			Of:   []string{"web/view/..."}, May: never("github.com/gin-gonic/...", "gorm.io/..."),
		},
		{
			Name: "web starts workflows by name from the contract",
			Of:   []string{"web/..."},
			May:  either(only("workflows/contract/..."), never("workflows/...", "activities/...", "worker/...")),
		},
		{
			Name: "only internal/app, program, cmd and standalone wire",
			Of:   []string{"..."}, But: []string{"internal/app/...", "program", "cmd/...", "standalone/...", "web/...", "worker/..."},
			May: never("internal/app/...", "web", "worker/..."),
		},
		{
			Name: "only cmd and standalone start the wiring",
			Of:   []string{"web/...", "worker/..."}, May: never("internal/app/...", "cmd/...", "standalone/..."),
		},
		{
			Name: "the root module has no Temporal server in it",
			Of:   []string{"..."}, But: []string{"standalone/..."},
			May: never("go.temporal.io/server/...", "github.com/temporalio/ui-server/...", "standalone/..."),
		},
	}
}

func (r Rule) holdsFor(pkg string) bool { return matches(pkg, r.Of) && !matches(pkg, r.But) }

// standard tells the standard library by the missing dot in its first path element.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && !ours(imported)
}

// only allows just these.
func only(patterns ...string) func(string) bool {
	return func(imported string) bool { return matches(imported, patterns) }
}

// never refuses these; the pattern "..." means every package of ours.
func never(patterns ...string) func(string) bool {
	return func(imported string) bool { return !matches(imported, patterns) }
}

func either(a, b func(string) bool) func(string) bool {
	return func(imported string) bool { return a(imported) || b(imported) }
}

func both(a, b func(string) bool) func(string) bool {
	return func(imported string) bool { return a(imported) && b(imported) }
}

// Our packages carry a mark while they are matched, so that "worker" is not mistaken for a package of
// the standard library.
const ourMark = "./"

func ours(path string) bool { return strings.HasPrefix(path, ourMark) }

func mark(importPath string) string {
	if rest, ok := strings.CutPrefix(importPath, module); ok {
		return ourMark + rest
	}
	return importPath
}

func matches(path string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if pattern == "..." {
			return ours(path)
		}
		if first, _, _ := strings.Cut(pattern, "/"); !strings.Contains(first, ".") {
			pattern = ourMark + pattern
		}
		prefix, below := strings.CutSuffix(pattern, "/...")
		return path == prefix || below && strings.HasPrefix(path, prefix+"/")
	})
}
