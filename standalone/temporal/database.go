package temporal

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// prepareDatabase makes the schema and the namespace unless they exist.
func prepareDatabase(ctx context.Context, path string, store *config.SQL, namespace string, retention time.Duration) error {
	if err := createSchema(ctx, path); err != nil {
		return err
	}
	ns, err := sqliteschema.NewNamespaceConfig(clusterName, namespace, false, nil)
	if err != nil {
		return fmt.Errorf("describe temporal's namespace %q: %w", namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := sqliteschema.CreateNamespaces(store, ns); err != nil {
		return fmt.Errorf("make temporal's namespace %q: %w", namespace, err)
	}
	return nil
}

// createSchema fills an empty file in one transaction, so that a process killed in the middle leaves an empty file and
// not half a schema.
func createSchema(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=rwc&_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		return fmt.Errorf("open temporal's database: %w", err)
	}
	defer func() {
		if closeErr := db.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close temporal's database: %w", closeErr)
		}
	}()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open temporal's database %s: %w", path, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	var tables int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table'").Scan(&tables); err != nil {
		return fmt.Errorf("read temporal's database %s: %w", path, err)
	}
	if tables > 0 {
		return nil
	}
	if err := sqliteschema.SetupSchemaOnDB(schemaTx{ctx: ctx, tx: tx}); err != nil {
		return fmt.Errorf("make temporal's schema: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("make temporal's schema: %w", err)
	}
	return nil
}

// schemaTx lets Temporal's schema helper, which only ever calls Exec, work inside our transaction.
type schemaTx struct {
	sqlplugin.AdminDB
	ctx context.Context //nolint:containedctx // the helper's interface passes none
	tx  *sql.Tx
}

func (s schemaTx) Exec(stmt string, args ...any) error {
	_, err := s.tx.ExecContext(s.ctx, stmt, args...)
	return err
}
