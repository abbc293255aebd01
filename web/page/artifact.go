package page

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// maxInline is the largest result, in bytes, that a page reads to show its first lines.
const maxInline = 4 << 20

// maxLines is how many lines of each part of a result a page shows.
const maxLines = 12

// Inline reports whether a run's page needs the body of a result: the difference between two inventories is
// shown in place.
func Inline(a models.Artifact) bool { return a.Name == diffName && a.Size <= maxInline }

// diffName is the artifact that inventory.sync makes.
const diffName = "diff.json"

// results are what the run made. They are the workspace's own and not shown on the system plane.
func (d RunData) results(t lifecycle.Truth) *view.Results {
	if d.Who.Plane == links.System {
		return nil
	}
	return &view.Results{List: d.artifacts(), Empty: noArtifacts(t)}
}

func noArtifacts(t lifecycle.Truth) view.Empty {
	if t.Facts().Status.Active() {
		return view.Empty{Icon: "package", Title: "No results yet", Text: "Results appear when the run has done its work."}
	}
	return view.Empty{Icon: "package", Title: "No results", Text: "This run left none."}
}

func (d RunData) artifacts() []view.Artifact {
	var list []view.Artifact
	for _, a := range d.Artifacts {
		v := view.Artifact{
			Icon: "file-text", Title: a.Name, Verb: "Download", Href: links.Artifact(d.Who.Plane, d.Run.ID, a.Name),
			Facts: []view.Fact{{Label: "Size", Value: size(a.Size)}, {Label: "Made", When: view.At(a.CreatedAt, d.Now)}},
		}
		if diff, ok := readDiff(a); ok {
			v.Icon, v.Title, v.Summary, v.Groups = "file-diff", "Changes since the last snapshot", diff.summary(), diff.groups()
		}
		list = append(list, v)
	}
	return list
}

func size(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " bytes"
	case n < 1000*1000:
		return strconv.FormatFloat(float64(n)/1000, 'f', 1, 64) + " kB"
	}
	return strconv.FormatFloat(float64(n)/1000/1000, 'f', 1, 64) + " MB"
}

// diff is what differs between two snapshots of a tenant's configuration objects.
type diff struct {
	First                   bool `json:"first"` // there was no earlier snapshot
	Added, Changed, Removed []object
}

type object struct {
	Collection string   `json:"collection"`
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Fields     []string `json:"fields"` // of a changed one
}

func readDiff(a models.Artifact) (diff, bool) {
	var d diff
	if !Inline(a) || len(a.Body) == 0 || json.Unmarshal(a.Body, &d) != nil {
		return diff{}, false
	}
	return d, true
}

func (d diff) summary() string {
	switch {
	case d.First:
		return "The first snapshot: there is none before it to compare with."
	case len(d.Added)+len(d.Changed)+len(d.Removed) == 0:
		return "Nothing has changed."
	}
	return join(
		view.Count(int64(len(d.Added)))+" added", view.Count(int64(len(d.Changed)))+" changed", view.Count(int64(len(d.Removed)))+" removed",
	)
}

func (d diff) groups() []view.ArtifactGroup {
	if d.First {
		return nil
	}
	group := func(label string, objects []object, tone view.Tone) view.ArtifactGroup {
		g := view.ArtifactGroup{Label: label, Count: int64(len(objects)), Tone: tone, Open: len(objects) > 0}
		for _, o := range objects[:min(len(objects), maxLines)] {
			g.Lines = append(g.Lines, o.line())
		}
		return g
	}
	return []view.ArtifactGroup{
		group("Added", d.Added, lifecycle.ToneGood),
		group("Changed", d.Changed, lifecycle.ToneWarn),
		group("Removed", d.Removed, lifecycle.ToneBad),
	}
}

func (o object) line() string {
	name := o.Name
	if name == "" {
		name = o.ID
	}
	s := name
	if o.Collection != "" {
		s = o.Collection + " / " + name
	}
	if len(o.Fields) > 0 {
		s += ": " + strings.Join(o.Fields, ", ")
	}
	return s
}
