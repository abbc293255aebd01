// Package secrets seals what must not be read in a database dump: the secrets of
// connections. It refuses to open one for another owner than it was sealed for,
// so that a row's secret is worthless in another row.
package secrets

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// format is the first byte of what is sealed, so that another way can follow.
const format = 1

// Box seals and opens with one key. It is safe for concurrent use.
type Box struct{ aead cipher.AEAD }

// NewBox makes a box of a 32-byte key.
func NewBox(key []byte) (*Box, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("make a secret box: the key has %d bytes, want 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make a secret box: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make a secret box: %w", err)
	}
	return &Box{aead: aead}, nil
}

// Seal encrypts a secret for its owner, a row's id.
func (b *Box) Seal(owner string, secret []byte) ([]byte, error) {
	if owner == "" {
		return nil, errors.New("seal a secret: it needs an owner")
	}
	return b.aead.Seal([]byte{format}, nil, secret, bound(owner)), nil
}

// Open decrypts what was sealed for the same owner by the same key.
func (b *Box) Open(owner string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != format {
		return nil, errors.New("open a secret: it is not sealed in a known way")
	}
	secret, err := b.aead.Open(nil, nil, sealed[1:], bound(owner))
	if err != nil {
		return nil, errors.New("open a secret: it was sealed by another key or for another owner; enter it again")
	}
	return secret, nil
}

// bound names the use beside the owner, so that no other use of the key fits.
func bound(owner string) []byte { return append([]byte{format}, "opstruth/connection/"+owner...) }
