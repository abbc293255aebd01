package table

import (
	"strings"
	"unicode/utf8"
)

// Inert keeps a spreadsheet from taking somebody's text for a formula: a quote before it makes it text. Some programs skip
// white space before a formula's sign, or know the sign in its full width.
func Inert(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + s
	}
	return s
}
