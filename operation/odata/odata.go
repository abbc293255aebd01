// Package odata reads collections from APIs that answer in OData v4 JSON, page
// by page, as Microsoft Graph and its kin do.
//
// It makes one request at a time and decides nothing: what to do about a busy,
// broken or forbidden page is its caller's choice, for which every failure has a
// type. It never follows a link to another origin, and never keeps more than one
// page in memory.
package odata

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/opstruth/opstruth/internal/outbound"
)

// MaxPageBytes is the largest answer that is read.
const MaxPageBytes = 32 << 20

// maxLink is the longest next link that is followed, in bytes.
const maxLink = 8 << 10

// Config is where an API is and how to sign in. With a TokenURL it is by OAuth2
// client credentials, else with a Token by bearer, else not at all.
type Config struct {
	BaseURL string // collections are below it

	Token string

	TokenURL     string
	ClientID     string
	ClientSecret string
	Scopes       []string

	HTTP *http.Client // bounds each call in time and in reach
}

// Client reads one API. It is safe for concurrent use.
type Client struct {
	base *url.URL
	http *http.Client
	now  func() time.Time
}

// New makes a client. It calls nobody yet; its error is a wrong URL.
func New(ctx context.Context, c Config) (*Client, error) {
	base, err := webURL(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("read the base URL: %w", err)
	}
	signedIn := c.HTTP
	switch {
	case c.TokenURL != "":
		if _, err := webURL(c.TokenURL); err != nil {
			return nil, fmt.Errorf("read the token URL: %w", err)
		}
		grant := clientcredentials.Config{
			ClientID: c.ClientID, ClientSecret: c.ClientSecret, TokenURL: c.TokenURL, Scopes: c.Scopes,
		}
		signedIn = grant.Client(context.WithValue(ctx, oauth2.HTTPClient, c.HTTP))
	case c.Token != "":
		source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: c.Token})
		signedIn = oauth2.NewClient(context.WithValue(ctx, oauth2.HTTPClient, c.HTTP), source)
	}
	// The signed-in client has the transport alone; the limits go with it.
	limited := *signedIn
	limited.Timeout, limited.CheckRedirect = c.HTTP.Timeout, c.HTTP.CheckRedirect
	return &Client{base: base, http: &limited, now: time.Now}, nil
}

func webURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%q is not an http or https address", raw)
	}
	return u, nil
}

// Page is one page of a collection.
type Page struct {
	Objects []json.RawMessage
	Next    string // the link to the next page; empty on the last one
}

// First is the link to a collection's first page.
func (c *Client) First(collection string) string { return c.base.JoinPath(collection).String() }

// Read reads the page at a link that First or an earlier page gave.
func (c *Client) Read(ctx context.Context, link string) (Page, error) {
	target, err := c.own(link)
	if err != nil {
		return Page{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return Page{}, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("OData-MaxVersion", "4.0")
	res, err := c.http.Do(req)
	if err != nil {
		return Page{}, c.callError(ctx, err)
	}
	defer func() { _ = res.Body.Close() }() // nothing was written to it
	if res.StatusCode != http.StatusOK {
		return Page{}, c.statusError(res)
	}
	return c.decode(ctx, target, res.Body)
}

// own refuses a link that leaves the API's origin: it would take the credential
// along.
func (c *Client) own(link string) (*url.URL, error) {
	if len(link) > maxLink {
		return nil, &ContentError{fmt.Sprintf("its next link is longer than %d bytes", maxLink)}
	}
	u, err := c.base.Parse(link)
	if err != nil {
		return nil, &ContentError{"its next link is not a URL"}
	}
	if u.Scheme != c.base.Scheme || u.User != nil || !strings.EqualFold(hostPort(u), hostPort(c.base)) {
		return nil, &ContentError{fmt.Sprintf("its next link leads to %s://%s, away from %s://%s", u.Scheme, u.Host, c.base.Scheme, c.base.Host)}
	}
	return u, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Hostname() + ":" + port
}

func (c *Client) decode(ctx context.Context, at *url.URL, body io.Reader) (Page, error) {
	raw, err := io.ReadAll(io.LimitReader(body, MaxPageBytes+1))
	if err != nil {
		return Page{}, c.callError(ctx, err)
	}
	if len(raw) > MaxPageBytes {
		return Page{}, &ContentError{fmt.Sprintf("it is larger than %d MiB", MaxPageBytes>>20)}
	}
	var page struct {
		Value *[]json.RawMessage `json:"value"`
		Next  string             `json:"@odata.nextLink"`
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		return Page{}, &ContentError{"it is not JSON as OData v4 has it: " + excerpt(raw)}
	}
	if page.Value == nil {
		return Page{}, &ContentError{`it has no "value": ` + excerpt(raw)}
	}
	if page.Next == "" {
		return Page{Objects: *page.Value}, nil
	}
	next, err := at.Parse(page.Next) // OData allows a relative one
	if err != nil {
		return Page{}, &ContentError{"its next link is not a URL"}
	}
	if _, err := c.own(next.String()); err != nil {
		return Page{}, err
	}
	return Page{Objects: *page.Value, Next: next.String()}, nil
}

func excerpt(raw []byte) string {
	const most = 80
	raw = bytes.ToValidUTF8(raw[:min(len(raw), most)], nil)
	return fmt.Sprintf("%q", raw)
}

// callError tells a refused sign-in from an API that cannot be reached.
func (c *Client) callError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return c.reachError(err)
	}
	switch status := refused.Response.StatusCode; status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return &CredentialError{brief(strings.TrimSpace(refused.ErrorCode+" "+refused.ErrorDescription), status)}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &BusyError{Status: status, After: outbound.RetryAfter(refused.Response.Header, c.now())}
	default:
		return &StatusError{Status: status, Message: "the token endpoint does not work"}
	}
}

// reachError names the host that did not answer: the API's, or the token endpoint's.
func (c *Client) reachError(err error) error {
	host := c.base.Host
	for call := (*url.Error)(nil); errors.As(err, &call); err = call.Err {
		if u, parsed := url.Parse(call.URL); parsed == nil && u.Host != "" {
			host = u.Host
		}
	}
	return &ReachError{Host: host, Err: err}
}
