// Package inventory is the operation type inventory.sync: it reads a tenant's
// configuration objects from an OData collection API, keeps them as a snapshot,
// and tells what was added, changed and removed since the one before.
//
// An item is a collection. One that cannot be read to its end fails alone: what
// was read of it is kept and compared, and what was not read is never told as
// removed.
package inventory

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/operation/connection"
)

// Name is the operation type's name.
const Name = "inventory.sync"

// Input says what to read.
type Input struct {
	Connection  string   `json:"connection"`            // id of a stored connection of the tenant
	Collections []string `json:"collections,omitempty"` // none: all that the API lists
}

// Store is what the type needs of the record store.
type Store interface {
	Connection(ctx context.Context, id string) (models.Connection, error)
	BeginInventory(ctx context.Context, runID, connectionID string, collections []string) (models.Inventory, error)
	Inventory(ctx context.Context, runID string) (models.Inventory, error)
	SaveInventoryPage(ctx context.Context, runID string, c models.InventoryCollection, objects []models.InventoryObject) error
	InventoryDiff(ctx context.Context, runID, collection string, changed func(models.InventoryChange) error) (models.InventoryDiff, error)
}

// limits bound what one run does to an API, and what an API can do to a run.
type limits struct {
	pagesPerChunk int           // after so many pages the place is remembered for good
	maxPages      int64         // of one collection
	busyTries     int           // in a row, of one page that is answered 429 or 503
	brokenTries   int           // of one page that is answered by another server error
	reachTries    int           // before any work, of an API that does not answer
	backoff       time.Duration // before the second try; it doubles with each further one
	maxBackoff    time.Duration
	maxHold       time.Duration // a longer wait is left to the workflow, which needs no worker for it
	maxWait       time.Duration // the longest Retry-After that is followed to its end
}

var defaultLimits = limits{
	pagesPerChunk: 20, maxPages: 20_000, busyTries: 30, brokenTries: 4, reachTries: 3,
	backoff: 2 * time.Second, maxBackoff: time.Minute, maxHold: time.Minute, maxWait: time.Hour,
}

// New makes the operation type.
func New(s operation.Services) operation.Definition {
	return define(&syncer{store: s.Store, http: s.Outbound, unseal: s.Unseal, limits: defaultLimits})
}

// syncer does the work of all runs.
type syncer struct {
	store  Store
	http   *http.Client
	unseal func(owner string, sealed []byte) ([]byte, error)
	limits limits
}

func define(s *syncer) operation.Definition {
	return operation.Define(operation.Type[Input]{
		Name:        Name,
		Title:       "Inventory sync",
		Description: "Reads the tenant's configuration objects and shows what has changed since the last time.",
		Supersedes:  true,
		Exclusive:   true,
		Fields: []operation.Field{
			{Name: "connection", Label: "Connection", Kind: operation.Connection, Required: true, Help: "Where the objects are read."},
			{
				Name: "collections", Label: "Collections", Kind: operation.Choices, Options: wellKnown,
				Help: "What to read. Choose none to read all that the connection lists.",
			},
		},
		Validate: validate,
		TargetOf: s.target,
		Check:    s.check,
		Plan:     s.plan,
		Do:       s.do,
		Finish:   s.finish,
	})
}

// wellKnown are the collections that the form offers.
var wellKnown = []operation.Option{
	{Value: "users", Label: "Users"},
	{Value: "groups", Label: "Groups"},
	{Value: "devices", Label: "Devices"},
	{Value: "applications", Label: "Applications"},
	{Value: "servicePrincipals", Label: "Service principals"},
	{Value: "deviceConfigurations", Label: "Device configurations"},
	{Value: "deviceCompliancePolicies", Label: "Device compliance policies"},
	{Value: "conditionalAccessPolicies", Label: "Conditional access policies"},
	{Value: "mobileApps", Label: "Mobile apps"},
}

// maxCollections bounds one run, and with it what a service document may ask for.
const maxCollections = 200

// collectionName is a path below the base URL, such as users or
// deviceManagement/deviceConfigurations. It cannot climb out of it.
var collectionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*){0,3}$`)

func validate(in Input) error {
	seen := map[string]bool{}
	for _, name := range in.Collections {
		switch {
		case len(name) > 100 || !collectionName.MatchString(name):
			return operation.FieldErrors{"collections": "must be names of collections, like users or deviceManagement/mobileApps"}
		case seen[name]:
			return operation.FieldErrors{"collections": "must name each collection once; " + name + " is there twice"}
		}
		seen[name] = true
	}
	if len(in.Collections) > maxCollections {
		return operation.FieldErrors{"collections": "must be 200 at most"}
	}
	return nil
}

// target is the connection's name, and what is read of it where that is not all.
func (s *syncer) target(ctx context.Context, tenantID string, in Input) (string, error) {
	c, err := connection.Of(ctx, s.store, tenantID, in.Connection)
	if errors.Is(err, connection.ErrNotOwn) {
		return "", operation.FieldErrors{"connection": err.Error()}
	}
	if err != nil || len(in.Collections) == 0 {
		return c.Name, err
	}
	return c.Name + ": " + strings.Join(in.Collections, ", "), nil
}
