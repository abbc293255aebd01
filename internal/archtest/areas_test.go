package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A renamed test or package must not silently leave its area.
func TestEveryAreaHasTests(t *testing.T) {
	t.Parallel()

	content, err := os.ReadFile("../../scripts/areas")
	require.NoError(t, err)
	areas := map[string]int{}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		require.GreaterOrEqual(t, len(fields), 3, line)
		pattern, err := regexp.Compile(fields[1])
		require.NoError(t, err, line)
		found := 0
		for _, pkg := range fields[2:] {
			dir := filepath.Join("../..", strings.TrimSuffix(pkg, "/..."))
			require.DirExists(t, dir, line)
			for _, name := range testsBelow(t, dir) {
				if pattern.MatchString(name) {
					found++
				}
			}
		}
		require.Positive(t, found, "no test matches %q", strings.TrimSpace(line))
		areas[fields[0]] += found
	}
	for _, area := range []string{"surfaces", "live", "decision", "notify", "authz", "reconcile", "api"} {
		require.Positive(t, areas[area], area)
	}
}

func testsBelow(t *testing.T, dir string) []string {
	t.Helper()

	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
		return nil
	})
	require.NoError(t, err)
	return names
}
