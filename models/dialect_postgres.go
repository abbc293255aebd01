package models

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

// postgresLiteral is a text as a constant in which nothing can be taken for syntax, nor for a place of a parameter.
func postgresLiteral(text string) string {
	var b strings.Builder
	b.WriteString("E'")
	for _, r := range text {
		if r == '%' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteString("'")
	return b.String()
}

func postgresUnique(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == uniqueViolation
}

// postgresBusy tells the transactions that the server gave up in favour of others.
func postgresBusy(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == deadlockDetected || refused.Code == serializationFailure)
}

// postgresAway tells errors of the connection, a server that lacks resources, stops or starts, and a statement that it
// gave up for its time.
func postgresAway(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return false
	}
	for _, class := range []string{"08", "53", "57", "58"} {
		if strings.HasPrefix(refused.Code, class) {
			return true
		}
	}
	return false
}
