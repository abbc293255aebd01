package sample

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/datadir"
)

// demoFile tells where everything is and how to sign in.
const demoFile = "demo.json"

// linkLasts is how long the printed sign-in link waits to be used.
const linkLasts = 24 * time.Hour

// Demo is the content of demo.json.
type Demo struct {
	AdminURL      string `json:"admin_url"`
	SystemURL     string `json:"system_url"`
	APIURL        string `json:"api_url"`
	TemporalUIURL string `json:"temporal_ui_url"`
	Users         []User `json:"users"`
}

// User is one way to sign in. Name is the e-mail address that the sign-in page asks for.
type User struct {
	Name      string   `json:"name"`
	Plane     string   `json:"plane"`
	Role      string   `json:"role"`
	Workspace string   `json:"workspace,omitempty"`
	Tenants   []string `json:"tenants,omitempty"` // the only ones; without it all
	Password  string   `json:"password"`
	Token     string   `json:"token"`
}

// signIns makes sure that everybody can sign in. Passwords and tokens are made once and kept in demo.json alone; where
// that file was lost, everybody gets new ones.
func signIns(ctx context.Context, store *models.Store, dir *datadir.Dir, all []person) ([]User, error) {
	var old Demo
	if err := dir.Read(demoFile, &old); err != nil {
		return nil, err
	}
	known := map[string]User{}
	for _, u := range old.Users {
		known[u.Name] = u
	}
	users := make([]User, 0, len(all))
	for _, p := range all {
		account, err := ensureUser(ctx, store, p)
		if err != nil {
			return nil, err
		}
		u := p.user()
		u.Password, u.Token = known[p.email].Password, known[p.email].Token
		if u.Password == "" || u.Token == "" {
			if err := renew(ctx, store, account, &u); err != nil {
				return nil, fmt.Errorf("make the sign-in of %s: %w", p.email, err)
			}
		}
		users = append(users, u)
	}
	return users, nil
}

func ensureUser(ctx context.Context, store *models.Store, p person) (models.User, error) {
	account, err := store.UserByEmail(ctx, p.email)
	if errors.Is(err, models.ErrNotFound) {
		account, err = store.CreateUser(ctx, models.User{Email: p.email, Name: p.name})
	}
	if err == nil {
		err = grant(ctx, store, account.ID, p)
	}
	if err != nil {
		return account, fmt.Errorf("make the account of %s: %w", p.email, err)
	}
	return account, nil
}

// grant gives a person their place. Doing it again changes nothing.
func grant(ctx context.Context, store *models.Store, userID string, p person) error {
	for _, c := range p.platform {
		if err := store.GrantCapability(ctx, userID, c); err != nil {
			return err
		}
	}
	if p.workspace == "" {
		return nil
	}
	w, err := store.Workspace(ctx, models.Platform(), p.workspace)
	if err != nil {
		return err
	}
	m := models.Membership{UserID: userID, WorkspaceID: w.ID, Role: p.role, AllTenants: p.tenant == ""}
	if p.tenant != "" {
		t, err := store.Tenant(ctx, models.Platform(), w.ID, p.tenant)
		if err != nil {
			return err
		}
		m.TenantIDs = []string{t.ID}
	}
	return store.SetMembership(ctx, m)
}

// renew gives a person a new password and a new API token.
func renew(ctx context.Context, store *models.Store, account models.User, u *User) error {
	u.Password = strings.ToLower(rand.Text()[:20])
	hash, err := auth.HashPassword(u.Password)
	if err != nil {
		return err
	}
	if err := store.SetPassword(ctx, account.ID, hash); err != nil {
		return err
	}
	token, tokenHash := auth.NewToken()
	u.Token = token
	_, err = store.CreateToken(ctx, models.APIToken{
		UserID: account.ID, Plane: models.Plane(u.Plane), Hash: tokenHash, Name: "demo",
	})
	return err
}

func (p person) user() User {
	u := User{Name: p.email, Plane: string(models.PlaneAdmin), Role: string(p.role), Workspace: p.workspace}
	if p.workspace == "" {
		u.Plane, u.Role = string(models.PlaneSystem), "platform"
	}
	if p.tenant != "" {
		u.Tenants = []string{p.tenant}
	}
	return u
}

// signInLink makes a link that signs a person in once.
func signInLink(ctx context.Context, store *models.Store, u User) (path string, err error) {
	account, err := store.UserByEmail(ctx, u.Name)
	if err != nil {
		return "", fmt.Errorf("make a sign-in link: %w", err)
	}
	secret, hash := auth.NewLinkSecret()
	err = store.CreateSignInLink(ctx, models.SignInLink{Hash: hash, UserID: account.ID, Plane: models.Plane(u.Plane)}, linkLasts)
	if err != nil {
		return "", fmt.Errorf("make a sign-in link: %w", err)
	}
	return links.SignInLink(secret), nil
}

// Prepare fills an installation, writes down where everything is, and makes a link that signs in once: with sample data
// the owner of the first workspace.
func Prepare(ctx context.Context, store *models.Store, dir *datadir.Dir, api *API, seal Seal, publicURL, temporalUIURL string) (Demo, string, error) {
	users, err := Seed(ctx, store, dir, api, seal)
	if err != nil {
		return Demo{}, "", err
	}
	demo := Demo{
		AdminURL: publicURL + links.Home(links.Admin), SystemURL: publicURL + links.Home(links.System),
		APIURL: publicURL + "/api/v1", TemporalUIURL: temporalUIURL, Users: users,
	}
	if err := dir.Write(demoFile, demo); err != nil {
		return Demo{}, "", err
	}
	path, err := signInLink(ctx, store, users[0])
	return demo, publicURL + path, err
}
