package config

import (
	"encoding/base64"
	"errors"
	"log/slog"
)

// KeyBytes is the length of the key that encrypts the secrets of connections.
const KeyBytes = 32

// Key is that key. It prints and logs as a placeholder; Bytes returns it.
type Key struct{ bytes []byte }

// NewKey wraps raw bytes, which must be KeyBytes long.
func NewKey(raw []byte) (Key, error) {
	if len(raw) != KeyBytes {
		return Key{}, errors.New("use a key of 32 bytes")
	}
	return Key{bytes: append([]byte(nil), raw...)}, nil
}

// Bytes returns the key; nil when none is set.
func (k Key) Bytes() []byte { return k.bytes }

// String keeps the key out of messages.
func (k Key) String() string {
	if k.bytes == nil {
		return "[no key]"
	}
	return "[secret key]"
}

// GoString keeps the key out of %#v.
func (k Key) GoString() string { return k.String() }

// LogValue keeps the key out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// UnmarshalText reads standard base64.
func (k *Key) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return errors.New("read the key: not base64") // err would repeat a part of it
	}
	*k, err = NewKey(raw)
	return err
}
