package models_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
)

func receive(t *testing.T, s *models.Store, w modelstest.World, name, body string) models.Upload {
	t.Helper()
	u, err := upload.Receive(t.Context(), s, models.Upload{WorkspaceID: w.Acme.ID, TenantID: w.North.ID, Name: name, UserID: w.Owner.ID},
		strings.NewReader(body), 1<<20)
	require.NoError(t, err)
	return u
}

func uploads(t *testing.T, s *models.Store) (n, parts int) {
	t.Helper()
	require.NoError(t, s.DB().Raw(`SELECT (SELECT COUNT(*) FROM uploads), (SELECT COUNT(*) FROM upload_parts)`).Row().Scan(&n, &parts))
	return n, parts
}

func TestUploads(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		var body strings.Builder
		body.WriteString("id,name\n")
		for i := range 2500 {
			fmt.Fprintf(&body, "%d,n%d\n", i, i)
		}
		u := receive(t, s, w, `C:\lists\people.csv`, body.String())
		require.Equal(t, "people.csv", u.Name)

		got, err := s.Upload(t.Context(), w.ViewerScope, u.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"id", "name"}, got.Columns)
		require.Equal(t, int64(2500), got.Lines)
		require.Equal(t, int64(body.Len()), got.Size)
		_, err = s.Upload(t.Context(), w.StrangerScope, u.ID)
		require.ErrorIs(t, err, models.ErrNotFound)
		_, err = s.Upload(t.Context(), models.Member(models.Grant{WorkspaceID: w.Acme.ID, TenantIDs: []string{w.South.ID}}), u.ID)
		require.ErrorIs(t, err, models.ErrNotFound, "another tenant of the workspace")

		var lines []int64
		for after := int64(0); ; {
			p, ok, err := s.UploadPart(t.Context(), u.ID, after)
			require.NoError(t, err)
			if !ok {
				break
			}
			rows, err := upload.Rows(p)
			require.NoError(t, err)
			require.LessOrEqual(t, len(rows), 1000)
			for _, r := range rows {
				lines = append(lines, r.Line)
				require.Equal(t, fmt.Sprintf("n%d", r.Line-2), r.Value(1))
			}
			after = p.LastLine
		}
		require.Len(t, lines, 2500)

		require.Equal(t, u.ID, receive(t, s, w, "people.csv", body.String()).ID, "the same file again is the same upload")
		n, parts := uploads(t, s)
		require.Equal(t, []int{1, 3}, []int{n, parts})
	})
}

func TestNothingIsLeftOfARefusedUpload(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		good := "a,b\n" + strings.Repeat("x,y\n", 3000)
		for name, body := range map[string]io.Reader{
			"malformed": strings.NewReader(good + "x\n"),
			"too large": io.LimitReader(&repeat{"x,y\n"}, 2<<20),
		} {
			body = io.MultiReader(strings.NewReader("a,b\n"), body)
			_, err := upload.Receive(t.Context(), s, models.Upload{WorkspaceID: w.Acme.ID, TenantID: w.North.ID, Name: name}, body, 1<<20)
			require.Error(t, err, name)
			n, parts := uploads(t, s)
			require.Zero(t, n+parts, name)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := upload.Receive(ctx, s, models.Upload{WorkspaceID: w.Acme.ID, TenantID: w.North.ID, Name: "gone"},
			io.MultiReader(strings.NewReader(good), readerFunc(func([]byte) (int, error) { cancel(); return 0, io.ErrUnexpectedEOF })), 1<<20)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		n, parts := uploads(t, s)
		require.Zero(t, n+parts, "whose sender left")
	})
}

type repeat struct{ text string }

func (r *repeat) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat(r.text, len(p)/len(r.text)+1)), nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestUploadsThatNoRunNamesGoAfterADay(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		s = modelstest.At(s, modelstest.Epoch)
		used, unused := receive(t, s, w, "used.csv", "a\n1\n"), receive(t, s, w, "unused.csv", "a\n2\n")
		modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.Input = []byte(`{"file": "` + used.ID + `"}`) }))

		day := modelstest.At(s, modelstest.Epoch.Add(models.UnusedUploadsStay))
		receive(t, day, w, "other.csv", "a\n3\n")
		_, err := s.Upload(t.Context(), models.Engine(), unused.ID)
		require.NoError(t, err, "not a moment before")

		later := modelstest.At(s, modelstest.Epoch.Add(models.UnusedUploadsStay+time.Second))
		receive(t, later, w, "another.csv", "a\n4\n")
		_, err = s.Upload(t.Context(), models.Engine(), unused.ID)
		require.ErrorIs(t, err, models.ErrNotFound)
		_, err = s.Upload(t.Context(), models.Engine(), used.ID)
		require.NoError(t, err, "a run may be retried")
	})
}

func TestAWorkspaceKeepsOnlySoMuchWithoutUse(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		s = modelstest.At(s, modelstest.Epoch)
		const largest = 1 << 10
		begun := 0
		sendTo := func(s *models.Store, workspace models.Workspace, tenant models.Tenant, size int) (models.Upload, error) {
			begun++
			line := fmt.Sprintf("%08d,", begun)
			return upload.Receive(t.Context(), s, models.Upload{WorkspaceID: workspace.ID, TenantID: tenant.ID, Name: "f.csv"},
				strings.NewReader("a,b\n"+line+strings.Repeat("x", size-4-len(line)-1)+"\n"), largest)
		}
		send := func(size int) (models.Upload, error) { return sendTo(s, w.Acme, w.North, size) }
		var last models.Upload
		for range models.MostUnusedInLargest {
			var err error
			last, err = send(largest)
			require.NoError(t, err)
			require.EqualValues(t, largest, last.Size)
		}
		_, err := send(100)
		require.ErrorIs(t, err, models.ErrUploadsFull, "what arrives may be large")
		_, err = sendTo(s, w.Acme, w.South, 100)
		require.ErrorIs(t, err, models.ErrUploadsFull, "another tenant of the workspace")
		_, err = sendTo(s, w.Globex, w.West, 100)
		require.NoError(t, err, "another workspace")

		require.NoError(t, s.UseUploads(t.Context(), []string{last.ID}))
		_, err = send(100)
		require.NoError(t, err, "what a run names does not count")
		_, err = send(100)
		require.ErrorIs(t, err, models.ErrUploadsFull)

		// One that still arrives counts as large as it may become, one that is refused does not count.
		later := modelstest.At(s, modelstest.Epoch.Add(models.UnusedUploadsStay+time.Second))
		begin := func() error {
			_, err := later.BeginUpload(t.Context(), models.Upload{WorkspaceID: w.Acme.ID, TenantID: w.North.ID, Name: "slow.csv", Size: largest})
			return err
		}
		for range models.MostUnusedInLargest - 1 {
			require.NoError(t, begin())
		}
		_, err = upload.Receive(t.Context(), later, models.Upload{WorkspaceID: w.Acme.ID, TenantID: w.North.ID, Name: "bad.csv"}, strings.NewReader("a,b\n1\n"), largest)
		var wrong *table.FileError
		require.ErrorAs(t, err, &wrong)
		require.NoError(t, begin())
		require.ErrorIs(t, begin(), models.ErrUploadsFull)

		// Small ones are bounded by their number.
		latest := modelstest.At(s, modelstest.Epoch.Add(2*models.UnusedUploadsStay+time.Minute))
		_, err = sendTo(latest, w.Acme, w.North, 20)
		require.NoError(t, err)
		require.NoError(t, s.DB().Exec(`INSERT INTO uploads (id, workspace_id, tenant_id, name, size, digest, complete, created_at, sent_at)
			WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(? AS BIGINT))
			SELECT 'small' || i, u.workspace_id, u.tenant_id, 'f.csv', 1, 'd' || i, TRUE, u.created_at, u.sent_at FROM n, uploads u
			WHERE u.workspace_id = ? AND NOT u.used`, models.MostUnusedUploads-1, w.Acme.ID).Error)
		_, err = sendTo(latest, w.Acme, w.North, 20)
		require.NoError(t, err)
		_, err = sendTo(latest, w.Acme, w.North, 20)
		require.ErrorIs(t, err, models.ErrUploadsFull)
	})
}

func TestALargeArtifactIsWrittenAndReadInParts(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		run := modelstest.Running(t, s, w.NewRun())
		write := func(n int) error {
			return s.WriteArtifact(t.Context(), run.ID, "results.csv", "text/csv", func(out io.Writer) error {
				for i := range n {
					if _, err := fmt.Fprintf(out, "%0100d\n", i); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, write(50_000))
		require.NoError(t, write(30_000), "the same name again replaces it")
		list, err := s.Artifacts(t.Context(), w.OwnerScope, run.ID)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, int64(30_000*101), list[0].Size)

		var out strings.Builder
		require.NoError(t, s.ArtifactTo(t.Context(), w.OwnerScope, run.ID, "results.csv", &out))
		require.Equal(t, 30_000*101, out.Len())
		require.True(t, strings.HasSuffix(out.String(), fmt.Sprintf("%0100d\n", 29_999)))
		whole, err := s.Artifact(t.Context(), w.OwnerScope, run.ID, "results.csv")
		require.NoError(t, err)
		require.Equal(t, out.String(), string(whole.Body))
		require.ErrorIs(t, s.ArtifactTo(t.Context(), w.StrangerScope, run.ID, "results.csv", io.Discard), models.ErrNotFound)

		modelstest.Finish(t, s, run, lifecycle.Succeeded)
		require.ErrorIs(t, write(1), lifecycle.ErrEnded)
		list, err = s.Artifacts(t.Context(), w.OwnerScope, run.ID)
		require.NoError(t, err)
		require.Equal(t, int64(30_000*101), list[0].Size, "what came after the end changes nothing")
	})
}

func TestFirstTryIsAtTheBeginOfTheRetries(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s *models.Store) {
		w := modelstest.Seed(t, s)
		first := modelstest.Ended(t, s, w.NewRun(), lifecycle.Failed)
		second := modelstest.Ended(t, s, w.NewRun(func(n *models.NewRun) { n.RetryOf = first.ID }), lifecycle.Failed)
		third := modelstest.Queued(t, s, w.NewRun(func(n *models.NewRun) { n.RetryOf = second.ID }))
		for _, id := range []string{first.ID, second.ID, third.ID} {
			got, err := s.FirstTry(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, first.ID, got)
		}
	})
}
