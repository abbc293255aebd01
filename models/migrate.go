package models

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

const migrateTimeout = 10 * time.Minute

// Migration is one change of the schema. AppliedAt is zero while it is pending.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time
}

// MigrateUp brings the schema to this build's. Several processes may do so at once.
func (s *Store) MigrateUp(ctx context.Context) error {
	return s.migrate(ctx, "migrate up", func(ctx context.Context, p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
}

// MigrateDown takes the newest migration back, with the rows that it held.
func (s *Store) MigrateDown(ctx context.Context) error {
	return s.migrate(ctx, "migrate down", func(ctx context.Context, p *goose.Provider) error {
		_, err := p.Down(ctx)
		return err
	})
}

// MigrationStatus lists every migration, the oldest first.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	var all []Migration
	err := s.migrate(ctx, "read the migrations", func(ctx context.Context, p *goose.Provider) error {
		status, err := p.Status(ctx)
		for _, m := range status {
			all = append(all, Migration{Version: m.Source.Version, Name: path.Base(m.Source.Path), AppliedAt: m.AppliedAt})
		}
		return err
	})
	return all, err
}

// CheckSchema fails where the schema lacks a migration of this build. A newer build's schema passes.
func (s *Store) CheckSchema(ctx context.Context) error {
	var pending bool
	err := s.migrate(ctx, "read the migrations", func(ctx context.Context, p *goose.Provider) (err error) {
		pending, err = p.HasPending(ctx)
		return err
	})
	if err == nil && pending {
		return errors.New("the database lacks tables or columns of this version: run 'opstruth migrate up', then start again")
	}
	return err
}

func (s *Store) migrate(ctx context.Context, what string, do func(context.Context, *goose.Provider) error) error {
	ctx, cancel := context.WithTimeout(ctx, migrateTimeout)
	defer cancel()
	p, err := s.provider()
	if err == nil {
		err = do(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (s *Store) provider() (*goose.Provider, error) {
	pool, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, path.Join("migrations", s.d.Name))
	if err != nil {
		return nil, err
	}
	if !s.d.Advisory {
		return goose.NewProvider(goose.DialectSQLite3, pool, files)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, pool, files, goose.WithSessionLocker(locker))
}
