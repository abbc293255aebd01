package temporal

import (
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
)

const (
	storeName    = "sqlite"
	databaseFile = "temporal.db"
	clusterName  = "active"
)

// serverConfig is the configuration of a one-machine cluster. inner are the ports of history, matching and worker.
func serverConfig(o Options, inner []int) *config.Config {
	frontend := net.JoinHostPort(host, strconv.Itoa(o.Port))
	var c config.Config
	c.Global.Membership.MaxJoinDuration = 30 * time.Second
	c.Global.Membership.BroadcastAddress = host
	c.Persistence = config.Persistence{
		DefaultStore:     storeName,
		VisibilityStore:  storeName,
		NumHistoryShards: 1,
		DataStores: map[string]config.DataStore{storeName: {SQL: &config.SQL{
			PluginName: sqlite.PluginName,
			// The plugin makes a file: URI of it, in which a bare ? or % would mean something.
			DatabaseName: (&url.URL{Path: filepath.Join(o.DataDir, databaseFile)}).EscapedPath(),
			// A second connection would meet "database is locked" under load, WAL or not.
			MaxConns:     1,
			MaxIdleConns: 1,
			ConnectAttributes: map[string]string{
				"mode":         "rwc",
				"journal_mode": "wal",
				"synchronous":  "1",
				"busy_timeout": "10000",
			},
		}}},
	}
	c.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
		},
	}
	c.DCRedirectionPolicy.Policy = "noop"
	c.Services = map[string]config.Service{
		string(primitives.FrontendService): listenOn(o.Port),
		string(primitives.HistoryService):  listenOn(inner[0]),
		string(primitives.MatchingService): listenOn(inner[1]),
		string(primitives.WorkerService):   listenOn(inner[2]),
	}
	c.Archival.History.State = config.ArchivalDisabled
	c.Archival.Visibility.State = config.ArchivalDisabled
	c.NamespaceDefaults.Archival.History.State = config.ArchivalDisabled
	c.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled
	c.PublicClient.HostPort = frontend
	return &c
}

func listenOn(port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
}

// staticHosts tells the services where the others are, which spares the gossip between them and its start-up time.
func staticHosts(c *config.Config) map[primitives.ServiceName]static.Hosts {
	hosts := make(map[primitives.ServiceName]static.Hosts, len(c.Services))
	for name, service := range c.Services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(net.JoinHostPort(host, strconv.Itoa(service.RPC.GRPCPort)))
	}
	return hosts
}

const (
	// keepInMemory is how long the server keeps a workflow that nobody asks about.
	keepInMemory = 5 * time.Minute
	queueWorkers = 64
)

func dynamicValues() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// The default of 20 polls a second would add 50 ms to every hop of a workflow.
		dynamicconfig.TransferProcessorMaxPollRPS.Key(): 1000,
		// A client whose long poll was lost hangs for this long at most.
		dynamicconfig.HistoryLongPollExpirationInterval.Key(): 3 * time.Second,
		// The product lists closed workflows at every pass of its reconciler.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// By default workflows that ended stay in memory for an hour, with what would be sent to other clusters.
		dynamicconfig.HistoryCacheTTL.Key(): keepInMemory,
		dynamicconfig.EventsCacheTTL.Key():  keepInMemory,
		dynamicconfig.HistoryCacheBackgroundEvict.Key(): dynamicconfig.CacheBackgroundEvictSettings{
			Enabled: true, LoopInterval: time.Minute, MaxEntryPerCall: 1000,
		},
		dynamicconfig.XDCCacheMaxSizeBytes.Key(): 0,
		// Each queue has 512 goroutines by default, more than one file of SQLite can serve.
		dynamicconfig.TransferProcessorSchedulerWorkerCount.Key():   queueWorkers,
		dynamicconfig.TimerProcessorSchedulerWorkerCount.Key():      queueWorkers,
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key(): queueWorkers,
		// Somebody may pause a workflow from its page in the UI.
		dynamicconfig.WorkflowPauseEnabled.Key(): true,
		// Nothing of this machine is told to anybody outside it.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
}
