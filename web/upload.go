package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/table"
	"github.com/opstruth/opstruth/internal/upload"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/fault"
)

const (
	// fileLimit bounds a request that carries a file, either way.
	fileLimit = 5 * time.Minute
	// readOnMost is how much of a request is read, and thrown away, only so that its sender sees the answer: a browser
	// that is still sending does not look at it.
	readOnMost = 1 << 30
	// partCost is what a part of a form counts beside its name and its text, which may be empty.
	partCost = 128

	uploadsPath = "/api/v1/uploads"
)

// takesFile reports whether a request may carry a file, whose handler then bounds it.
func takesFile(r *http.Request, route string) bool {
	return r.Method == http.MethodPost && (route == uploadsPath || strings.HasSuffix(route, "/start/:type") && isMultipart(r))
}

func isMultipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// patient gives a request that carries a file the time for it. Only who may send one gets it.
func patient(c *gin.Context) {
	until := time.Now().Add(fileLimit)
	control := http.NewResponseController(c.Writer)
	_ = control.SetReadDeadline(until) // a connection without deadlines needs none
	_ = control.SetWriteDeadline(until.Add(10 * time.Second))
}

// withFile lets a request carry a file.
func (s *server) withFile(h handler) handler {
	return func(c *gin.Context, a access.Access) error {
		patient(c)
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, readOnMost)
		return h(c, a)
	}
}

// submitted reads the form that starts an operation, and takes in the files that came with it: their ids are its values.
// What was read stands beside an error that is of a file alone.
func (s *server) submitted(c *gin.Context, a access.Access, def operation.Definition) (url.Values, error) {
	if !isMultipart(c.Request) {
		err := parseForm(c)
		return c.Request.PostForm, err //nolint:forbidigo // the form that was sent, not a request
	}
	patient(c)
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, readOnMost)
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return nil, unreadable(err)
	}
	values := url.Values{}
	var refused error
	for room := int64(bodyLimit); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return values, refused
		}
		if err != nil {
			return nil, unreadable(err)
		}
		name := part.FormName()
		isFile := slices.ContainsFunc(def.Fields, func(f operation.Field) bool { return f.Name == name && f.Kind == operation.File })
		switch {
		case isFile && part.FileName() != "":
			id, err := s.takeIn(c, a, part)
			if err != nil && !ofFile(err) {
				return nil, unreadable(err)
			}
			if err != nil {
				refused = &fileRefused{name, err}
			}
			values[name] = []string{id}
		case part.FileName() != "":
			return nil, &fault.Invalid{Detail: "the form asks for no file named " + name}
		default:
			text, err := io.ReadAll(io.LimitReader(part, room+1))
			if err != nil {
				return nil, unreadable(err)
			}
			if room -= int64(len(name)+len(text)) + partCost; room < 0 {
				return nil, fault.ErrTooLarge
			}
			if len(text) > 0 || !isFile { // a file that was not chosen leaves an earlier one in place
				values.Add(name, string(text))
			}
		}
	}
}

func (s *server) takeIn(c *gin.Context, a access.Access, part *multipart.Part) (string, error) {
	u, err := upload.Receive(c.Request.Context(), s.Store, models.Upload{
		WorkspaceID: a.Workspace.ID, TenantID: a.Tenant.ID, Name: part.FileName(), UserID: a.User.ID,
	}, part, s.UploadBytes)
	return u.ID, err
}

// fileRefused says which field's file is refused, and why.
type fileRefused struct {
	field string
	err   error
}

func (e *fileRefused) Error() string { return "cannot be used: " + e.err.Error() }
func (e *fileRefused) Unwrap() error { return e.err }

func ofFile(err error) bool {
	var size *table.SizeError
	var file *table.FileError
	return errors.As(err, &size) || errors.As(err, &file) || errors.Is(err, models.ErrUploadsFull)
}

// unreadable is the sender's error unless it is one of ours or of the file.
func unreadable(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, http.ErrMissingBoundary),
		errors.Is(err, multipart.ErrMessageTooLarge):
		return &fault.Invalid{Detail: "the form did not arrive whole; open the page again and resend it"}
	}
	return err
}
