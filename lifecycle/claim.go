package lifecycle

import "time"

// Claim is a person's word that they look after a run that needs somebody. It
// changes nothing else: the run counts as before. It lasts until it is released,
// the run ends, or the follow-up is noted or made good.
type Claim struct {
	At   time.Time
	By   string // a name; empty where the person is not known by one
	ByID string // the user's id, for two people may have one name
}

// Held reports whether somebody is on it.
func (c Claim) Held() bool { return !c.At.IsZero() }

// HeldBy reports whether the user with this id is on it.
func (c Claim) HeldBy(userID string) bool { return c.Held() && c.ByID == userID }

// Claimable reports whether the run needs a person: a stuck one, or an open follow-up.
func (t Truth) Claimable() bool { return t.ProblemClass == ActiveStaleAttention || t.Open }

// claim makes a person the one who is on it, instead of whoever was.
func (f *Facts) claim(by, byID string, now time.Time) error {
	if f.Claim.HeldBy(byID) {
		return ErrUnchanged
	}
	if !Derive(*f, now).Claimable() {
		return ErrNotAllowed
	}
	f.Claim = Claim{At: now, By: by, ByID: byID}
	return nil
}

func (f *Facts) release() error {
	if !f.Claim.Held() {
		return ErrUnchanged
	}
	f.Claim = Claim{}
	return nil
}
