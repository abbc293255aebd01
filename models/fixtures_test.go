package models_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/pgtest"
	"github.com/opstruth/opstruth/internal/pgtest/pgstore"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/models/sqlite"
)

var recordFixtures = flag.String("record", "", "version to record fixtures of, see docs/releasing.md")

// What a version leaves behind: its database as a file and as a dump, and what its runs were.
const (
	fixtureFile  = "records.db.gz"
	fixtureDump  = "records.sql.gz"
	fixtureTruth = "truth.json"
)

// told is what a run is, whatever version looks at it.
type told struct {
	Target       string
	Type         string
	Status       lifecycle.Status
	Outcome      lifecycle.Outcome
	State        lifecycle.State
	Freshness    lifecycle.Freshness
	ProblemClass lifecycle.ProblemClass
	Open         bool
	StaleLineage bool
	Cause        lifecycle.Cause
	Counts       lifecycle.Counts
	Failure      string
	Late         bool
}

func truthsOf(t *testing.T, store *models.Store) (all []told) {
	t.Helper()
	frozen := modelstest.At(store, fixtureNow)
	page, err := frozen.ListRuns(t.Context(), models.Engine(), models.Filter{}, models.Page{Limit: 500})
	require.NoError(t, err)
	byClass := map[lifecycle.ProblemClass]int{}
	for _, listed := range page.Runs {
		run, now, err := frozen.Run(t.Context(), models.Engine(), listed.ID)
		require.NoError(t, err)
		truth, f := run.Truth(now), run.Facts
		byClass[truth.ProblemClass]++
		all = append(all, told{
			Target: f.Target, Type: f.Type, Status: f.Status, Outcome: f.Outcome, State: truth.State, Freshness: truth.Freshness,
			ProblemClass: truth.ProblemClass, Open: truth.Open, StaleLineage: truth.StaleLineage, Cause: truth.Cause, Counts: f.Counts,
			Failure: f.Failure.Message, Late: !f.Late.At.IsZero(),
		})
		events, _, err := frozen.Timeline(t.Context(), models.Engine(), run.ID, models.Page{})
		require.NoError(t, err)
		require.NotEmpty(t, events)
	}
	for class, n := range byClass { // the rule's other form, as SQL
		listed, err := frozen.ListRuns(t.Context(), models.Engine(), models.Filter{Class: class}, models.Page{Limit: 500})
		require.NoError(t, err)
		require.Len(t, listed.Runs, n, class)
	}
	slices.SortFunc(all, func(a, b told) int {
		return strings.Compare(a.Target+string(a.Outcome), b.Target+string(b.Outcome))
	})
	return all
}

// A database that an older version wrote means the same to this one.
func TestDatabasesOfOlderVersionsKeepTheirTruth(t *testing.T) {
	t.Parallel()
	versions, err := filepath.Glob("testdata/fixtures/*")
	require.NoError(t, err)
	require.NotEmpty(t, versions)
	for _, dir := range versions {
		var want []told
		text, err := os.ReadFile(filepath.Join(dir, fixtureTruth))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &want))
		for name, open := range map[string]func(*testing.T, []byte) *models.Store{fixtureFile: openFile, fixtureDump: openDump} {
			t.Run(filepath.Base(dir)+"/"+name, func(t *testing.T) {
				t.Parallel()
				store := open(t, unpack(t, filepath.Join(dir, name)))
				require.NoError(t, store.MigrateUp(t.Context()))
				require.Equal(t, want, truthsOf(t, store))
			})
		}
	}
}

// The fixtures have a run in every state that a stored record can be in.
func TestTheFixturesHaveEveryState(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		everyState(t, s)
		seen := map[lifecycle.State]bool{}
		for _, run := range truthsOf(t, s) {
			seen[run.State] = true
		}
		for _, state := range lifecycle.States() {
			switch state {
			case lifecycle.StateUnverified, lifecycle.StateBacklogged: // states of what is known, not of what is stored
			default:
				require.True(t, seen[state], "no run is %s", state)
			}
		}
	})
}

func openFile(t *testing.T, content []byte) *models.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records.db")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return modelstest.Open(t, path)
}

func openDump(t *testing.T, dump []byte) *models.Store {
	t.Helper()
	dsn := pgtest.New(t, nil)
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), string(dump))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	store, err := models.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// TestRecordFixtures records what this version leaves behind, with -record.
func TestRecordFixtures(t *testing.T) {
	if *recordFixtures == "" {
		t.Skip("records only with -record, see docs/releasing.md")
	}
	dir := filepath.Join("testdata/fixtures", *recordFixtures)
	require.NoError(t, os.MkdirAll(dir, 0o750))

	path := filepath.Join(t.TempDir(), "records.db")
	file, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, file.MigrateUp(t.Context()))
	everyState(t, file)
	want := truthsOf(t, file)
	compact := path + ".compact"
	require.NoError(t, file.DB().Exec(`VACUUM INTO ?`, compact).Error)
	require.NoError(t, file.Close())
	content, err := os.ReadFile(compact)
	require.NoError(t, err)
	pack(t, filepath.Join(dir, fixtureFile), content)

	dsn := pgstore.Address(t)
	store, err := models.Open(t.Context(), dsn)
	require.NoError(t, err)
	everyState(t, store)
	require.Equal(t, want, truthsOf(t, store))
	require.NoError(t, store.Close())
	pack(t, filepath.Join(dir, fixtureDump), dump(t, dsn))

	text, err := json.MarshalIndent(want, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, fixtureTruth), append(text, '\n'), 0o600))
}

// dump is the database as plain statements, without what only psql understands.
func dump(t *testing.T, dsn string) []byte {
	t.Helper()
	tool := "pg_dump"
	if found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump"); err == nil && len(found) > 0 {
		tool = found[len(found)-1]
	}
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), tool, "--inserts", "--no-owner", "--no-privileges", dsn).Output()
	require.NoError(t, err)
	var kept []byte
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte(`\`)) && !bytes.Contains(line, []byte("'search_path', ''")) {
			kept = append(kept, line...)
		}
	}
	return kept
}

func pack(t *testing.T, path string, content []byte) {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
}

func unpack(t *testing.T, path string) []byte {
	t.Helper()
	packed, err := os.ReadFile(path)
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return content
}
