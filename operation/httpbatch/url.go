package httpbatch

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// place is where in a URL a placeholder stands.
type place int

const (
	inHost place = iota
	inPath
	inQuery
	whole // the URL is the placeholder
)

// address is a URL with placeholders. Its values are encoded by where they stand, so that no value changes what the URL
// means beyond its place.
type address struct {
	template template
	places   []place // of each piece
}

// parseAddress reads a URL. With a base, a connection's, it is a path below it or an address of the same origin.
func parseAddress(text string, base *url.URL) (address, error) {
	t, err := parseTemplate(strings.TrimSpace(text))
	if err != nil {
		return address{}, err
	}
	if base != nil && (len(t) == 0 || !strings.Contains(t[0].literal, "://")) {
		t = append(template{{literal: strings.TrimRight(base.Scheme+"://"+base.Host+base.EscapedPath(), "/")}}, t...)
		if len(t) > 1 && !strings.HasPrefix(t[1].literal, "/") && !strings.HasPrefix(t[1].literal, "?") {
			t[0].literal += "/"
		}
		if len(t) > 1 && t[1].column == "" { // one literal, so that its parts are told apart as one
			t[0].literal += t[1].literal
			t = append(t[:1], t[2:]...)
		}
	}
	if len(t) == 1 && t[0].column != "" {
		return address{template: t, places: []place{whole}}, nil
	}
	a := address{template: t}
	if err := a.locate(); err != nil {
		return address{}, err
	}
	trial, err := a.expand(func(string) string { return "x" })
	if err != nil {
		return address{}, err
	}
	if base != nil && origin(trial) != origin(base) {
		return address{}, fmt.Errorf("leads to %s and the connection to %s; write the path alone", origin(trial), origin(base))
	}
	return a, nil
}

// locate finds each piece's place.
func (a *address) locate() error {
	rest, ok := "", false
	if len(a.template) > 0 {
		_, rest, ok = strings.Cut(a.template[0].literal, "://")
	}
	if !ok {
		return errors.New("must begin with http:// or https://, or be one {column} that holds the whole URL")
	}
	at := inHost
	for i, p := range a.template {
		if p.column != "" {
			a.places = append(a.places, at)
			continue
		}
		literal := p.literal
		if i == 0 {
			literal = rest
		}
		a.places = append(a.places, at)
		if strings.Contains(literal, "#") {
			return errors.New("has a fragment (#…), which is never sent; leave it out")
		}
		if at == inHost && strings.ContainsAny(literal, "/?") {
			at = inPath
		}
		if at == inPath && strings.Contains(literal, "?") {
			at = inQuery
		}
	}
	return nil
}

// expand makes the URL of one line.
func (a address) expand(value func(string) string) (*url.URL, error) {
	raw, err := a.template.expand(value, a.encode)
	if err != nil {
		return nil, err
	}
	u, err := webURL(raw)
	if err != nil {
		return nil, &valueError{err.Error()}
	}
	if a.places[0] == whole {
		return u, nil
	}
	for segment := range strings.SplitSeq(u.EscapedPath(), "/") {
		if s, err := url.PathUnescape(segment); err == nil && (s == "." || s == "..") && a.inPath() {
			return nil, badValue("its path would climb: %s", u.EscapedPath())
		}
	}
	return u, nil
}

func (a address) inPath() bool {
	for i, p := range a.template {
		if p.column != "" && a.places[i] == inPath {
			return true
		}
	}
	return false
}

// hostPart is what a value may be within a host: no port, no user, nothing that ends it.
var hostPart = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func (a address) encode(i int, column, value string) (string, error) {
	switch a.places[i] {
	case whole:
		return strings.TrimSpace(value), nil
	case inHost:
		if !hostPart.MatchString(value) {
			return "", badValue("%q in column %s cannot be part of a host", clip(value, 60), column)
		}
		return value, nil
	case inPath:
		if value == "" {
			return "", badValue("column %s is empty, and the URL's path needs it", column)
		}
		return url.PathEscape(value), nil
	case inQuery:
	}
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20"), nil
}

func webURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL", clip(raw, 120))
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.Opaque != "":
		return nil, fmt.Errorf("%q does not begin with http:// or https:// and a host", clip(raw, 120))
	case u.User != nil:
		return nil, errors.New("holds a user or a password; use a connection to sign in")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// origin is what credentials belong to.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// host names where requests go, with placeholders where it depends on the line.
func (a address) host() string {
	var out strings.Builder
	for _, p := range a.template {
		if p.column != "" {
			out.WriteString("{" + p.column + "}")
		}
		out.WriteString(p.literal)
	}
	_, rest, ok := strings.Cut(out.String(), "://")
	if !ok {
		return out.String()
	}
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
