package page

import (
	"strconv"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation/inventory"
	"github.com/opstruth/opstruth/web/view"
)

// maxInline is the largest result, in bytes, that a page reads to show its first lines.
const maxInline = 4 << 20

// Inline reports whether a run's page needs the body of a result: the difference between two inventories is
// shown in place.
func Inline(a models.Artifact) bool { return a.Name == inventory.DiffName && a.Size <= maxInline }

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
			v.Icon, v.Title, v.Summary, v.Groups = "file-diff", "What has changed", diffSummary(diff), diffGroups(diff)
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
