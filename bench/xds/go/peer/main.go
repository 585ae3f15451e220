// The peers of the fan-out bench: go-control-plane with one of its two caches, `linear` (a LinearCache for each type
// behind a mux) or `snapshot` (one snapshot, shared by all nodes). A line `ADDRESS` on its input gives that address to
// the first of the endpoints.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"runtime/debug"
	"time"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

func main() {
	kind := flag.String("cache", "linear", "linear or snapshot")
	port := flag.Int("port", 0, "on 127.0.0.1; 0 = any free one")
	service := flag.String("service", "be1-srv", "that is served")
	endpoints := flag.Int("endpoints", 100, "how many it has")
	flag.Parse()
	log.SetFlags(0)
	if err := run(*kind, *port, *service, *endpoints); err != nil {
		log.Fatalf("peer: %v", err)
	}
}

func run(kind string, port int, service string, endpoints int) error {
	called := namesOf(service)
	makeCache := map[string]func(names, *assignment) (served, error){"linear": linear, "snapshot": snapshot}[kind]
	if makeCache == nil {
		return fmt.Errorf("no cache %q", kind)
	}
	cache, err := makeCache(called, loadAssignment(called, endpoints, firstAddress))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	// What go-control-plane's own example sets.
	grpcServer := grpc.NewServer(
		grpc.MaxConcurrentStreams(1_000_000),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 5 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 30 * time.Second, PermitWithoutStream: true}),
	)
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, server.NewServer(context.Background(), cache, nil))
	failed := make(chan error, 1)
	go func() { failed <- grpcServer.Serve(listener) }()
	if err := sayReady(listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := cache.update(loadAssignment(called, endpoints, lines.Text())); err != nil {
			return err
		}
		select {
		case err := <-failed:
			return err
		default:
		}
	}
	return lines.Err()
}

// sayReady prints the port, and the versions that are measured.
func sayReady(port int) error {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		versions["go"] = info.GoVersion
		for _, module := range info.Deps {
			switch module.Path {
			case "github.com/envoyproxy/go-control-plane", "google.golang.org/grpc", "google.golang.org/protobuf":
				versions[module.Path] = module.Version
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"event": "listening", "port": port, "versions": versions})
}
