package archtest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNobodyImportsWhatTheyMayNot(t *testing.T) {
	t.Parallel()

	found, files, err := check(os.DirFS("../.."), Rules())
	require.NoError(t, err)
	require.Greater(t, files, 20, "the test must have found the repository's sources")
	require.Empty(t, found)
}

func TestTheCheckNoticesEachKindOfViolation(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		file, imported string
		refused        bool
	}{
		"lifecycle, a library":           {"lifecycle/x.go", "github.com/google/uuid", true},
		"lifecycle, ours":                {"lifecycle/x.go", module + "config", true},
		"lifecycle, standard":            {"lifecycle/x.go", "time", false},
		"config, ours":                   {"config/x.go", module + "lifecycle", true},
		"config, a library":              {"config/x.go", "github.com/caarlos0/env/v11", false},
		"contract, lifecycle":            {"workflows/contract/x.go", module + "lifecycle", false},
		"contract, the SDK":              {"workflows/contract/x.go", "go.temporal.io/sdk/workflow", true},
		"contract, models":               {"workflows/contract/x.go", module + "models", true},
		"models, lifecycle":              {"models/x.go", module + "lifecycle", false},
		"models, its own":                {"models/sqlite/x.go", module + "models", false},
		"models, a library":              {"models/x.go", "gorm.io/gorm", false},
		"models, the SDK":                {"models/x.go", "go.temporal.io/sdk/client", true},
		"models, operation":              {"models/x.go", module + "operation", true},
		"activities, web":                {"activities/x.go", module + "web/view", true},
		"workflows, web":                 {"workflows/x.go", module + "web", true},
		"a type of operations, a page":   {"operation/inventory/x.go", module + "web/view", true},
		"worker, web":                    {"worker/x.go", module + "web", true},
		"view, gin":                      {"web/view/x.go", "github.com/gin-gonic/gin", true},
		"view, gorm":                     {"web/view/x.go", "gorm.io/gorm", true},
		"view, models":                   {"web/view/x.go", module + "models", false},
		"web, workflows":                 {"web/x.go", module + "workflows", true},
		"web, the contract":              {"web/x.go", module + "workflows/contract", false},
		"web, worker":                    {"web/x.go", module + "worker", true},
		"a package below internal, web":  {"internal/links/x.go", module + "web", true},
		"operation, worker":              {"operation/x.go", module + "worker", true},
		"app, web":                       {"internal/app/x.go", module + "web", false},
		"cmd, app":                       {"cmd/opstruth/x.go", module + "internal/app", false},
		"web, app":                       {"web/x.go", module + "internal/app", true},
		"standalone, worker":             {"standalone/x.go", module + "worker", false},
		"standalone, the server":         {"standalone/temporal/x.go", "go.temporal.io/server/temporal", false},
		"the root module, the server":    {"internal/app/x.go", "go.temporal.io/server/temporal", true},
		"the root module, standalone":    {"cmd/opstruth/x.go", module + "standalone", true},
		"a test may import what it will": {"models/x_test.go", module + "operation", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			source := "package x\n\nimport _ \"" + c.imported + "\"\n"
			found, _, err := check(fstest.MapFS{c.file: {Data: []byte(source)}}, Rules())
			require.NoError(t, err)
			if !c.refused {
				require.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			require.Contains(t, found[0].String(), c.file+" imports "+strings.TrimPrefix(c.imported, module))
		})
	}
}

// The release image builds cmd/opstruth from the root module alone, as this does.
func TestTheProgramBuildsAloneAndWithoutATemporalServer(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	list := exec.CommandContext(ctx, "go", "list", "-deps", "./cmd/...")
	list.Dir = "../.."
	list.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	out, err := list.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "go.temporal.io/sdk/client")
	for _, refused := range []string{"go.temporal.io/server", "github.com/temporalio/ui-server", module + "standalone"} {
		require.NotContains(t, string(out), "\n"+refused)
	}
}
