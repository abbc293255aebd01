package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// initials makes the one or two letters of an avatar from a name or an e-mail address.
func initials(name string) string {
	name, _, _ = strings.Cut(name, "@")
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	var out strings.Builder
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		out.WriteRune(unicode.ToUpper(r))
	}
	return out.String()
}
