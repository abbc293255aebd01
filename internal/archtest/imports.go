package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// violation is one import that a rule refuses.
type violation struct {
	file, imported, rule string
}

func (v violation) String() string {
	return fmt.Sprintf("%s imports %s, but %s", v.file, strings.TrimPrefix(v.imported, ourMark), v.rule)
}

// check reads the imports of every Go file in the tree, tests and test data apart. It reads sources
// instead of asking the go command, so that files for other systems are checked too.
func check(tree fs.FS, rules []Rule) (found []violation, files int, err error) {
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || name == "tools") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		violations, err := checkFile(tree, name, rules)
		found = append(found, violations...)
		return err
	})
	return found, files, err
}

func checkFile(tree fs.FS, name string, rules []Rule) ([]violation, error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("read the imports of %s: %w", name, err)
	}
	var found []violation
	for _, spec := range parsed.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("read the imports of %s: %w", name, err)
		}
		for _, rule := range rules {
			if rule.holdsFor(ourMark+path.Dir(name)) && !rule.May(mark(importPath)) {
				found = append(found, violation{file: name, imported: mark(importPath), rule: rule.Name})
			}
		}
	}
	return found, nil
}
