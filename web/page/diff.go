package page

import (
	"encoding/json"
	"strings"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation/inventory"
	"github.com/opstruth/opstruth/web/view"
)

// maxLines is how many lines of each part of a result a page shows.
const maxLines = 12

// readDiff is the difference between two inventories, where the artifact is one that can be read.
func readDiff(a models.Artifact) (inventory.Diff, bool) {
	var d inventory.Diff
	if !Inline(a) || len(a.Body) == 0 || json.Unmarshal(a.Body, &d) != nil {
		return inventory.Diff{}, false
	}
	return d, true
}

func diffSummary(d inventory.Diff) string {
	read := view.Count(d.Objects) + " objects read"
	count := func(n int, what string) string { return view.Count(int64(n)) + " " + what }
	switch {
	case d.First:
		return join(read, "the first reading: there is nothing to compare it with")
	case len(d.Added)+len(d.Changed)+len(d.Removed) == 0:
		return join(read, "nothing has changed since the last complete reading")
	}
	return join(read, count(len(d.Added), "added"), count(len(d.Changed), "changed"), count(len(d.Removed), "removed"))
}

func diffGroups(d inventory.Diff) []view.ArtifactGroup {
	var groups []view.ArtifactGroup
	if len(d.Missing) > 0 {
		missing := view.ArtifactGroup{Label: "Not read", Count: int64(len(d.Missing)), Tone: lifecycle.ToneWarn, Open: true}
		for _, m := range d.Missing[:min(len(d.Missing), maxLines)] {
			missing.Lines = append(missing.Lines, m.Collection+": "+m.Reason)
		}
		groups = append(groups, missing)
	}
	if d.First {
		return groups
	}
	group := func(label string, objects []inventory.Object, tone view.Tone) {
		g := view.ArtifactGroup{Label: label, Count: int64(len(objects)), Tone: tone, Open: len(objects) > 0}
		for _, o := range objects[:min(len(objects), maxLines)] {
			g.Lines = append(g.Lines, objectLine(o))
		}
		groups = append(groups, g)
	}
	group("Added", d.Added, lifecycle.ToneGood)
	group("Changed", d.Changed, lifecycle.ToneWarn)
	group("Removed", d.Removed, lifecycle.ToneBad)
	return groups
}

func objectLine(o inventory.Object) string {
	name := o.Name
	if name == "" {
		name = o.ID
	}
	line := o.Collection + " / " + name
	if len(o.Fields) > 0 {
		line += ": " + strings.Join(o.Fields, ", ")
	}
	return line
}
