package harness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"time"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
)

// console reads pages as a member of the platform's staff.
type console struct {
	base   string
	client *http.Client
}

// openConsole signs in.
func (s *site) openConsole(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	s.console = &console{base: s.webURL(), client: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
	if err := s.serving(ctx, s.node(console0)); err != nil {
		return err
	}
	user, err := s.store.CreateUser(ctx, models.User{Email: "harness@opstruth.example", Name: "Harness"})
	if err != nil {
		return err
	}
	if err := s.store.GrantCapability(ctx, user.ID, models.CapView); err != nil {
		return err
	}
	secret, hash := auth.NewLinkSecret()
	if err := s.store.CreateSignInLink(ctx, models.SignInLink{Hash: hash, UserID: user.ID, Plane: models.PlaneSystem}, time.Hour); err != nil {
		return err
	}
	_, err = s.console.page(ctx, links.SignInLink(secret))
	return err
}

// ready asks whether the console serves.
func (c *console) ready(ctx context.Context) error {
	_, err := c.page(ctx, "/healthz")
	return err
}

// page reads a page.
func (c *console) page(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return "", err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("read page %s: %w", path, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", fmt.Errorf("read page %s: %w", path, err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("read page %s: %s", path, answer.Status)
	}
	return string(body), nil
}
