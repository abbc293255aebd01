package lifecycle

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Span is a duration as people say it, in its one largest unit: "12 s", "5 min",
// "3 h", "2 days". A negative one counts as zero.
func Span(d time.Duration) string {
	unit := func(n time.Duration, name string) string { return strconv.FormatInt(int64(d/n), 10) + " " + name }
	switch {
	case d < time.Second:
		return "0 s"
	case d < 2*time.Minute:
		return unit(time.Second, "s")
	case d < 2*time.Hour:
		return unit(time.Minute, "min")
	case d < 48*time.Hour:
		return unit(time.Hour, "h")
	}
	return unit(24*time.Hour, "days")
}

// Ago is how long ago something was: "just now" below a second, else "12 s ago".
func Ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return Span(d) + " ago"
}

// Clock is a time of day in UTC, "15:04 UTC". The zero time is told as unknown.
func Clock(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format("15:04 UTC")
}

// at is a moment near the truth's now: its time of day, with the date where the
// time of day alone would be taken for another day's.
func (t Truth) at(moment time.Time) string {
	if d := t.now.Sub(moment); moment.IsZero() || (d < 20*time.Hour && d > -20*time.Hour) {
		return Clock(moment)
	}
	return moment.UTC().Format("2 Jan 15:04 UTC")
}

// atSecond is a moment that people wait for, which a minute does not tell. One that is far off is told as any other.
func (t Truth) atSecond(moment time.Time) string {
	if d := t.now.Sub(moment); moment.IsZero() || d >= time.Hour || d <= -time.Hour {
		return t.at(moment)
	}
	return moment.UTC().Format("15:04:05 UTC")
}

// ago is how long before the truth's now a moment was.
func (t Truth) ago(moment time.Time) string { return Ago(t.now.Sub(moment)) }

// brief keeps a foreign text within a number of words, so that no message or
// name can push the next step out of sight.
func brief(s string, words int) string {
	const perWord = 40
	fields := fields(s)
	cut := len(fields) > words
	if cut {
		fields = fields[:words]
	}
	for i, w := range fields {
		if utf8.RuneCountInString(w) > perWord {
			fields[i] = string([]rune(w)[:perWord-1]) + "…"
		}
	}
	out := strings.TrimRight(strings.Join(fields, " "), ".,;:!")
	if cut {
		out = strings.TrimSuffix(out, "…") + "…"
	}
	return out
}

// ended ends a line with a stop, where the text that it quotes was not cut.
func ended(line string) string {
	if strings.HasSuffix(line, "…") {
		return line
	}
	return line + "."
}

// thin parts the thousands of a number, and no words: lines do not break at it.
const thin = '\u202f'

// fields are the words of a text; a number is one.
func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) && r != thin })
}

func words(s string) int { return len(fields(s)) }

// Number groups digits in threes, as every number that people read is shown: "12 480" with a narrow space that no line
// breaks at.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + string(thin) + digits[i:]
	}
	return sign + digits
}

// items is a number of items in words.
func items(n int64) string {
	if n == 1 {
		return "1 item"
	}
	return Number(n) + " items"
}

// queueName is a task queue within a sentence, quoted so that its name is not read as words of ours.
func queueName(queue string) string {
	if name := brief(queue, 1); name != "" {
		return "queue “" + name + "”"
	}
	return "its queue"
}

// shortID is enough of a run's id to tell it from its neighbours: the end, since
// ids begin with the time.
func shortID(id string) string {
	if r := []rune(id); len(r) > 8 {
		return "…" + string(r[len(r)-8:])
	}
	return id
}
