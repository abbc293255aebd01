package models

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// shortWord is how many letters the indexes hold together. What has fewer is looked for at the beginnings of words.
const shortWord = 3

// What sets apart the words that a run is looked for in. Folded texts have none of it.
const (
	aroundType = "\f"
	endOfLine  = "\n"
	beforeHead = "\t\t"
	afterHead  = "\t"
)

// fold is a text as it is compared: letters of either case, with accents or without, and other ways to write the same
// character are told alike, and so are spaces.
func fold(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u0300' && r <= '\u036f': // an accent, which NFKD has taken off its letter
			return -1
		case r == 'ı': // Turkish has I, ı and İ, i
			return 'i'
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		}
		return r
	}, cases.Fold().String(norm.NFKD.String(text)))
	return norm.NFC.String(strings.Join(strings.Fields(text), " "))
}

// wordsOf is what a run is looked for in: its type, target and id, and then how their words begin.
func wordsOf(typ, target, id string) string {
	typ, target = fold(typ), fold(target)
	heads := ""
	for _, text := range []string{typ, target} {
		for i, r := range text {
			if before, _ := utf8.DecodeLastRuneInString(text[:i]); !begins(before, r) {
				continue
			}
			head := []rune(text[i:min(len(text), i+(shortWord-1)*utf8.UTFMax)])
			head = head[:min(len(head), shortWord-1)]
			if word := beforeHead + strings.TrimSpace(string(head)) + afterHead; !strings.Contains(heads, word) {
				heads += word
			}
		}
	}
	return aroundType + typ + aroundType + target + endOfLine + fold(id) + endOfLine + heads
}

// begins reports whether a word begins with r. In a script without spaces each sign is one.
func begins(before, r rune) bool {
	partOfWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }
	switch {
	case r == ' ':
		return false
	case before == utf8.RuneError || before == ' ':
		return true
	}
	return partOfWord(r) && !partOfWord(before) || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// FillWords makes the words of runs that were made without them, by an older version, the newest first. It returns how
// many there were. What it has not come to yet is not found by text.
func (s *Store) FillWords(ctx context.Context) (int, error) {
	const chunk = 500
	for total := 0; ; {
		type row struct{ ID, Type, Target string }
		rows, err := many[row](ctx, s, "runs without words", fmt.Sprintf(`SELECT r.id, r.type, r.target FROM run_words w
			JOIN operation_runs r ON r.id = w.run_id WHERE w.text = '' ORDER BY w.run_id DESC LIMIT %d`, chunk))
		if err != nil || len(rows) == 0 {
			return total, err
		}
		places := strings.TrimSuffix(strings.Repeat("(?, ?), ", len(rows)), ", ")
		args := make([]any, 0, 2*len(rows))
		for _, r := range rows {
			args = append(args, r.ID, wordsOf(r.Type, r.Target, r.ID))
		}
		if _, err := s.exec(ctx, `UPDATE run_words SET text = v.column2 FROM (VALUES `+places+`) v
			WHERE run_words.run_id = v.column1 AND run_words.text = ''`, args...); err != nil {
			return total, fmt.Errorf("write the words of runs: %w", err)
		}
		total += len(rows)
	}
}
