package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// tokenPrefix makes a leaked API token recognisable to secret scanners.
const tokenPrefix = "opst_"

// NewToken makes an API token and the hash under which it is stored.
func NewToken() (token, hash string) {
	token = tokenPrefix + random()
	return token, HashSecret(token)
}

// NewLinkSecret makes the secret of a one-time sign-in link and the hash under which it is stored.
func NewLinkSecret() (secret, hash string) {
	secret = random()
	return secret, HashSecret(secret)
}

// HashSecret is the stored form of a secret with 256 random bits, for which a plain digest is enough.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Bearer takes the token out of an Authorization header.
func Bearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	return token, found && strings.EqualFold(scheme, "Bearer") && token != ""
}
