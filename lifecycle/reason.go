package lifecycle

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReason is the length of a reason in characters; of a message only so much is read.
const (
	maxReason  = 160
	maxMessage = 1000
)

// variable matches what tells one item's message from another's that failed alike.
var variable = regexp.MustCompile(strings.Join([]string{
	`(?i:https?://[^\s"'<>` + "`" + `]+)`,
	`[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+`, // whom it is about
	`"[^"]*"`, `“[^”]*”`, `„[^“”]*[“”]`, `«[^»]*»`, "`[^`]*`", `\B'[^']*'\B`,
	`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}(?::\d{2})?(?: (?:GMT|UTC|[+-]\d{4}))?`,
	`\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?`,
	`(?i:\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)`,
	`(?i:\b0x[0-9a-f]+\b)`,
	`\b\w{8,}\b`, // an id perhaps: see token
	`\p{Nd}+(?:[.,:]\p{Nd}+)*`,
}, "|"))

// listed matches numbers that were told one after the other.
var listed = regexp.MustCompile(`#(?:(?:,| and|, and|;)? #)+`)

// Reason is what a failed item's message has in common with those of others that failed alike: numbers read "#", and
// ids, mail addresses, quoted texts and what varies in a URL read "…". HTTP statuses stay. Where there is no message it
// is the code; where there is neither, it is empty. It has at most 160 characters.
func Reason(code, message string) string {
	text := tidy(message)
	if text == "" {
		return clip(tidy(code), maxReason)
	}
	var b strings.Builder
	at := 0
	for _, m := range variable.FindAllStringIndex(text, -1) {
		b.WriteString(text[at:m[0]])
		b.WriteString(common(text[:m[0]], text[m[0]:m[1]], text[m[1]:]))
		at = m[1]
	}
	b.WriteString(text[at:])
	reason := listed.ReplaceAllLiteralString(b.String(), "#")
	if trimmed := strings.TrimRight(reason, " .,;:"); trimmed != "" {
		reason = trimmed
	}
	return clip(reason, maxReason)
}

// tidy makes a foreign text one line of visible characters, cut where nobody reads on.
func tidy(s string) string {
	s = clip(strings.ToValidUTF8(s, "�"), maxMessage)
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

func clip(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// common is what stands for a variable part between two texts.
func common(before, part, after string) string {
	first, size := utf8.DecodeRuneInString(part)
	switch {
	case strings.Contains(part, "://"):
		return address(part)
	case strings.ContainsRune("\"“„«`'", first):
		_, last := utf8.DecodeLastRuneInString(part)
		return part[:size] + "…" + part[len(part)-last:]
	case strings.HasPrefix(strings.ToLower(part), "0x"), len(part) == 36 && strings.Count(part, "-") == 4, strings.Contains(part, "@"):
		return "…"
	case unicode.IsDigit(first) && isStatus(before, part, after):
		return part
	case !strings.ContainsFunc(part, unicode.IsLetter), strings.ContainsAny(part, " :"): // a number or a time
		return "#"
	}
	return token(part)
}

// token tells a word from an id: an id has digits in more than one place, or is all hexadecimal.
func token(s string) string {
	groups, hex, digit := 0, true, false
	for _, r := range s {
		is := unicode.IsDigit(r)
		if is && !digit {
			groups++
		}
		digit = is
		hex = hex && (is || strings.ContainsRune("abcdefABCDEF", r))
	}
	switch {
	case groups == 0:
		return s
	case groups > 1 || hex:
		return "…"
	}
	return numbers(s)
}

// numbers replaces every run of digits.
func numbers(s string) string {
	var b strings.Builder
	digit := false
	for _, r := range s {
		is := unicode.IsDigit(r)
		if !is {
			b.WriteRune(r)
		} else if !digit {
			b.WriteByte('#')
		}
		digit = is
	}
	return b.String()
}

var (
	beforeStatus = []string{"http", "status", "code", "answered", "returned", "response", "replied", "responded", "got", "with"}
	afterStatus  = []string{
		"bad request", "unauthorized", "payment required", "forbidden", "not found", "method not allowed", "not acceptable",
		"request timeout", "conflict", "gone", "precondition", "payload too", "unprocessable", "locked", "too many requests",
		"internal server", "not implemented", "bad gateway", "service unavailable", "gateway timeout",
	}
)

// isStatus reports whether a number is an HTTP status, by the words around it: it tells what went wrong.
func isStatus(before, part, after string) bool {
	if len(part) != 3 || part[0] < '1' || part[0] > '5' || strings.ContainsAny(part, ".,:") {
		return false
	}
	fields := strings.FieldsFunc(strings.ToLower(before), func(r rune) bool { return !unicode.IsLetter(r) })
	near := strings.TrimRight(before, " :=([\"/.0123456789") // HTTP/1.1 500, status=500
	if n := len(fields); n > 0 && strings.HasSuffix(strings.ToLower(near), fields[n-1]) && slices.Contains(beforeStatus, fields[n-1]) {
		return true
	}
	after = strings.ToLower(strings.TrimLeft(after, " :"))
	return slices.ContainsFunc(afterStatus, func(s string) bool { return strings.HasPrefix(after, s) })
}

// address keeps an address's host and the words of its path.
func address(s string) string {
	bare := strings.TrimRight(s, ".,;:!?)]}")
	tail := s[len(bare):]
	scheme, rest, _ := strings.Cut(bare, "://")
	rest, _, query := strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	parts := strings.Split(rest, "/")
	if _, host, ok := strings.Cut(parts[0], "@"); ok { // never repeat who signs in
		parts[0] = host
	}
	parts[0] = strings.ReplaceAll(numbers(parts[0]), "#.#.#.#", "#")
	for i, p := range parts[1:] {
		if strings.ContainsFunc(p, unicode.IsDigit) || utf8.RuneCountInString(p) > 24 {
			parts[i+1] = "…"
		}
	}
	out := strings.ToLower(scheme) + "://" + strings.Join(parts, "/")
	if query {
		out += "?…"
	}
	return out + tail
}
