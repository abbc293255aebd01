package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web"
)

type loading struct {
	File  string `json:"file"`
	Label string `json:"label"`
}

// load is an operation type that reads a file.
func load(store *models.Store) operation.Definition {
	return operation.Define(operation.Type[loading]{
		Name: "sample.load", Title: "Load",
		Fields: []operation.Field{
			{Name: "file", Label: "File", Kind: operation.File, Required: true, Help: "People."},
			{Name: "label", Label: "Label", Kind: operation.LongText, Required: true},
		},
		TargetOf: func(ctx context.Context, _ string, in loading) (string, error) {
			u, err := store.Upload(ctx, models.Engine(), in.File)
			return u.Name + " " + in.Label, err
		},
		Do: nothing[loading],
	})
}

// setupFiles is a bench with a type that reads a file.
func setupFiles(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	types, err := operation.NewRegistry(lifecycle.DefaultPolicy(), lifecycle.NewTiming(5e9, 5e9), sample(), audit(), load(b.store))
	require.NoError(t, err)
	b.options.Types, b.options.UploadBytes = types, 1<<20
	b.options.Starter = &start.Starter{
		Record: b.store, Types: types, Logger: discard, Dispatch: func(context.Context, models.Run) error { return b.temporal.asked() },
	}
	b.engine, err = web.New(b.options)
	require.NoError(t, err)
	return b
}

// form is a multipart form; a file is given by a reader.
func form(t *testing.T, fields map[string]string, name string, file io.Reader) (contentType string, body io.Reader) {
	t.Helper()
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	if file != nil {
		_, err := w.CreateFormFile("file", name)
		require.NoError(t, err)
	}
	begin := head.Len()
	tail := "\r\n"
	if file == nil {
		begin, tail = 0, ""
	}
	front := head.String()[:begin]
	for k, v := range fields {
		tail += fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", w.Boundary(), k, v)
	}
	tail += "--" + w.Boundary() + "--\r\n"
	if file == nil {
		file = strings.NewReader("")
	}
	return w.FormDataContentType(), io.MultiReader(strings.NewReader(front), file, strings.NewReader(tail))
}

func (b *bench) send(who reader, fields map[string]string, name string, file io.Reader) *httptest.ResponseRecorder {
	b.t.Helper()
	kind, body := form(b.t, fields, name, file)
	r := httptest.NewRequest(http.MethodPost, links.Start("acme", "north", "sample.load"), body)
	r.Header.Set("Content-Type", kind)
	r.AddCookie(b.session(who))
	return b.serve(r)
}

func (b *bench) stored() (uploads, runs int) {
	b.t.Helper()
	require.NoError(b.t, b.store.DB().Raw(`SELECT (SELECT COUNT(*) FROM uploads), (SELECT COUNT(*) FROM operation_runs)`).Row().Scan(&uploads, &runs))
	return uploads, runs
}

func refusal(t *testing.T, w *httptest.ResponseRecorder, status int) *goquery.Document {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body.String())
	doc, err := goquery.NewDocumentFromReader(w.Body)
	require.NoError(t, err)
	return doc
}

func TestAFileIsTakenInWithTheForm(t *testing.T) {
	t.Parallel()
	b := setupFiles(t)
	page := b.page(b.owner(), links.Start("acme", "north", "sample.load"))
	require.Equal(t, "multipart/form-data", page.Find("form.form").AttrOr("enctype", ""))
	require.Equal(t, 1, page.Find(`input[type=file][name=file]`).Length())
	require.Contains(t, page.Find("#f-file-hint").Text(), "At most 1 MB, 100\u202f000 lines.")

	fields := map[string]string{"label": "x\r\ny", "idempotency_key": "k"}
	w := b.send(b.owner(), fields, "people.csv", strings.NewReader("id,name\n1,Ann\n"))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	again := b.send(b.owner(), fields, "people.csv", strings.NewReader("id,name\n1,Ann\n"))
	require.Equal(t, w.Header().Get("Location"), again.Header().Get("Location"), "a second click starts no second run")
	uploads, runs := b.stored()
	require.Equal(t, []int{1, 1}, []int{uploads, runs})
	list, err := b.store.ListRuns(t.Context(), models.Platform(), models.Filter{}, models.Page{})
	require.NoError(t, err)
	require.Equal(t, "people.csv x\ny", list.Runs[0].Facts.Target)
}

func TestARefusedFormKeepsTheFile(t *testing.T) {
	t.Parallel()
	b := setupFiles(t)
	doc := refusal(t, b.send(b.owner(), map[string]string{"label": "", "idempotency_key": "k"}, "people.csv", strings.NewReader("id,name\n1,Ann\n")), http.StatusUnprocessableEntity)
	require.Contains(t, doc.Find(".field-given").Text(), "people.csv, 1 line, with the columns id, name.")
	id := doc.Find(`input[type=hidden][name=file]`).AttrOr("value", "")
	require.NotEmpty(t, id)
	w := b.send(b.owner(), map[string]string{"label": "x", "idempotency_key": "k", "file": id}, "", nil)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
}

func TestAWrongFileIsRefusedAtItsField(t *testing.T) {
	t.Parallel()
	b := setupFiles(t)
	for body, want := range map[string]string{
		"":                                   "This cannot be used: the file is empty",
		"a,b\n1,2\n3\n":                      "This cannot be used: line 3: it has 1 fields and the header has 2",
		"a,a\n1,2\n":                         `This cannot be used: line 1: column "a" is there twice`,
		"{\"a\": 1}\n{\"a\": 1, \"a\": 2}\n": `This cannot be used: line 2: "a" is there twice`,
	} {
		doc := refusal(t, b.send(b.owner(), map[string]string{"label": "kept"}, "people.csv", strings.NewReader(body)), http.StatusUnprocessableEntity)
		require.Contains(t, doc.Find("#f-file-error").Text(), want)
		require.Equal(t, "kept", doc.Find("textarea[name=label]").Text())
	}
	uploads, runs := b.stored()
	require.Zero(t, uploads+runs)
}

// lines is a file of a size.
type lines struct{ left int }

var someLines = strings.Repeat("ab,"+strings.Repeat("c", 60)+"\n", 1000)

func (l *lines) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p)/64*64, l.left)], someLines)
	l.left -= n
	return n, nil
}

func TestAFileIsRefusedWhereTooManyAreNotUsed(t *testing.T) {
	t.Parallel()
	b := setupFiles(t)
	w := b.send(b.owner(), map[string]string{"label": "x", "idempotency_key": "k"}, "used.csv", strings.NewReader("id\n1\n"))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	var used bool
	require.NoError(t, b.store.DB().Raw(`SELECT used FROM uploads`).Row().Scan(&used))
	require.True(t, used, "by the run that was started with it")

	for range models.MostUnusedInLargest {
		_, err := b.store.BeginUpload(t.Context(), models.Upload{WorkspaceID: b.world.Acme.ID, TenantID: b.world.North.ID, Size: b.options.UploadBytes})
		require.NoError(t, err)
	}
	doc := refusal(t, b.send(b.owner(), map[string]string{"label": "kept"}, "people.csv", strings.NewReader("id\n2\n")), http.StatusConflict)
	require.Contains(t, doc.Find("#f-file-error").Text(), "This cannot be used: this workspace keeps as many uploaded files that no run uses as it may; start the runs")
	require.Equal(t, "kept", doc.Find("textarea[name=label]").Text())

	r := httptest.NewRequest(http.MethodPost, "/api/v1/uploads?workspace=acme&tenant=north", strings.NewReader("id\n2\n"))
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Authorization", "Bearer "+b.token(b.owner()))
	answer := b.serve(r)
	problem(t, answer, http.StatusConflict)
	require.Contains(t, answer.Body.String(), "each goes a day after it was sent")
}

func TestAHugeFileIsRefusedWithoutBeingKept(t *testing.T) { //nolint:paralleltest // it measures memory, the others' too
	b := setupFiles(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	doc := refusal(t, b.send(b.owner(), map[string]string{"label": "x"}, "huge.csv", &lines{300 << 20}), http.StatusRequestEntityTooLarge)
	runtime.ReadMemStats(&after)
	require.Contains(t, doc.Find("#f-file-error").Text(), "This cannot be used: the file is larger than 1 MB, the limit here; split it")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
	uploads, runs := b.stored()
	require.Zero(t, uploads+runs)
}

func TestAFileOfAnotherTenantIsNoFile(t *testing.T) {
	t.Parallel()
	b := setupFiles(t)
	w := b.send(b.owner(), map[string]string{"label": "", "idempotency_key": "k"}, "people.csv", strings.NewReader("id\n1\n"))
	id := refusal(t, w, http.StatusUnprocessableEntity).Find(`input[type=hidden][name=file]`).AttrOr("value", "")
	for _, tenant := range []string{"north", "south"} {
		body, err := json.Marshal(map[string]any{"type": "sample.load", "workspace": "acme", "tenant": tenant, "input": map[string]any{"file": id, "label": "x"}})
		require.NoError(t, err)
		w := b.api(b.token(b.owner()), http.MethodPost, "/api/v1/runs", string(body))
		if tenant == "north" {
			require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
			continue
		}
		problem(t, w, http.StatusUnprocessableEntity)
		require.Contains(t, w.Body.String(), "is not an uploaded file of this tenant")
	}
}

func TestALargeResultIsDownloadedWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	require.NoError(t, b.store.WriteArtifact(t.Context(), run.ID, "results.csv", "text/csv", func(w io.Writer) error {
		_, err := io.Copy(w, &lines{3 << 20})
		return err
	}))
	w := b.as(b.owner(), http.MethodGet, links.Artifact(links.Admin, run.ID, "results.csv"), nil)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, 3<<20, w.Body.Len())
	require.Equal(t, "3145728", w.Header().Get("Content-Length"))
	require.Contains(t, w.Header().Get("Content-Disposition"), "results.csv")
}

// A part costs memory also where its text is empty.
func TestAFormOfMyriadPartsIsRefused(t *testing.T) {
	t.Parallel()
	b := setupFiles(t)
	part := "--x\r\nContent-Disposition: form-data; name=\"label\"\r\n\r\n\r\n"
	r := httptest.NewRequest(http.MethodPost, links.Start("acme", "north", "sample.load"), strings.NewReader(strings.Repeat(part, 20_000)+"--x--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.AddCookie(b.session(b.owner()))
	require.Equal(t, http.StatusRequestEntityTooLarge, b.serve(r).Code)
}

// largest keeps the largest piece of an answer.
type largest struct {
	*httptest.ResponseRecorder
	most int
}

func (l *largest) Write(p []byte) (int, error) {
	l.most = max(l.most, len(p))
	return l.ResponseRecorder.Write(p)
}

func TestTheAPIDownloadsALargeResultPieceByPiece(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := modelstest.Running(t, b.store, b.world.NewRun())
	require.NoError(t, b.store.WriteArtifact(t.Context(), run.ID, "results.csv", "text/csv", func(w io.Writer) error {
		_, err := io.Copy(w, &lines{3 << 20})
		return err
	}))
	ask := func(name string) *largest {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/runs/"+run.ID+"/artifacts/"+name, nil)
		r.Header.Set("Authorization", "Bearer "+b.token(b.viewer()))
		w := &largest{ResponseRecorder: httptest.NewRecorder()}
		b.engine.ServeHTTP(w, r)
		return w
	}
	w := ask("results.csv")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, 3<<20, w.Body.Len())
	require.Equal(t, "3145728", w.Header().Get("Content-Length"))
	require.Less(t, w.most, 2<<20, "no more than a part is in memory")
	require.Equal(t, http.StatusNotFound, ask("none.csv").Code)
}

func TestAFileIsTakenInByTheAPI(t *testing.T) {
	t.Parallel()
	b := setupFiles(t)
	put := func(who reader, query string, body io.Reader) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/api/v1/uploads?"+query, body)
		r.Header.Set("Content-Type", "application/octet-stream")
		r.Header.Set("Authorization", "Bearer "+b.token(who))
		w := b.serve(r)
		return w
	}
	w := put(b.owner(), "workspace=acme&tenant=north&name=people.csv", strings.NewReader("id,name\n1,Ann\n"))
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
	var got struct {
		ID, Name, Format string
		Columns          []string
		Lines            int
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, []string{"id", "name"}, got.Columns)
	require.Equal(t, "people.csv csv 1", fmt.Sprintf("%s %s %d", got.Name, got.Format, got.Lines))
	_, err := b.store.Upload(t.Context(), b.world.ViewerScope, got.ID)
	require.NoError(t, err)

	problem(t, put(b.viewer(), "workspace=acme&tenant=north", strings.NewReader("id\n1\n")), http.StatusForbidden)
	problem(t, put(b.stranger(), "workspace=acme&tenant=north", strings.NewReader("id\n1\n")), http.StatusNotFound)
	problem(t, put(b.owner(), "workspace=acme", strings.NewReader("id\n1\n")), http.StatusBadRequest)
	w = put(b.owner(), "workspace=acme&tenant=north", strings.NewReader("a,b\n1\n"))
	problem(t, w, http.StatusUnprocessableEntity)
	require.Contains(t, w.Body.String(), "line 2: it has 1 fields and the header has 2")
	w = put(b.owner(), "workspace=acme&tenant=north", &lines{300 << 20})
	problem(t, w, http.StatusRequestEntityTooLarge)
	require.Contains(t, w.Body.String(), "larger than 1 MB")
	uploads, _ := b.stored()
	require.Equal(t, 1, uploads)
}
