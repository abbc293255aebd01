package deploytest_test

import (
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/temporalclient"
)

// exported is what the compose file asks its user to export.
const exported = "OPSTRUTH_SECRET_KEY=a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="

func project(t *testing.T, environ ...string) (*types.Project, error) {
	t.Helper()

	options, err := cli.NewProjectOptions([]string{"../../docker-compose.yml"}, cli.WithEnv(environ))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func load(t *testing.T) *types.Project {
	t.Helper()

	loaded, err := project(t, exported)
	require.NoError(t, err)
	return loaded
}

// ours are the services that run this program, by their command.
func ours(t *testing.T, in *types.Project) map[string]types.ServiceConfig {
	t.Helper()

	found := map[string]types.ServiceConfig{}
	for name, service := range in.Services {
		if service.Build != nil {
			found[name] = service
		}
	}
	require.Contains(t, found, "migrate")
	require.Contains(t, found, "web")
	require.Contains(t, found, "worker")
	return found
}

func environ(service types.ServiceConfig) []string {
	var all []string
	for name, value := range service.Environment {
		if value != nil {
			all = append(all, name+"="+*value)
		}
	}
	return all
}

func TestComposeAsksForTheSecretKey(t *testing.T) {
	t.Parallel()

	_, err := project(t)
	require.ErrorContains(t, err, "openssl rand -base64 32")
}

func TestComposeSetsOnlyWhatTheProgramReads(t *testing.T) {
	t.Parallel()

	for name, service := range ours(t, load(t)) {
		_, err := config.Load(environ(service), config.DatabaseURL, config.SecretKey)
		require.NoError(t, err, name)

		reading := &lookup{values: service.Environment, asked: map[string]bool{}}
		_, err = temporalclient.Settings(reading)
		require.NoError(t, err, name)
		for variable := range service.Environment {
			switch {
			case strings.HasPrefix(variable, "OPSTRUTH_"):
				require.Contains(t, config.Variables(), variable, name)
			case strings.HasPrefix(variable, "TEMPORAL_"):
				require.True(t, reading.asked[variable], "%s sets %s, which Temporal's client settings do not have", name, variable)
			default:
				require.Fail(t, "unknown variable", "%s sets %s, which the program does not read", name, variable)
			}
		}
	}
}

// lookup is an environment that remembers what it was asked for.
type lookup struct {
	values types.MappingWithEquals
	asked  map[string]bool
}

func (l *lookup) Environ() []string { return nil }

func (l *lookup) LookupEnv(name string) (string, bool) {
	l.asked[name] = true
	if value := l.values[name]; value != nil {
		return *value, true
	}
	return "", false
}

func TestComposeAddressesNameItsOwnServices(t *testing.T) {
	t.Parallel()

	loaded := load(t)
	for name, service := range ours(t, loaded) {
		c, err := config.Load(environ(service))
		require.NoError(t, err)
		database, err := url.Parse(c.DatabaseURL)
		require.NoError(t, err)
		postgres := loaded.Services[database.Hostname()]
		require.NotEmpty(t, postgres.Image, "%s: no service %s", name, database.Hostname())
		password, _ := database.User.Password()
		require.Equal(t, *postgres.Environment["POSTGRES_USER"], database.User.Username())
		require.Equal(t, *postgres.Environment["POSTGRES_PASSWORD"], password)
		require.Equal(t, *postgres.Environment["POSTGRES_DB"], strings.TrimPrefix(database.Path, "/"))

		host, port, err := net.SplitHostPort(*service.Environment["TEMPORAL_ADDRESS"])
		require.NoError(t, err)
		require.Contains(t, loaded.Services, host)
		require.Equal(t, "7233", port)
		require.Equal(t, *loaded.Services["temporal-namespace"].Environment["TEMPORAL_NAMESPACE"], *service.Environment["TEMPORAL_NAMESPACE"])
	}
	requirePublished(t, loaded, "web", mustConfig(t, loaded).PublicURL)
	requirePublished(t, loaded, "temporal-ui", mustConfig(t, loaded).TemporalUIURL)
}

func mustConfig(t *testing.T, in *types.Project) config.Config {
	t.Helper()

	c, err := config.Load(environ(in.Services["web"]))
	require.NoError(t, err)
	return c
}

// requirePublished checks that the service answers at the address that people are given.
func requirePublished(t *testing.T, in *types.Project, service, address string) {
	t.Helper()

	parsed, err := url.Parse(address)
	require.NoError(t, err)
	var published []string
	for _, port := range in.Services[service].Ports {
		published = append(published, net.JoinHostPort(port.HostIP, port.Published))
	}
	require.Contains(t, published, parsed.Host)
}

func TestComposePublishesOnLoopbackOnly(t *testing.T) {
	t.Parallel()

	for name, service := range load(t).Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "%s publishes %s", name, port.Published)
		}
	}
}

func TestComposeStartsThingsInOrder(t *testing.T) {
	t.Parallel()

	loaded := load(t)
	for _, name := range []string{"web", "worker"} {
		needs := loaded.Services[name].DependsOn
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, needs["migrate"].Condition)
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, needs["temporal-namespace"].Condition)
	}
	for name, service := range loaded.Services {
		for other, need := range service.DependsOn {
			if need.Condition == types.ServiceConditionHealthy {
				require.NotNil(t, loaded.Services[other].HealthCheck, "%s waits for the health of %s, which has no check", name, other)
			}
		}
		require.NotContains(t, service.Image, ":latest", name)
	}
}

func TestComposeMountsWhatIsThere(t *testing.T) {
	t.Parallel()

	loaded := load(t)
	for name, service := range loaded.Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				require.DirExists(t, volume.Source, name)
			}
		}
		if service.Build != nil {
			require.FileExists(t, service.Build.Context+"/"+service.Build.Dockerfile, name)
		}
	}
	dockerfile, err := os.ReadFile("../../deploy/Dockerfile")
	require.NoError(t, err)
	goMod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(goMod), "\ngo ")
	version, _, _ := strings.Cut(rest, "\n")
	require.Contains(t, string(dockerfile), "FROM golang:"+version+" ", "the image builds with the module's Go")
}
