package page

import (
	"net/http"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/fault"
	"github.com/opstruth/opstruth/web/view"
)

// SignInData is what the sign-in page of a plane is made of.
type SignInData struct {
	Plane  links.Plane
	Next   string // the local path to go on to
	Email  string // as submitted
	Err    error  // why the sign-in was refused
	Notice string // such as "You are signed out."
}

// SignIn asks who somebody is.
func SignIn(d SignInData) view.SignIn {
	s := view.SignIn{
		Plane:  view.Plane(d.Plane),
		Notice: d.Notice,
		Form: view.Form{
			Href: links.SignIn(d.Plane, d.Next), Submit: "Sign in",
			Fields: []view.Field{
				{Name: "email", Label: "E-mail", Value: d.Email, Required: true, Autocomplete: "username", MaxLength: 320, Autofocus: d.Email == ""},
				{Name: "password", Label: "Password", Kind: view.PasswordField, Required: true, Autocomplete: "current-password", MaxLength: 1024, Autofocus: d.Email != ""},
			},
		},
		Other: view.Link{Label: "Platform staff sign in here", Href: links.SignIn(links.System, "")},
	}
	if d.Plane == links.System {
		s.Other = view.Link{Label: "Members of a workspace sign in here", Href: links.SignIn(links.Admin, "")}
	}
	if d.Err != nil {
		s.Form.Error = sentence(fault.Of(d.Err).Detail)
	}
	return s
}

// Error tells a reader what went wrong and where to go. It says nothing that the fault does not, so that
// what is missing and what is out of reach look the same.
func Error(plane links.Plane, f fault.Fault, requestID string) view.ErrorPage {
	e := view.ErrorPage{
		Code: f.Status, Title: f.Title, Text: sentence(f.Detail),
		Back: view.Action{Label: "Go to the first page", Href: links.Home(plane), Primary: true},
	}
	if f.Status == http.StatusUnauthorized || f.Status == http.StatusGone {
		e.Back = view.Action{Label: "Sign in", Href: links.SignIn(plane, ""), Primary: true}
	}
	if f.Internal() {
		e.RequestID = requestID
	}
	return e
}
