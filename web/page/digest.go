package page

import (
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// MaxReasons is how many reasons a run's page lists.
const MaxReasons = 12

// noReason stands for the reason of items that failed without a word.
const noReason = "No reason was recorded"

// digest groups the failed items; nil where none failed.
func (d RunData) digest() *view.Digest {
	if len(d.Reasons) == 0 {
		return nil
	}
	failed := max(d.Run.Facts.Counts.Failed, 1)
	g := &view.Digest{Items: failed, More: d.ReasonCount - int64(len(d.Reasons))}
	for _, r := range d.Reasons {
		line := view.Reason{
			Text: reasonText(r.Reason), Items: r.Items, Share: min(100, max(1, r.Items*100/failed)), Key: itemTitle(r.Example),
			Href: links.FailedFor(d.Who.Plane, d.Run.ID, d.From, r.Reason, ""),
		}
		if r.Example.Message != r.Reason {
			line.Example = r.Example.Message
		}
		g.Reasons = append(g.Reasons, line)
	}
	return g
}

func reasonText(reason string) string {
	if reason == "" {
		return noReason
	}
	return reason
}

// ItemReason is the reason for which the items of a run's page failed, where the URL asks for one.
func ItemReason(query map[string][]string) models.ItemFilter {
	asked, ok := query[links.ReasonParam]
	if !ok || len(asked) == 0 {
		return models.ItemFilter{}
	}
	return models.ItemFilter{State: models.ItemFailed, Reason: &asked[0]}
}
