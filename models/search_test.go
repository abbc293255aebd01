package models_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

// found is the targets of the runs that a text finds, the newest first.
func found(t *testing.T, s *models.Store, sc models.Scope, text string) []string {
	t.Helper()
	page, err := s.ListRuns(t.Context(), sc, models.Filter{Text: text}, models.Page{})
	require.NoError(t, err, text)
	targets := []string{}
	for _, r := range page.Runs {
		targets = append(targets, r.Facts.Target)
	}
	n, err := s.CountRuns(t.Context(), sc, models.Filter{Text: text}, 100)
	require.NoError(t, err, text)
	require.EqualValues(t, len(targets), n, text)
	return targets
}

// named makes a run of each target.
func named(t *testing.T, s *models.Store, w modelstest.World, typ string, targets ...string) (runs []models.Run) {
	t.Helper()
	for _, target := range targets {
		runs = append(runs, modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.Type, n.Target = typ, target })))
	}
	return runs
}

func TestTextFindsWhatPagesShow(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		s = s.WithTitles(map[string]string{"policy.rollout": "Policy rollout", "b": "Sicherung der Postfächer"})
		run := named(t, s, w, "policy.rollout", "eu-west: 50%_off! (A/B)")[0]
		named(t, s, w, "b", "policy.rollout")
		here := []string{run.Facts.Target}
		end := run.ID[len(run.ID)-8:]
		for _, text := range []string{
			run.ID, end, "…" + end, "..." + end, end[:4], run.ID[9:23], "policy rollout eu-west:", "rollout POLICY eu", "Policy Rollout",
			"policy.rollout eu-west", "50%_off!", "50%_OFF! (a/b)", " eu-west \t 50%_ ", "west: 50", "5", "(a", "ro eu", "(A/B) rollout 50%_off! eu-west: policy rollout policy west:",
		} {
			require.Contains(t, found(t, s, w.OwnerScope, text), here[0], text)
		}
		for _, text := range []string{"50__off!", "50%off", "u-west rollouts", "st: 50 west:x", "ff", "ollout eu-east", "zz", "z", "no such target", `"`, "'", "!", "policy.rollouteu"} {
			require.Empty(t, found(t, s, w.OwnerScope, text), text)
		}
		require.Equal(t, here, found(t, s, w.OwnerScope, "eu"), "the beginning of a word")
		require.Equal(t, here, found(t, s, w.OwnerScope, "W"), "one letter")
		require.Equal(t, []string{"policy.rollout"}, found(t, s, w.OwnerScope, "postfacher sicherung"), "a type's title, in any order")
		require.Equal(t, []string{"policy.rollout"}, found(t, s, w.OwnerScope, "de"), "the beginning of a word of a title")
		require.Len(t, found(t, s, w.OwnerScope, "policy.rollout"), 2, "a type's name, and a target like it")
		require.Equal(t, here, found(t, s, w.OwnerScope, "policy rollout eu"), "a target like a type's name is not that type")
		require.Len(t, found(t, s, w.OwnerScope, "… ..."), 2, "dots ask for nothing")
		require.Empty(t, found(t, s, w.StrangerScope, run.ID), "a search never widens the scope")
		sum, err := s.Summary(t.Context(), w.OwnerScope, models.Filter{Text: "eu"})
		require.NoError(t, err)
		require.EqualValues(t, 1, sum.Queued)
	})
}

// Letters compare alike on every database, whatever its collation, and for a text that the database could take for
// syntax.
func TestTextFoldsLettersOfEveryScript(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		for target, texts := range map[string][]string{
			"Exchange Online":      {"exchange online", "EXCHANGE", "change ON"},
			"Übersicht Straße":     {"Übersicht Straße", "übersicht", "ÜBERSICHT", "U\u0308bersicht", "ubersicht", "STRASSE", "ü"},
			"Ærø – naïve Noël":     {"ÆRØ", "ærø", "naive", "NOËL", "–"},
			"İstanbul ışık DIŞ":    {"istanbul", "ISTANBUL", "İSTANBUL", "IŞIK", "ışık", "dış", "diş"},
			"Οδός Σίσυφος":         {"οδός", "ΟΔΟΣ", "σισυφοσ", "ΣΊΣΥΦΟΣ", "ς σισ"},
			"مؤسسة الشرق الأوسط":   {"مؤسسة", "الشرق", "ال", "ﺍﻟﺸﺮﻕ"},
			"日本語のとても長い名前":          {"日本語", "名前", "長", "ても長"},
			"ﬁle №5 ①":             {"file", "FILE no5", "1"},
			"👩🏽\u200d🚀 launch 🚀":   {"🚀", "LAUNCH 🚀", "👩🏽\u200d🚀"},
			"'; DROP TABLE x;--":   {"';", "drop table x;--"},
			`back\slash "q" $1 ?@`: {`K\SLASH`, `"q"`, "$1 ?@", "?@"},
		} {
			named(t, s, w, "sample", target)
			for _, text := range texts {
				require.Contains(t, found(t, s, w.OwnerScope, text), target, text)
			}
		}
		require.Empty(t, found(t, s, w.OwnerScope, "übersichten"))
	})
}

// Runs that an older version made, which knew of no words, are found once their words were made.
func TestRunsOfOlderVersionsGetTheirWords(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		for i := range 3 {
			named(t, s, w, "sample", fmt.Sprintf("Übersicht %d", i))
		}
		modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed)
		const words = 11 // the migration that brings them
		for applied := true; applied; {
			require.NoError(t, s.MigrateDown(t.Context()))
			status, err := s.MigrationStatus(t.Context())
			require.NoError(t, err)
			i := slices.IndexFunc(status, func(m models.Migration) bool { return m.Version == words })
			applied = !status[i].AppliedAt.IsZero()
		}
		require.NoError(t, s.MigrateUp(t.Context()))
		require.Empty(t, found(t, s, w.OwnerScope, "übersicht"))
		n, err := s.FillWords(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4, n)
		require.Len(t, found(t, s, w.OwnerScope, "übersicht"), 3)
		n, err = s.FillWords(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestInitiatorsAreNamedAsPeopleDo(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		by := func(id string) models.Run {
			return modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.InitiatorID = id }))
		}
		owners, viewers := by(w.Owner.ID), by(w.Viewer.ID)
		by("")
		of := func(sc models.Scope, who string) []string {
			page, err := s.ListRuns(t.Context(), sc, models.Filter{Initiator: who}, models.Page{})
			require.NoError(t, err)
			sum, err := s.Summary(t.Context(), sc, models.Filter{Initiator: who})
			require.NoError(t, err)
			require.EqualValues(t, len(page.Runs), sum.Queued, who)
			return ids(page.Runs)
		}
		for _, who := range []string{w.Owner.ID, w.Owner.Email, " " + w.Owner.Email} {
			require.Equal(t, []string{owners.ID}, of(w.OwnerScope, who), who)
		}
		require.Equal(t, []string{owners.ID}, of(w.OwnerScope.Of(w.Owner.ID), "me"))
		require.Equal(t, []string{viewers.ID}, of(w.OwnerScope.Of(w.Viewer.ID), "ME"))
		require.Empty(t, of(w.OwnerScope, "me"), "nobody asks")
		require.Empty(t, of(w.OwnerScope, "nobody@people.test"))
		require.Empty(t, of(w.StrangerScope, w.Owner.Email), "a name opens nothing")
	})
}

// TestASearchReadsNoHistory asks the planners of a database with many runs: what few runs have is looked up, and what
// nearly all have is met on the way through the list.
func TestASearchReadsNoHistory(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run := modelstest.Ended(t, s, w.NewRun(func(n *models.NewRun) { n.Target = "common" }), lifecycle.Succeeded)
		rare := named(t, s, w, "sample", "Übersicht ab")[0]
		const many = 20_000
		numbers, tidy := fmt.Sprintf(`generate_series(1, %d) n`, many), "VACUUM ANALYZE run_words"
		if s.Dialect() == "sqlite" {
			numbers = fmt.Sprintf(`(WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c)`, many)
			tidy = "SELECT 1"
		}
		require.NoError(t, s.DB().Exec(`INSERT INTO operation_runs (id, workspace_id, tenant_id, type, target, queue, policy, input, request_hash, fingerprint,
				supersedes, exclusive, status, outcome, queued_at, completed_at)
			SELECT 'xyz' || n, workspace_id, tenant_id, type, target, queue, policy, input, request_hash, fingerprint, supersedes, exclusive, status,
				outcome, queued_at - n, completed_at - n FROM operation_runs, `+numbers+` WHERE id = ?`, run.ID).Error)
		n, err := s.FillWords(t.Context())
		require.NoError(t, err)
		require.Equal(t, many, n, "runs that something else made")
		require.NoError(t, s.DB().Exec(tidy).Error)
		require.NoError(t, s.DB().Exec("ANALYZE").Error)
		for name, text := range map[string]string{
			"text that no run has": "no such target", "end of an id": rare.ID[len(rare.ID)-8:], "beginning of a word": "ab", "text that most runs have": "common",
		} {
			plan, err := s.ExplainList(t.Context(), models.Platform(), models.Filter{Text: text}, models.Page{})
			require.NoError(t, err, name)
			if s.Dialect() == "postgres" {
				requirePlan(t, name, plan)
				continue
			}
			require.NotContains(t, plan, "SCAN r\n", "%s: %s", name, plan)
			if text == "common" {
				require.Contains(t, plan, "SCAN r USING INDEX operation_runs_newest", plan)
				require.Regexp(t, `SEARCH x .*USING INDEX sqlite_autoindex_run_words_1 \(run_id=\?\)`, plan)
				continue
			}
			require.Contains(t, plan, "SCAN run_words_text VIRTUAL TABLE", "%s: %s", name, plan)
			require.Contains(t, plan, "SEARCH r USING INDEX sqlite_autoindex_operation_runs_1 (id=?)", "%s: %s", name, plan)
		}
		require.Equal(t, []string{"Übersicht ab"}, found(t, s, w.OwnerScope, "ab"))
		page, err := s.ListRuns(t.Context(), w.OwnerScope, models.Filter{Text: "COMM"}, models.Page{})
		require.NoError(t, err)
		require.Len(t, page.Runs, 50)
		require.NotEmpty(t, page.Next)
	})
}
