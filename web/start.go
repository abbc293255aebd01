package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/act"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/page"
	"github.com/opstruth/opstruth/web/ui"
)

// startForm asks which operation to start for the tenant, and with what.
func (s *server) startForm(c *gin.Context, a access.Access) error {
	return s.showStart(c, a, http.StatusOK, nil, nil)
}

func (s *server) showStart(c *gin.Context, a access.Access, status int, given url.Values, wrong error) error {
	d := page.StartData{Tenant: a.Tenant, Type: c.Param("type"), Values: given, Err: wrong, Key: uuid.NewString()}
	if _, ok := s.Types.Lookup(d.Type); d.Type != "" && !ok {
		return models.ErrNotFound
	}
	err := s.uploads(c, a, &d)
	if err != nil {
		return err
	}
	if d.Connections, err = s.Store.Connections(c.Request.Context(), a.Scope(), a.Tenant.ID); err != nil {
		return err
	}
	if d.Frame, err = s.frame(c, a); err != nil {
		return err
	}
	s.html(c, status, ui.StartPage(page.Start(d)))
	return nil
}

// uploads finds the files that were sent already.
func (s *server) uploads(c *gin.Context, a access.Access, d *page.StartData) error {
	d.UploadBytes = s.UploadBytes
	def, _ := s.Types.Lookup(d.Type)
	for _, f := range def.Fields {
		id := d.Values.Get(f.Name)
		if f.Kind != operation.File || id == "" {
			continue
		}
		u, err := s.Store.Upload(c.Request.Context(), a.Scope(), id)
		switch {
		case err == nil && u.TenantID == a.Tenant.ID:
			d.Uploads = append(d.Uploads, u)
		case err != nil && !errors.Is(err, models.ErrNotFound):
			return err
		}
	}
	return nil
}

// start starts the operation, or shows the form again with what is wrong.
func (s *server) start(c *gin.Context, a access.Access) error {
	def, ok := s.Types.Lookup(c.Param("type"))
	if !ok {
		return models.ErrNotFound
	}
	form, err := s.submitted(c, a, def)
	var refused *fileRefused
	if errors.As(err, &refused) {
		return s.showStart(c, a, fault.Of(err).Status, form, operation.FieldErrors{refused.field: refused.Error()})
	}
	if err != nil {
		return err
	}
	input, err := def.FormInput(form)
	var run models.Run
	if err == nil {
		run, _, err = s.actions.Start(c.Request.Context(), a.Principal, act.Wish{
			Type: def.Name, WorkspaceID: a.Workspace.ID, TenantID: a.Tenant.ID, Input: input,
			IdempotencyKey: form.Get(page.KeyField),
		})
	}
	if f := fault.Of(err); err != nil && !f.Internal() {
		return s.showStart(c, a, f.Status, form, err)
	}
	if err != nil {
		return err
	}
	return seeOther(c, links.Run(a.Plane, run.ID, links.List{}))
}
