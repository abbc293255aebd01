package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/models"
)

var (
	// ErrAnonymous says that nobody is signed in.
	ErrAnonymous = errors.New("not signed in")
	// ErrForbidden refuses an action within the scope of somebody who lacks the right to it.
	ErrForbidden = errors.New("not permitted for this role")
	// ErrWrongCredentials refuses a sign-in without saying what was wrong.
	ErrWrongCredentials = errors.New("the e-mail address or the password is wrong")
	// ErrNotAdmitted refuses somebody who proved who they are but has no business on this plane.
	ErrNotAdmitted = errors.New("this account has no access here; ask an owner to add it")
	// ErrBadToken refuses an API token that is unknown, expired or of the other plane.
	ErrBadToken = errors.New("the API token is not valid here: it is unknown, has expired or belongs to the other plane")
	// ErrLinkSpent refuses a sign-in link that does not work any more.
	ErrLinkSpent = errors.New("this sign-in link was used before or has expired; sign in with a password or ask for a new link")
)

// TooManyAttempts refuses a sign-in until Wait has passed.
type TooManyAttempts struct{ Wait time.Duration }

func (e *TooManyAttempts) Error() string {
	return fmt.Sprintf("too many attempts; try again in %d s", e.Seconds())
}

// Seconds is the wait, rounded up.
func (e *TooManyAttempts) Seconds() int { return int((e.Wait + time.Second - 1) / time.Second) }

// Accounts is what the service reads; *models.Store is one.
type Accounts interface {
	UserByEmail(ctx context.Context, email string) (models.User, error)
	UserByID(ctx context.Context, id string) (models.User, error)
	Memberships(ctx context.Context, userID string) ([]models.Membership, error)
	Capabilities(ctx context.Context, userID string) ([]models.Capability, error)
	TokenByHash(ctx context.Context, hash string) (models.APIToken, models.User, error)
	UseSignInLink(ctx context.Context, hash string) (models.SignInLink, error)
}

// Service signs people in and says who asks.
type Service struct {
	accounts   Accounts
	sessions   sessions
	perAccount *Limiter
	perAddress *Limiter
}

// New makes the service. Secure confines its cookies to https.
func New(accounts Accounts, store SessionStore, secure bool) *Service {
	return &Service{
		accounts: accounts,
		sessions: newSessions(store, secure),
		// An account is guessed at from one address at most 10 times and then twice a minute; an address,
		// which may be a whole office's, gets room for its people.
		perAccount: NewLimiter(30*time.Second, 10, 10_000),
		perAddress: NewLimiter(time.Second, 60, 10_000),
	}
}

// SignIn checks a password given from an address and returns who that is on the plane.
func (s *Service) SignIn(ctx context.Context, plane links.Plane, email, password, address string) (Principal, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	account, now := email+"\x00"+address, time.Now()
	if len(email) > 320 {
		return Principal{}, ErrWrongCredentials
	}
	if wait, ok := s.perAddress.Allow(address, now); !ok {
		return Principal{}, &TooManyAttempts{Wait: wait}
	}
	if wait, ok := s.perAccount.Allow(account, now); !ok {
		return Principal{}, &TooManyAttempts{Wait: wait}
	}
	user, err := s.accounts.UserByEmail(ctx, email)
	unknown := errors.Is(err, models.ErrNotFound)
	if err != nil && !unknown {
		return Principal{}, fmt.Errorf("sign in: %w", err)
	}
	hash := user.PasswordHash
	if unknown || hash == "" || !user.DisabledAt.IsZero() {
		hash = decoy
	}
	ok, err := CheckPassword(ctx, hash, password)
	if err != nil {
		return Principal{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok || hash == decoy {
		return Principal{}, ErrWrongCredentials
	}
	s.perAccount.Forgive(account)
	return s.principal(ctx, plane, user)
}

// SignInByLink spends a one-time link; the link itself says for which plane it is. Unlike a wrong
// password a wrong link cannot be guessed at, so only the address's own rate holds.
func (s *Service) SignInByLink(ctx context.Context, secret, address string) (Principal, error) {
	if wait, ok := s.perAddress.Allow(address, time.Now()); !ok {
		return Principal{}, &TooManyAttempts{Wait: wait}
	}
	link, err := s.accounts.UseSignInLink(ctx, HashSecret(secret))
	if errors.Is(err, models.ErrNotFound) {
		return Principal{}, ErrLinkSpent
	}
	if err != nil {
		return Principal{}, fmt.Errorf("use sign-in link: %w", err)
	}
	return s.byID(ctx, links.Plane(link.Plane), link.UserID)
}

// ByToken is who holds an API token of the plane.
func (s *Service) ByToken(ctx context.Context, plane links.Plane, token string) (Principal, error) {
	t, user, err := s.accounts.TokenByHash(ctx, HashSecret(token))
	if errors.Is(err, models.ErrNotFound) || err == nil && links.Plane(t.Plane) != plane {
		return Principal{}, ErrBadToken
	}
	if err != nil {
		return Principal{}, fmt.Errorf("read API token: %w", err)
	}
	p, err := s.admit(ctx, plane, user)
	if errors.Is(err, ErrAnonymous) || errors.Is(err, ErrNotAdmitted) {
		return Principal{}, ErrBadToken
	}
	return p, err
}

// byID reads the rights anew each time, so that a right taken away or an account disabled is over at once.
func (s *Service) byID(ctx context.Context, plane links.Plane, userID string) (Principal, error) {
	user, err := s.accounts.UserByID(ctx, userID)
	if errors.Is(err, models.ErrNotFound) {
		return Principal{}, ErrAnonymous
	}
	if err != nil {
		return Principal{}, fmt.Errorf("read account: %w", err)
	}
	return s.admit(ctx, plane, user)
}

// admit is an account that proved who it is, unless it is disabled.
func (s *Service) admit(ctx context.Context, plane links.Plane, user models.User) (Principal, error) {
	if !user.DisabledAt.IsZero() {
		return Principal{}, ErrAnonymous
	}
	return s.principal(ctx, plane, user)
}

func (s *Service) principal(ctx context.Context, plane links.Plane, user models.User) (Principal, error) {
	p := Principal{Plane: plane, User: user}
	var err error
	if plane == links.System {
		p.Platform, err = s.accounts.Capabilities(ctx, user.ID)
	} else {
		p.Memberships, err = s.accounts.Memberships(ctx, user.ID)
	}
	if err != nil {
		return Principal{}, fmt.Errorf("read rights: %w", err)
	}
	if !p.admitted() {
		return Principal{}, ErrNotAdmitted
	}
	return p, nil
}
