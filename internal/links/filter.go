package links

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// List is a filter of runs as a URL carries it. Its zero value asks for all that the reader may see.
type List struct {
	Workspace, Tenant string // slugs; a tenant needs its workspace
	Type              string
	Status            lifecycle.Status
	Outcome           lifecycle.Outcome
	Freshness         lifecycle.Freshness
	Class             lifecycle.ProblemClass
	Cause             lifecycle.Cause // of a silence or a close; lifecycle.CauseNotKnown: none is known
	Queue             string          // task queue
	Failure           string          // a models.FailureKey
	Active            *bool
	Open              *bool
	Lineage           *bool
	Initiator         string // user id
	Text              string
	From, To          time.Time     // queued in [From, To)
	Within            time.Duration // queued no longer ago than this, whenever it is asked
	EndedWithin       time.Duration // likewise ended
	EndedFrom         time.Time     // ended in [EndedFrom, EndedTo)
	EndedTo           time.Time
	AsOf              time.Time // the clock reading of the count that led here
	Entry             Entry     // what led to a run's page, where that was no list
}

// BadParam is a parameter whose value means nothing.
type BadParam struct{ Name, Value, Want string }

func (e *BadParam) Error() string {
	return fmt.Sprintf("read %s %q: want %s", e.Name, e.Value, e.Want)
}

// OfStuck is the part of a filter that narrows what is likely stuck: which runs are is not the filter's to say.
func (l List) OfStuck() List {
	l.Class, l.Status, l.Outcome, l.Freshness, l.Failure, l.Entry = "", "", "", "", "", ""
	l.Active, l.Open = nil, nil
	l.EndedFrom, l.EndedTo, l.EndedWithin = time.Time{}, time.Time{}, 0
	return l
}

// OfFailures is the part of a filter that narrows what ended and needs follow-up.
func (l List) OfFailures() List {
	l.Class, l.Status, l.Freshness, l.Entry = "", "", "", ""
	l.Active, l.Open = nil, nil
	return l
}

// Values is the filter as URL parameters.
func (l List) Values() url.Values {
	v := url.Values{}
	set(v, "workspace", l.Workspace)
	set(v, "tenant", l.Tenant)
	set(v, "type", l.Type)
	set(v, "status", string(l.Status))
	set(v, "outcome", string(l.Outcome))
	set(v, "freshness", string(l.Freshness))
	set(v, "problem_class", string(l.Class))
	set(v, "cause", string(l.Cause))
	set(v, "queue", l.Queue)
	set(v, "failure", l.Failure)
	setBool(v, "active", l.Active)
	setBool(v, "open", l.Open)
	setBool(v, "stale_lineage", l.Lineage)
	set(v, "initiator", l.Initiator)
	set(v, "q", l.Text)
	setTime(v, "from", l.From)
	setTime(v, "to", l.To)
	set(v, "within", Span(l.Within))
	set(v, "ended_within", Span(l.EndedWithin))
	setTime(v, "ended_from", l.EndedFrom)
	setTime(v, "ended_to", l.EndedTo)
	setTime(v, "as_of", l.AsOf)
	set(v, "entry", string(l.Entry))
	return v
}

// Parse reads a filter back. Parameters it does not know are ignored; a wrong value is a *BadParam.
func Parse(v url.Values) (List, error) {
	p := parser{v: v}
	l := List{
		Workspace: v.Get("workspace"),
		Tenant:    v.Get("tenant"),
		Type:      v.Get("type"),
		Status:    oneOf(&p, "status", lifecycle.Statuses()),
		Outcome:   oneOf(&p, "outcome", lifecycle.Outcomes()),
		Freshness: oneOf(&p, "freshness", lifecycle.Freshnesses()),
		Class:     oneOf(&p, "problem_class", lifecycle.ProblemClasses()),
		Cause:     oneOf(&p, "cause", lifecycle.FilterCauses()),
		Queue:     v.Get("queue"),
		Failure:   v.Get("failure"),
		Active:    p.bool("active"),
		Open:      p.bool("open"),
		Lineage:   p.bool("stale_lineage"),
		Initiator: v.Get("initiator"),
		Text:      strings.TrimSpace(v.Get("q")),
		From:      p.time("from"),
		To:        p.time("to"),
		Within:    p.span("within"), EndedWithin: p.span("ended_within"),
		EndedFrom: p.time("ended_from"),
		EndedTo:   p.time("ended_to"),
		AsOf:      p.time("as_of"),
		Entry:     oneOf(&p, "entry", []Entry{FromNotifications}),
	}
	if l.Tenant != "" && l.Workspace == "" {
		p.fail("tenant", l.Tenant, "its workspace beside it")
	}
	return l, p.err
}

type parser struct {
	v   url.Values
	err error
}

func (p *parser) fail(name, value, want string) {
	if p.err == nil {
		p.err = &BadParam{Name: name, Value: value, Want: want}
	}
}

func (p *parser) bool(name string) *bool {
	s := p.v.Get(name)
	if s == "" {
		return nil
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		p.fail(name, s, "true or false")
		return nil
	}
	return &b
}

func (p *parser) time(name string) time.Time {
	s := p.v.Get(name)
	if s == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04"} { // the last two as forms send them
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	p.fail(name, s, "a time like 2006-01-02T15:04:05Z")
	return time.Time{}
}

const hoursOfDay = 24

// span reads whole hours or days, such as 24h or 7d.
func (p *parser) span(name string) time.Duration {
	s := p.v.Get(name)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	unit := map[byte]time.Duration{'h': time.Hour, 'd': hoursOfDay * time.Hour}[s[len(s)-1]]
	if err != nil || n < 1 || n > 10_000 || unit == 0 {
		p.fail(name, s, "a number of hours or days like 24h or 7d")
		return 0
	}
	return time.Duration(n) * unit
}

func oneOf[T ~string](p *parser, name string, allowed []T) T {
	s := T(p.v.Get(name))
	if s != "" && !slices.Contains(allowed, s) {
		p.fail(name, string(s), fmt.Sprintf("one of %v", allowed))
		return ""
	}
	return s
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func setBool(v url.Values, name string, b *bool) {
	if b != nil {
		v.Set(name, strconv.FormatBool(*b))
	}
}

// Span is a length of time as URLs carry it, and nothing for none.
func Span(d time.Duration) string {
	const day = hoursOfDay * time.Hour
	switch {
	case d <= 0:
		return ""
	case d%day == 0 && d > day:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
}

func setTime(v url.Values, name string, t time.Time) {
	if !t.IsZero() {
		v.Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}
