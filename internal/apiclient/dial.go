package apiclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const callLimit = 30 * time.Second // one call, its answer's body included; the server gives up before

// Dial makes a client for the API of the console at an address, with a personal API token. It asks
// nothing yet. Every call ends after 30 s at the latest.
func Dial(address, token string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("use the console's address %q: want one like https://opstruth.example.com", address)
	}
	return NewClient(address,
		WithHTTPClient(&http.Client{Timeout: callLimit, CheckRedirect: stay}),
		WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Accept", "application/json, application/problem+json")
			return nil
		}))
}

// stay follows no redirect: a changed method would make another call of a POST, and a token belongs to
// the address that it was given for.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
