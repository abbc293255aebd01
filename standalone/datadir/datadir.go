// Package datadir keeps what a standalone installation must not lose or share: one directory, held by one process, with
// a secret key made once. Everything in it is readable by its owner only.
package datadir

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/opstruth/opstruth/config"
)

const (
	lockFile = "lock"
	keyFile  = "secret.key"
)

// ErrInUse says that another process holds the directory.
var ErrInUse = errors.New("another opstruth uses it: stop that one, or choose another directory with --data")

// Dir is a directory that this process holds until Close, or until it ends in whatever way.
type Dir struct {
	path string
	lock *flock.Flock
}

// Default is where the data lies unless somebody says otherwise: below the user's state directory.
func Default() (string, error) {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "opstruth"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the data (choose one with --data): %w", err)
	}
	return filepath.Join(home, ".local", "state", "opstruth"), nil
}

// Open makes the directory where it is missing, and holds it.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find data directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	lock := flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	if !held {
		return nil, fmt.Errorf("lock data directory %s: %w", path, ErrInUse)
	}
	return &Dir{path: path, lock: lock}, nil
}

// Close lets other processes hold the directory.
func (d *Dir) Close() error {
	if err := d.lock.Close(); err != nil {
		return fmt.Errorf("unlock data directory %s: %w", d.path, err)
	}
	return nil
}

// Path is that of a file in the directory.
func (d *Dir) Path(name ...string) string {
	return filepath.Join(append([]string{d.path}, name...)...)
}

// KeyFile is the path of the key that seals the secrets of connections, in the form that OPSTRUTH_SECRET_KEY_FILE names.
// The first call makes it.
func (d *Dir) KeyFile() (string, error) {
	path := d.Path(keyFile)
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	raw := make([]byte, config.KeyBytes)
	_, _ = rand.Read(raw) // never fails
	return path, write(path, []byte(base64.StdEncoding.EncodeToString(raw)+"\n"))
}

// Read fills value from a JSON file. A missing file leaves it as it is.
func (d *Dir) Read(name string, value any) error {
	raw, err := os.ReadFile(d.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(raw, value)
	}
	if err != nil {
		return fmt.Errorf("read %s (delete it to have it made anew): %w", d.Path(name), err)
	}
	return nil
}

// Write replaces a JSON file whole or not at all.
func (d *Dir) Write(name string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return write(d.Path(name), append(raw, '\n'))
}

// write goes by way of another file, so that a crash leaves the old content or the new one.
func write(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
