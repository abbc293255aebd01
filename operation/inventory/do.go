package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/odata"
)

// endlessError says that a collection's pages have no end that can be found.
type endlessError struct{ why string }

func (e *endlessError) Error() string { return "its paging does not end: " + e.why }

// do reads some pages of one collection.
func (s *syncer) do(ctx context.Context, run *operation.Run[Input], cursor string) (operation.Next, error) {
	var at place
	if err := json.Unmarshal([]byte(cursor), &at); err != nil {
		return operation.Next{}, operation.Permanent(fmt.Errorf("read the cursor %q: %w", cursor, err))
	}
	inv, err := s.store.Inventory(ctx, run.ID)
	if err != nil {
		return operation.Next{}, err
	}
	if at.Collection >= len(inv.Collections) {
		return operation.Done(), nil
	}
	name := inv.Collections[at.Collection].Name

	more, err := s.pages(ctx, run, name, &at)
	var wait *longWait
	switch {
	case errors.As(err, &wait):
		return operation.WaitFor(at.cursor(), wait.d, wait.reason), nil
	case ofCollection(err):
		if err := s.giveUp(ctx, run, name, at, err); err != nil {
			return operation.Next{}, err
		}
	case err != nil:
		return operation.Next{}, midway(err)
	case more:
		return operation.More(at.cursor()), nil
	default:
		run.Record(operation.Item{Key: name, State: operation.ItemSucceeded, Detail: at.detail()})
	}
	return operation.More(at.following().cursor()), nil
}

// reader reads one collection for one run.
type reader struct {
	*syncer
	run    *operation.Run[Input]
	client *odata.Client
	name   string
}

// pages reads on from a place. It reports whether the collection has more.
func (s *syncer) pages(ctx context.Context, run *operation.Run[Input], name string, at *place) (more bool, err error) {
	client, _, err := s.client(ctx, run)
	if err != nil {
		return false, err
	}
	r := &reader{s, run, client, name}
	for range s.limits.pagesPerChunk {
		if more, err = r.page(ctx, at); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// page reads and stores the page at a place, and moves the place on.
func (r *reader) page(ctx context.Context, at *place) (more bool, err error) {
	page, err := r.next(ctx, at)
	if err != nil {
		return false, err
	}
	objects, err := convert(page.Objects)
	if err != nil {
		return false, err
	}
	at.Pages, at.Objects, at.Tries = at.Pages+1, at.Objects+int64(len(objects)), tries{}
	read := models.InventoryCollection{Name: r.name, Pages: at.Pages, Complete: page.Next == ""}
	if !read.Complete {
		read.Problem = fmt.Sprintf("page %d and what follows were not read", at.Pages+1)
	}
	if err := r.store.SaveInventoryPage(ctx, r.run.ID, read, objects); err != nil {
		return false, err
	}
	switch {
	case read.Complete:
		return false, nil
	case at.repeats(page.Next):
		return false, &endlessError{fmt.Sprintf("page %d leads back to an earlier page", at.Pages)}
	case at.Pages >= r.limits.maxPages:
		return false, &endlessError{fmt.Sprintf("page %d still has a next one", at.Pages)}
	}
	at.Link = page.Next
	return true, nil
}

// next reads the page at a place. A token may have been revoked before its time:
// a refused one is fetched anew, once.
func (r *reader) next(ctx context.Context, at *place) (odata.Page, error) {
	link := at.Link
	if link == "" {
		link = r.client.First(r.name)
	}
	page, err := r.read(ctx, r.run, r.client, r.name, link, &at.Tries)
	var credential *odata.CredentialError
	if !errors.As(err, &credential) {
		return page, err
	}
	if r.client, _, err = r.syncer.client(ctx, r.run); err != nil {
		return page, err
	}
	return r.read(ctx, r.run, r.client, r.name, link, &at.Tries)
}

// ofCollection reports whether an error is of one collection, so that the
// others can still be read.
func ofCollection(err error) bool {
	var (
		busy    *odata.BusyError
		status  *odata.StatusError
		content *odata.ContentError
		endless *endlessError
	)
	return errors.As(err, &busy) || errors.As(err, &status) || errors.As(err, &content) || errors.As(err, &endless)
}

// midway makes what would have blocked the run end it as failed: work was done.
// An API that does not answer is asked again until it does.
func midway(err error) error {
	var blocked *operation.BlockedError
	var credential *odata.CredentialError
	if errors.As(err, &blocked) || errors.As(err, &credential) || refused(err) {
		return operation.Permanent(err)
	}
	return err
}

// giveUp records that a collection cannot be read any further.
func (s *syncer) giveUp(ctx context.Context, run *operation.Run[Input], name string, at place, why error) error {
	c := at.problem(why)
	c.Name = name
	if err := s.store.SaveInventoryPage(ctx, run.ID, c, nil); err != nil {
		return err
	}
	run.Record(operation.Item{Key: name, State: operation.ItemFailed, Code: code(why), Message: c.Problem, Detail: at.detail()})
	return nil
}

func code(err error) string {
	var (
		busy    *odata.BusyError
		status  *odata.StatusError
		endless *endlessError
	)
	switch {
	case errors.As(err, &endless):
		return "endless_paging"
	case errors.As(err, &busy):
		return "throttled"
	case forbidden(err):
		return "forbidden"
	case errors.As(err, &status):
		return fmt.Sprintf("http_%d", status.Status)
	}
	return "unusable_answer"
}

func (p place) detail() json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"pages":%d,"objects":%d}`, p.Pages, p.Objects))
}
