package models_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func ownerBox(w modelstest.World) models.Mailbox {
	return models.Mailbox{UserID: w.Owner.ID, Owns: []string{w.Acme.ID}, Scope: w.OwnerScope}
}

func nobodys(n *models.NewRun) { n.InitiatorID, n.InitiatorName = "", "" }

// mail reads a mailbox, some at a time: the ids of the runs, and of those that are read.
func mail(t *testing.T, s *models.Store, m models.Mailbox, unread bool, atOnce int) (all, read []string) {
	t.Helper()
	p := models.Page{Limit: atOnce}
	for {
		page, err := s.Notifications(t.Context(), m, unread, p)
		require.NoError(t, err)
		require.False(t, page.Now.IsZero(), "the clock is told of an empty page too")
		for _, n := range page.Notes {
			require.Equal(t, n.RunID, n.Run.ID)
			all = append(all, n.RunID)
			if n.Read {
				read = append(read, n.RunID)
			}
		}
		if p.Cursor = page.Next; p.Cursor == "" {
			return all, read
		}
	}
}

func unreadOf(t *testing.T, s *models.Store, m models.Mailbox) int {
	t.Helper()
	n, err := s.UnreadNotifications(t.Context(), m)
	require.NoError(t, err)
	around, err := s.Surroundings(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, n, around.Unread)
	require.False(t, around.Now.IsZero())
	return n
}

func TestNotificationsAreOfWhoStartedTheRunOrOwnsItsWorkspace(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		viewer := models.Mailbox{UserID: w.Viewer.ID, Scope: w.ViewerScope}
		own := modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed)
		orphan := modelstest.Ended(t, s, w.NewRun(nobodys), lifecycle.Succeeded)
		others := modelstest.Ended(t, s, w.NewRun(func(n *models.NewRun) { n.InitiatorID = w.Viewer.ID }), lifecycle.Succeeded)
		modelstest.Running(t, s, w.NewRun())
		modelstest.Queued(t, s, w.NewRun(nobodys))

		for _, atOnce := range []int{1, 2, 50} {
			mine, _ := mail(t, s, ownerBox(w), false, atOnce)
			require.Equal(t, []string{orphan.ID, own.ID}, mine, "one of each run that ended, the newest first")
		}
		theirs, _ := mail(t, s, viewer, false, 50)
		require.Equal(t, []string{others.ID}, theirs, "no owner, no message about what nobody started")
		none, _ := mail(t, s, models.Mailbox{UserID: w.Stranger.ID, Owns: []string{w.Globex.ID}, Scope: w.StrangerScope}, false, 50)
		require.Empty(t, none)
		_, err := s.Notifications(t.Context(), models.Mailbox{Scope: w.OwnerScope}, false, models.Page{})
		require.ErrorIs(t, err, models.ErrNoScope, "nobody's")
		_, err = s.Notifications(t.Context(), models.Mailbox{UserID: w.Owner.ID}, false, models.Page{})
		require.ErrorIs(t, err, models.ErrNoScope)
		_, err = s.Notifications(t.Context(), viewer, false, models.Page{Cursor: "x"})
		require.ErrorIs(t, err, models.ErrBadCursor)
	})
}

func TestNotificationsAreReadOneByOne(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		box := ownerBox(w)
		first := modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed)
		second := modelstest.Ended(t, s, w.NewRun(nobodys), lifecycle.Failed)
		active := modelstest.Running(t, s, w.NewRun())
		require.Equal(t, 2, unreadOf(t, s, box))

		for range 2 { // the second time changes nothing
			require.NoError(t, s.ReadNotification(t.Context(), box, first.ID))
			require.Equal(t, 1, unreadOf(t, s, box))
			all, read := mail(t, s, box, false, 1)
			require.Equal(t, []string{second.ID, first.ID}, all)
			require.Equal(t, []string{first.ID}, read)
			unread, _ := mail(t, s, box, true, 1)
			require.Equal(t, []string{second.ID}, unread)
		}
		n, now, err := s.Notification(t.Context(), box, first.ID)
		require.NoError(t, err)
		require.True(t, n.Read)
		require.False(t, now.IsZero())
		for _, c := range []struct {
			box models.Mailbox
			run string
		}{
			{models.Mailbox{UserID: w.Viewer.ID, Scope: w.ViewerScope}, first.ID}, {box, active.ID}, {box, "missing"},
			{models.Mailbox{UserID: w.Owner.ID, Scope: w.OwnerScope}, second.ID}, // who owns no longer
		} {
			require.ErrorIs(t, s.ReadNotification(t.Context(), c.box, c.run), models.ErrNotFound)
			_, _, err := s.Notification(t.Context(), c.box, c.run)
			require.ErrorIs(t, err, models.ErrNotFound)
		}
	})
}

// What somebody may no longer see is gone from the mailbox, and comes back with the right to it.
func TestNotificationsFollowTheScope(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		south := modelstest.Ended(t, s, w.NewRun(func(n *models.NewRun) { n.TenantID = w.South.ID }), lifecycle.Failed)
		north := modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed)
		box := ownerBox(w)
		require.Equal(t, 2, unreadOf(t, s, box))
		for _, c := range []struct {
			scope models.Scope
			want  []string
		}{
			{models.Member(models.Grant{WorkspaceID: w.Acme.ID, TenantIDs: []string{w.North.ID}}), []string{north.ID}},
			{models.Member(), nil}, {w.StrangerScope, nil}, {w.OwnerScope, []string{north.ID, south.ID}},
		} {
			box.Scope = c.scope
			got, _ := mail(t, s, box, false, 50)
			require.Equal(t, c.want, got)
			require.Equal(t, len(c.want), unreadOf(t, s, box))
			if !slices.Contains(c.want, south.ID) {
				require.ErrorIs(t, s.ReadNotification(t.Context(), box, south.ID), models.ErrNotFound)
			}
		}
	})
}

// All at once means all that were there at a moment: neither those that came after it, nor one whose run ended before and
// whose transaction goes through only now.
func TestNotificationsAreReadAllAtOnce(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		now, box := modelstest.Epoch, ownerBox(w)
		at := func(ago time.Duration) *models.Store { return modelstest.At(s, now.Add(-ago)) }
		var runs []string // the newest first
		for _, ago := range []time.Duration{3 * time.Hour, 2 * time.Hour, time.Hour, 40 * time.Second, 20 * time.Second} {
			runs = append([]string{modelstest.Ended(t, at(ago), w.NewRun(nobodys), lifecycle.Failed).ID}, runs...)
		}
		foreign := modelstest.Ended(t, at(time.Minute), w.NewRun(func(n *models.NewRun) { n.InitiatorID = w.Viewer.ID }), lifecycle.Failed)
		require.NoError(t, at(0).ReadNotification(t.Context(), box, runs[4]))

		require.NoError(t, at(0).ReadNotifications(t.Context(), box, now.Add(-90*time.Minute)))
		unread, _ := mail(t, at(0), box, true, 50)
		require.Equal(t, runs[:3], unread)
		var one int
		require.NoError(t, s.DB().Raw(`SELECT COUNT(*) FROM notification_reads`).Scan(&one).Error)
		require.Zero(t, one, "what the mark says is not said twice")

		require.NoError(t, at(0).ReadNotifications(t.Context(), box, now.Add(-30*time.Second)))
		unread, _ = mail(t, at(0), box, true, 50)
		require.Equal(t, runs[:1], unread)
		require.NoError(t, at(0).ReadNotifications(t.Context(), box, now.Add(-2*time.Hour)))
		require.Equal(t, 1, unreadOf(t, at(0), box), "nothing that was read is unread again")
		require.NoError(t, at(0).ReadNotifications(t.Context(), box, now.Add(time.Hour)))
		require.Zero(t, unreadOf(t, at(0), box))

		late := modelstest.Ended(t, at(10*time.Second), w.NewRun(), lifecycle.Failed)
		unread, _ = mail(t, at(0), box, true, 50)
		require.Equal(t, []string{late.ID}, unread, "it ended before they were read, and was told after")
		require.NoError(t, at(0).ReadNotifications(t.Context(), box, time.Time{}))
		all, read := mail(t, at(0), box, false, 2)
		require.Equal(t, all, read)
		require.Len(t, all, 6)
		theirs, _ := mail(t, at(0), models.Mailbox{UserID: w.Viewer.ID, Scope: w.ViewerScope}, true, 50)
		require.Equal(t, []string{foreign.ID}, theirs, "everybody reads for themselves")
		_, err := s.UnreadNotifications(t.Context(), models.Mailbox{})
		require.ErrorIs(t, err, models.ErrNoScope)
		require.ErrorIs(t, s.ReadNotifications(t.Context(), models.Mailbox{}, time.Time{}), models.ErrNoScope)
	})
}

// What the conditions select is what Takes says, for everybody and in the order of the list.
func TestNotificationsConditionsSayWhatTakesSays(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		c := modelstest.SeedCrowd(t, s)
		modelstest.Generate(t, s, c, rand.New(rand.NewPCG(3, 7)), modelstest.Epoch, 400)
		page, err := s.ListRuns(t.Context(), models.Platform(), models.Filter{}, models.Page{Limit: 500})
		require.NoError(t, err)
		everywhere := models.Member(models.Grant{WorkspaceID: c.Acme.ID, AllTenants: true}, models.Grant{WorkspaceID: c.Globex.ID, AllTenants: true}, models.Grant{WorkspaceID: c.Strange.ID, AllTenants: true})
		for _, box := range []models.Mailbox{
			ownerBox(c.World), {UserID: c.Viewer.ID, Scope: c.ViewerScope}, {UserID: c.Member.ID, Owns: []string{c.Acme.ID, c.Globex.ID, c.Strange.ID}, Scope: everywhere},
			{UserID: c.Owner.ID, Owns: []string{c.Acme.ID}, Scope: models.Member(models.Grant{WorkspaceID: c.Acme.ID, TenantIDs: []string{c.South.ID}})},
		} {
			var want []models.Run
			for _, r := range page.Runs {
				if !r.Facts.Status.Active() && box.Takes(r) {
					want = append(want, r)
				}
			}
			slices.SortFunc(want, func(a, b models.Run) int {
				if d := b.Facts.CompletedAt.Compare(a.Facts.CompletedAt); d != 0 {
					return d
				}
				return strings.Compare(b.ID, a.ID)
			})
			require.NotEmpty(t, want)
			got, _ := mail(t, s, box, false, 7)
			require.Equal(t, ids(want), got)
			require.Equal(t, min(len(want), models.MaxUnread), unreadOf(t, s, box))
		}
	})
}

// However many there are, a page's number of unread ones looks at few, by the indexes in the order of the list.
func TestNotificationsAreCountedOnlySoFar(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		past := modelstest.At(s, modelstest.Epoch)
		for _, wish := range []models.NewRun{w.NewRun(), w.NewRun(nobodys)} {
			modelstest.Clones(t, s, modelstest.Ended(t, past, wish, lifecycle.Succeeded), 2000)
		}
		require.NoError(t, s.DB().Exec(`ANALYZE`).Error)
		require.Equal(t, models.MaxUnread, unreadOf(t, s, ownerBox(w)))
		plan, err := s.ExplainUnread(t.Context(), ownerBox(w))
		require.NoError(t, err)
		require.Contains(t, plan, "notifications_user", plan)
		require.Contains(t, plan, "notifications_owners", plan)
		require.NotRegexp(t, `->  Sort |Hash|SCAN n\b`, plan, "nothing is read that is not counted")
		require.NoError(t, s.ReadNotifications(t.Context(), ownerBox(w), time.Time{}))
		require.Zero(t, unreadOf(t, s, ownerBox(w)))
	})
}
