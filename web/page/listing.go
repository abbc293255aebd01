package page

import (
	"slices"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/find"
	"github.com/opstruth/opstruth/web/view"
)

// Listing is what every list of runs is made of besides its rows.
type Listing struct {
	Frame
	models.Around            // its tenants are those of List.Workspace
	List          links.List // the filter in the URL
}

// shell frames a page that has its own search.
func (d Listing) shell(title string, section section, active bool) view.Shell {
	s := d.Frame.shell(title, section, active)
	s.Search = nil
	return s
}

// narrowed reports whether the filter in the URL asks for less than all that the reader may see.
func (d Listing) narrowed() bool {
	l := d.List
	l.AsOf = time.Time{}
	return len(l.Values()) > 0
}

// part is the runs of the list that a filter of them narrows to, as an address: groups and buckets are such parts.
func (d Listing) part(narrow func(base models.Filter) models.Filter, now time.Time) links.List {
	base := find.In(models.Workspace{}, models.Tenant{}, d.List, now)
	return find.List(narrow(base), d.List.Workspace, d.List.Tenant)
}

// bucket is a bucket's part of the list, at a clock reading.
func (d Listing) bucket(b models.Bucket, now time.Time) links.List {
	return d.part(func(base models.Filter) models.Filter { return b.Filter(base, now) }, now)
}

// form is the controls that narrow a list further.
type form struct {
	Listing
	shown []models.Run            // in view
	at    func(links.List) string // the list's address
}

func (d Listing) form(shown []models.Run, at func(links.List) string) form {
	return form{Listing: d, shown: shown, at: at}
}

// inForce counts the fields that narrow the list.
func inForce(fields []view.Field) (n int) {
	for _, f := range fields {
		if f.Value != "" {
			n++
		}
	}
	return n
}

// bar holds fields in view and others behind a button. Of those none is sent before all are chosen. What no field asks
// for stays in force.
func (d form) bar(fields, more []view.Field) view.FilterBar {
	for i := range more {
		more[i].SubmitOnChange = false
	}
	bar := view.FilterBar{
		Href:   d.at(links.List{}),
		Search: searchField(d.List.Text),
		Fields: fields, More: more, Active: d.chips(),
	}
	asked := map[string]bool{"q": true, "as_of": true}
	for _, f := range slices.Concat(fields, more) {
		asked[f.Name] = true
	}
	bar.Unfold, bar.MoreAsked = inForce(fields) > 0, inForce(more)
	for name, values := range d.List.Values() {
		if !asked[name] {
			bar.Hidden = append(bar.Hidden, view.Pair{Name: name, Value: values[0]})
		}
	}
	slices.SortFunc(bar.Hidden, func(a, b view.Pair) int { return strings.Compare(a.Name, b.Name) })
	if len(bar.Active) > 1 {
		bar.ResetHref = bar.Href
	}
	return bar
}
