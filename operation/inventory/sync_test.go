package inventory

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opstruth/opstruth/internal/outbound"
	"github.com/opstruth/opstruth/internal/secrets"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/operation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench runs the type against an API, in the place of the engine.
type bench struct {
	t      *testing.T
	api    *api
	store  *models.Store
	box    *secrets.Box
	world  modelstest.World
	conn   models.Connection
	syncer *syncer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, api: newAPI(t), store: modelstest.New(t)}
	b.world = modelstest.Seed(t, b.store)
	box, err := secrets.NewBox(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	b.box = box
	client := outbound.Client([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	t.Cleanup(client.CloseIdleConnections)
	quick := defaultLimits
	quick.pagesPerChunk = 2
	b.syncer = &syncer{store: b.store, http: client, unseal: box.Open, limits: quick}
	b.connect(func(*models.Connection) {})
	return b
}

// connect stores the tenant's connection, changed.
func (b *bench) connect(change func(*models.Connection)) {
	b.t.Helper()
	c := models.Connection{ID: b.conn.ID, TenantID: b.world.North.ID, Name: "directory", BaseURL: b.api.URL + "/v1.0", Auth: models.AuthNone}
	change(&c)
	saved, err := b.store.SaveConnection(b.t.Context(), c)
	require.NoError(b.t, err)
	b.conn = saved
}

func (b *bench) seal(secret string) []byte {
	b.t.Helper()
	sealed, err := b.box.Seal(b.conn.ID, []byte(secret))
	require.NoError(b.t, err)
	return sealed
}

// result is what a run left.
type result struct {
	run       models.Run
	items     map[string]operation.Item
	held      []string
	waited    []string
	total     int64
	artifacts map[string]string
	err       error
	outcome   lifecycle.Outcome
}

func (r *result) Item(i operation.Item)                     { r.items[i.Key] = i }
func (r *result) SetTotal(_ context.Context, n int64) error { r.total = n; return nil }
func (r *result) Artifact(_ context.Context, name, _ string, body []byte) error {
	r.artifacts[name] = string(body)
	return nil
}

func (r *result) Hold(ctx context.Context, d time.Duration, reason string) error {
	r.held = append(r.held, d.String()+" "+reason)
	return ctx.Err()
}

func (r *result) diff(t *testing.T) Diff {
	t.Helper()
	var d Diff
	require.NoError(t, json.Unmarshal([]byte(r.artifacts[DiffName]), &d))
	return d
}

// sync does one run from its start to its end.
func (b *bench) sync(collections ...string) *result {
	b.t.Helper()
	input, err := json.Marshal(Input{Connection: b.conn.ID, Collections: collections})
	require.NoError(b.t, err)
	d := define(b.syncer)
	target, err := d.Target(b.t.Context(), b.world.North.ID, input)
	require.NoError(b.t, err)
	run := modelstest.Running(b.t, b.store, b.world.NewRun(func(n *models.NewRun) { n.Type, n.Target, n.Input = Name, target, input }))
	r := &result{run: run, items: map[string]operation.Item{}, artifacts: map[string]string{}}
	r.err = b.steps(d, r, operation.Info{ID: run.ID, TenantID: run.TenantID, Type: Name, Target: target, Input: input})
	var c lifecycle.Counts
	c.Total = r.total
	for _, i := range r.items {
		c.Processed++
		if i.State == operation.ItemFailed {
			c.Failed++
		} else {
			c.Succeeded++
		}
	}
	r.outcome, _ = c.End()
	modelstest.Finish(b.t, b.store, run, lifecycle.Succeeded)
	return r
}

func (b *bench) steps(d operation.Definition, r *result, i operation.Info) error {
	ctx := b.t.Context()
	if err := d.Check(ctx, r, i); err != nil {
		return err
	}
	plan, err := d.Plan(ctx, r, i)
	if err != nil {
		return err
	}
	r.total = plan.Total
	for next := operation.More(plan.Cursor); !next.Done; {
		cursor := next.Cursor
		if next, err = d.Do(ctx, r, i, cursor); err != nil {
			return err
		}
		if next.Wait != nil {
			r.waited = append(r.waited, next.Wait.For.String()+" "+next.Wait.Reason)
		}
	}
	return d.Finish(ctx, r, i)
}
