package page

import (
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// kpis are the numbers of a place, the two classes that need a person first and apart.
func kpis(p links.Plane, base links.List, s models.Summary) []view.KPI {
	numbers := make([]view.KPI, 0, 4)
	for _, b := range []bucket{likelyStuck, followUps, activeRuns, succeededToday} {
		numbers = append(numbers, view.KPI{
			Label: b.badge.Label, Count: b.count(s), Href: b.view(p, base, s), Tone: b.badge.Tone, Icon: b.badge.Icon,
		})
	}
	if s.LikelyStuck > 0 {
		numbers[0].Note = "of " + view.Count(s.Active) + " active"
	}
	numbers[1].Note = "in the last 7 days"
	if older := older(p, base, s); older.Href != "" {
		numbers[1].Note, numbers[1].NoteHref = older.Label, older.Href
	}
	if s.Queued > 0 {
		numbers[2].Note, numbers[2].NoteHref = view.Count(s.Queued)+" of them queued", queuedRuns.counted(p, base, s)
	}
	return numbers
}

// older is the way to the follow-ups that are kept apart, so that the bucket stays readable.
func older(p links.Plane, base links.List, s models.Summary) view.Link {
	if s.FollowUpOlder == 0 {
		return view.Link{}
	}
	return view.Link{Label: olderLabel(s), Href: olderFollowUps.counted(p, base, s)}
}

// olderLabel counts them. Beside the number of recent ones it says that they are not among those.
func olderLabel(s models.Summary) string {
	if s.FollowUpRecent == 0 {
		return view.Count(s.FollowUpOlder) + " older than 7 days"
	}
	return view.Count(s.FollowUpOlder) + " more, older than 7 days"
}
