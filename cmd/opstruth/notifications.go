package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/opstruth/opstruth/internal/apiclient"
)

func notifications() *cobra.Command {
	c := &caller{}
	parent := c.parent("notifications", "Read your messages about runs that ended, on the console's API",
		answersOnly)
	parent.AddCommand(c.listNotes(), c.readNotes())
	return parent
}

func (c *caller) listNotes() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List messages, the newest first",
		Long: "List messages, the newest first: one for each run that you started and that has ended, and for a workspace's owner one\n" +
			"for each that nobody started. To list them marks none as read.",
		Example: `  opstruth notifications list --unread`,
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	unread := f.Bool("unread", false, "only messages that are unread")
	cursor := f.String("cursor", "", "go on where the page before ended")
	limit := f.Int("limit", 0, "how many to list at most")
	cmd.RunE = c.calls(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		query := &apiclient.ListNotificationsParams{Cursor: given(*cursor)}
		if cmd.Flags().Changed("unread") {
			query.Unread = unread
		}
		if cmd.Flags().Changed("limit") {
			query.Limit = limit
		}
		page, body, err := apiclient.Read[apiclient.NotificationList](c.ListNotifications(ctx, query))
		if err != nil || c.json {
			return c.raw(body, err)
		}
		return c.goesOn(c.noteTable(page.Notifications...), page.NextCursor)
	})
	return cmd
}

// noteTable lists messages.
func (c *caller) noteTable(notes ...apiclient.Notification) error {
	rows := [][]string{{"RUN", "READ", "CREATED_AT", "TITLE", "TEXT"}}
	for _, n := range notes {
		read := "no"
		if n.Read {
			read = "yes"
		}
		rows = append(rows, []string{n.Run, read, moment(&n.CreatedAt), n.Title, n.Text})
	}
	return c.rows(rows)
}

func (c *caller) readNotes() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "read RUN | --all",
		Short: "Mark the message about a run as read, or all messages",
		Example: `  opstruth notifications read 0198c7be-3f0e-7d52-9a51-5b8f0a1c2d3e
  opstruth notifications read --all`,
		Args: cobra.MaximumNArgs(1),
	}
	all := cmd.Flags().Bool("all", false, "mark all messages")
	upTo := cmd.Flags().String("up-to", "", "with --all: only those that came no later, like 2006-01-02T15:04:05Z")
	cmd.RunE = c.calls(func(ctx context.Context, _ *cobra.Command, args []string) error {
		switch {
		case *all == (len(args) == 1):
			return usage(errors.New("name one run, or use --all"))
		case *all:
			return c.readAll(ctx, *upTo)
		case *upTo != "":
			return usage(errors.New("--up-to needs --all"))
		}
		note, body, err := apiclient.Read[apiclient.Notification](c.ReadNotification(ctx, args[0]))
		if err != nil || c.json {
			return c.raw(body, err)
		}
		return c.noteTable(note)
	})
	return cmd
}

func (c *caller) readAll(ctx context.Context, upTo string) error {
	query := &apiclient.ReadNotificationsParams{}
	if upTo != "" {
		at, err := time.Parse(time.RFC3339Nano, upTo)
		if err != nil {
			return usage(fmt.Errorf("read --up-to %q: want a time like 2006-01-02T15:04:05Z", upTo))
		}
		query.UpTo = &at
	}
	left, body, err := apiclient.Read[apiclient.UnreadCount](c.ReadNotifications(ctx, query))
	if err != nil || c.json {
		return c.raw(body, err)
	}
	fmt.Fprintf(c.out, "unread  %d\n", left.Unread)
	return nil
}
