package view_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/web/view"
)

var asOf = time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC)

func TestAnInstantIsToldFromTheSameClockReading(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before     time.Duration
		ago, clock string
	}{
		{0, "just now", "00:30:00"},
		{4 * time.Second, "4 s ago", "00:29:56"},
		{time.Hour, "60 min ago", "28 Feb 23:30"},
		{-90 * time.Second, "in 90 s", "00:31:30"},
		{400 * 24 * time.Hour, "400 days ago", "25 Jan 2025"},
	} {
		i := view.At(asOf.Add(-c.before), asOf)
		require.Equal(t, c.ago, i.Ago())
		require.Equal(t, c.clock, i.Clock())
	}
	require.True(t, view.Instant{AsOf: asOf}.IsZero())
}

func TestDurationKeepsTwoUnits(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 1500 * time.Millisecond: "1 s", time.Minute: "1 min", 200 * time.Second: "3 min 20 s",
		2*time.Hour + 5*time.Minute: "2 h 5 min", 145 * time.Hour: "6 d 1 h",
	} {
		require.Equal(t, want, view.Duration(d))
	}
}

func TestCountGroupsThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", 1234567: "1\u202f234\u202f567", -4210: "−4\u202f210"} {
		require.Equal(t, want, view.Count(n))
	}
}

func TestPercentNeverSaysDoneTooEarly(t *testing.T) {
	t.Parallel()
	require.Equal(t, int64(99), view.Progress{Total: 1000, Processed: 999}.Percent())
	require.Equal(t, int64(100), view.Progress{Total: 3, Processed: 3}.Percent())
	require.Equal(t, int64(0), view.Progress{}.Percent())
}
