package models

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// A run is found by what people see of it: each word of a text has to occur in its type's name or title, its target or
// its id. What is looked in was folded when the run was made, see words.go, so that every database tells the same.

const (
	maxWords = 8    // of a text; what is behind them counts as one
	fewRuns  = 2000 // that have a text: they are looked up
)

// WithTitles is the same store, whose search knows what people call the operation types: titles by name.
func (s *Store) WithTitles(titles map[string]string) *Store {
	other := *s
	other.titles = map[string]string{}
	for name, title := range titles {
		other.titles[name] = fold(title)
	}
	return &other
}

// seek is what a text asks for: for each of its words the parts of which a run has to have one. The dots that stand for
// what a page leaves out ask for nothing.
func (s *Store) seek(text string) [][]string {
	var words [][]string
	for _, word := range strings.SplitN(fold(text), " ", maxWords) {
		word = strings.TrimSuffix(strings.TrimPrefix(word, "..."), "...") // folded from "…"
		if word == "" {
			continue
		}
		parts, inTitle := []string{word}, word
		if utf8.RuneCountInString(word) < shortWord {
			parts[0], inTitle = beforeHead+word, " "+word
		}
		for _, name := range slices.Sorted(maps.Keys(s.titles)) {
			if strings.Contains(" "+s.titles[name], inTitle) {
				parts = append(parts, aroundType+fold(name)+aroundType)
			}
		}
		words = append(words, parts)
	}
	return words
}

// textSQL is true where a run has all words of a text, and empty where the text has none.
func (s *Store) textSQL(ctx context.Context, text string) (string, []any, error) {
	words := s.seek(text)
	if len(words) == 0 {
		return "", nil, nil
	}
	if s.d.Match == nil {
		condition, args := likeSQL(words, s.d.Literal)
		return `r.id IN (SELECT x.run_id FROM run_words x WHERE ` + condition + `)`, args, nil
	}
	// What does not plan by how many runs have a text is told: to look up all of few, and else each run of the list.
	match := s.d.Match(words)
	n, err := one[int64](ctx, s, "number of runs that have a text", fmt.Sprintf(
		`SELECT COUNT(*) FROM (SELECT 1 FROM run_words_text WHERE run_words_text MATCH ? LIMIT %d)`, fewRuns+1), match)
	if err != nil {
		return "", nil, err
	}
	if n <= fewRuns {
		return `r.id IN (SELECT x.run_id FROM run_words x WHERE x.id IN
			(SELECT rowid FROM run_words_text WHERE run_words_text MATCH ?))`, []any{match}, nil
	}
	condition, args := likeSQL(words, nil)
	return `EXISTS (SELECT 1 FROM run_words x WHERE x.run_id = r.id AND ` + condition + `)`, args, nil
}

// likeSQL looks for the words in run_words x. Where a literal is known the parts stand in the text, as the plan for a
// text that every run has is wrong for one that few have.
func likeSQL(words [][]string, literal func(string) string) (string, []any) {
	var all []string
	var args []any
	for _, parts := range words {
		var any []string
		for _, part := range parts {
			pattern, place := "%"+escapeLike(part)+"%", "?"
			if literal != nil {
				place = literal(pattern)
			} else {
				args = append(args, pattern)
			}
			any = append(any, `x.text LIKE `+place+` ESCAPE '!'`)
		}
		all = append(all, "("+strings.Join(any, " OR ")+")")
	}
	return strings.Join(all, " AND "), args
}

func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}
