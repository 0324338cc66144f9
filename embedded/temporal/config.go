//go:build !lean

package temporal

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"

	"gristmill/embedded/child"
)

const (
	clusterName = "active"
	// shards is fixed for the life of a database. Four are plenty for one
	// machine and cost nothing at rest.
	shards = 4
)

// serverConfig returns the server's configuration and where each service is.
func serverConfig(cfg Config) (*config.Config, map[primitives.ServiceName]static.Hosts, error) {
	inner, err := child.FreeAddrs(3)
	if err != nil {
		return nil, nil, err
	}
	c := &config.Config{Services: map[string]config.Service{}}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, addr := range map[primitives.ServiceName]string{
		primitives.FrontendService: cfg.Addr, primitives.HistoryService: inner[0],
		primitives.MatchingService: inner[1], primitives.WorkerService: inner[2],
	} {
		host, port, err := splitAddr(addr)
		if err != nil {
			return nil, nil, err
		}
		var s config.Service
		s.RPC.GRPCPort, s.RPC.BindOnIP = port, host
		c.Services[string(name)] = s
		hosts[name] = static.SingleLocalHost(net.JoinHostPort(host, strconv.Itoa(port)))
	}
	host, _, err := splitAddr(cfg.Addr)
	if err != nil {
		return nil, nil, err
	}
	c.Global.Membership.MaxJoinDuration = 30 * time.Second
	c.Global.Membership.BroadcastAddress = host
	c.Persistence = config.Persistence{
		DefaultStore: "main", VisibilityStore: "visibility", NumHistoryShards: shards,
		DataStores: map[string]config.DataStore{
			"main":       {SQL: mainDatabase().store(cfg)},
			"visibility": {SQL: visibilityDatabase().store(cfg)},
		},
	}
	c.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: cfg.Addr},
		},
	}
	c.DCRedirectionPolicy.Policy = "noop"
	c.Archival.History.State, c.Archival.Visibility.State = config.ArchivalDisabled, config.ArchivalDisabled
	c.NamespaceDefaults.Archival.History.State = config.ArchivalDisabled
	c.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled
	c.PublicClient.HostPort = cfg.Addr
	return c, hosts, nil
}

// dynamicConfig holds what differs from the defaults of a shared cluster: one
// process asks for everything, so nobody is crowded out.
//
// system.forceSearchAttributesCacheRefreshOnRead, which development servers tend
// to set, stays off: with it, a database that is away for a second turns into
// "namespace not found", which clients rightly do not retry. The price is that a
// search attribute registered at run time takes a few seconds to be known.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		dynamicconfig.FrontendRPS.Key():                                  10000,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():           10000,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                    10000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                     45000,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 8096,
		dynamicconfig.EnableServerVersionCheck.Key():                     false, // no calls home
	}
}

// splitAddr splits host:port; the host must be an IP address, because the
// server binds to it as one.
func splitAddr(addr string) (string, int, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("split address: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return "", 0, fmt.Errorf("split address: %q has no port number", addr)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if net.ParseIP(host) == nil {
		return "", 0, fmt.Errorf("split address: %q is no IP address", host)
	}
	return host, n, nil
}
