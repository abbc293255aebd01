package page

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// join puts the parts that say something into one line.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// lower makes a label go on within a sentence.
func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s // an abbreviation
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// complaint makes what is wrong with a field a sentence: "must be a number" is "This must be a number."
func complaint(s string) string {
	if r, _ := utf8.DecodeRuneInString(s); s != "" && unicode.IsLower(r) {
		s = "This " + s
	}
	return sentence(s)
}

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(r)) + s[n:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}
