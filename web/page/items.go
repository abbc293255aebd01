package page

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/web/view"
)

// allItems asks for every item in the URL.
const allItems = "all"

// ItemTab is the state of the items to load for a run's page: what the URL asks for, else the failed ones
// where there are any. Empty means all.
func ItemTab(r models.Run, asked string) models.ItemState {
	state := models.ItemState(asked)
	switch {
	case asked == allItems:
		return ""
	case slices.Contains([]models.ItemState{models.ItemFailed, models.ItemSucceeded, models.ItemSkipped}, state):
		return state
	case r.Facts.Counts.Failed > 0:
		return models.ItemFailed
	}
	return ""
}

var itemBadges = map[models.ItemState]view.Badge{
	models.ItemSucceeded: lifecycle.Succeeded.Badge(),
	models.ItemFailed:    lifecycle.Failed.Badge(),
	models.ItemSkipped:   lifecycle.SkippedItem(),
}

func (d RunData) items() view.Items {
	c := d.Run.Facts.Counts
	list := view.Items{
		Empty: d.noItems(),
		Pager: view.Pager{Shown: len(d.Items), Noun: "items"},
	}
	tab := func(state models.ItemState, label string, n int64) {
		if n == 0 && state != "" && state != d.ItemState {
			return
		}
		list.Tabs = append(list.Tabs, view.Tab{
			Label: label, Href: d.itemsHref(state, ""), Count: &n, Tone: itemBadges[state].Tone, Current: state == d.ItemState,
		})
	}
	if c.Processed > 0 {
		tab(models.ItemFailed, itemBadges[models.ItemFailed].Label, c.Failed)
		tab(models.ItemSkipped, itemBadges[models.ItemSkipped].Label, c.Skipped)
		tab(models.ItemSucceeded, itemBadges[models.ItemSucceeded].Label, c.Succeeded)
		tab("", "All", c.Processed)
	}
	if d.ItemReason != nil {
		list.Only = &view.Chip{Label: "Reason: " + reasonText(*d.ItemReason), RemoveHref: d.itemsHref(models.ItemFailed, "")}
	}
	for _, i := range d.Items {
		list.Rows = append(list.Rows, view.Item{
			Key: i.Key, Title: itemTitle(i), Badge: itemBadges[i.State], Detail: itemDetail(i), When: view.At(i.At, d.Now),
		})
	}
	if d.ItemsAfter != "" {
		list.Pager.FirstHref = d.moreItems("")
	}
	if d.ItemsNext != "" {
		list.Pager.NextHref = d.moreItems(d.ItemsNext)
	}
	return list
}

// moreItems is another page of the same items.
func (d RunData) moreItems(cursor string) string {
	if d.ItemReason != nil {
		return links.FailedFor(d.Who.Plane, d.Run.ID, d.From, *d.ItemReason, cursor)
	}
	return d.itemsHref(d.ItemState, cursor)
}

func (d RunData) itemsHref(state models.ItemState, cursor string) string {
	asked := string(state)
	if state == "" {
		asked = allItems
	}
	return links.Items(d.Who.Plane, d.Run.ID, d.From, asked, cursor)
}

func (d RunData) noItems() view.Empty {
	e := view.Empty{Icon: "list-details", Title: "No items yet", Text: "Each item appears here when it is done."}
	switch {
	case d.ItemState != "":
		e.Title, e.Text = "No items here", "Choose another result above."
	case !d.Run.Facts.Status.Active():
		e.Title, e.Text = "No items", "This run ended before it recorded one."
	}
	return e
}

// itemTitle is the name that an item gives itself, or its key.
func itemTitle(i models.Item) string {
	var named struct{ Title, Name string }
	if json.Unmarshal(i.Detail, &named) == nil {
		if s := strings.TrimSpace(named.Title + named.Name); s != "" && (named.Title == "" || named.Name == "") {
			return s
		}
		if named.Title != "" {
			return named.Title
		}
	}
	return i.Key
}

func itemDetail(i models.Item) string {
	if i.Message == "" {
		return i.Code
	}
	return i.Message
}
