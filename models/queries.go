package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// insert runs one INSERT; ErrExists when a unique name is taken.
func (s *Store) insert(ctx context.Context, what, statement string, args ...any) error {
	_, err := s.exec(ctx, statement, args...)
	if err != nil && s.d.UniqueErr(err) {
		return fmt.Errorf("create %s: %w", what, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", what, err)
	}
	return nil
}

// many reads rows into values.
func many[T any](ctx context.Context, s *Store, what, query string, args ...any) ([]T, error) {
	var rows []T
	if err := s.read(ctx, func(db *gorm.DB) error { return db.Raw(query, args...).Scan(&rows).Error }); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return rows, nil
}

// one reads the only row, or ErrNotFound.
func one[T any](ctx context.Context, s *Store, what, query string, args ...any) (T, error) {
	rows, err := many[T](ctx, s, what, query, args...)
	return only(rows, what, err)
}

// written runs one statement that returns the only row it wrote, or ErrNotFound.
func written[T any](ctx context.Context, s *Store, what, statement string, args ...any) (T, error) {
	var rows []T
	err := s.Write(ctx, func(tx *gorm.DB) error {
		rows = nil
		return tx.Raw(statement, args...).Scan(&rows).Error
	})
	if err != nil {
		err = fmt.Errorf("write %s: %w", what, err)
	}
	return only(rows, what, err)
}

func only[T any](rows []T, what string, err error) (T, error) {
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("find %s: %w", what, ErrNotFound)
	}
	if err != nil {
		var none T
		return none, err
	}
	return rows[0], nil
}
