// The load client of the fan-out bench that is a real one: n clients on grpc-go with its generated stubs, each with a
// connection and an aggregated xDS stream of its own, that acknowledge everything. Beside what `load` sends, they do what
// every client in Go does: window updates, and PINGs that measure the bandwidth.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"sync/atomic"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"evenly/bench/xds/talk"
)

// Clients that have no endpoints yet: fewer than any server's listen backlog.
const maxStarting = 128

func main() {
	l := talk.ParseFlags()
	log.SetFlags(0)
	// So that the second core is left to the server.
	runtime.GOMAXPROCS(1)
	run(l)
}

// push is what is under way: its number, and the address that its endpoints must have.
type push struct {
	number  int
	address []byte
}

type load struct {
	report *talk.Report
	push   atomic.Pointer[push]
	// Has room for those that are starting.
	starting chan struct{}
}

func run(options talk.Load) {
	l := &load{report: talk.NewReport(options), starting: make(chan struct{}, maxStarting)}
	l.push.Store(&push{})
	go func() {
		for number := range options.Clients {
			l.starting <- struct{}{}
			go func() {
				if err := l.client(fmt.Sprintf("127.0.0.1:%d", options.Port), number, options.Of(number)); err != nil {
					log.Fatalf("load: client %d: %v", number, err)
				}
			}()
		}
	}()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		l.push.Store(&push{l.push.Load().number + 1, bytes.Clone(lines.Bytes())})
		l.report.Arm()
	}
}

// client walks to its endpoints, and acknowledges what comes after that until the stream ends.
func (l *load) client(target string, number int, services []string) error {
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(context.Background())
	if err != nil {
		return err
	}
	node := &core.Node{Id: fmt.Sprintf("bench-%d", number), UserAgentName: "evenly-bench"}
	ask := func(step int, answer *discovery.DiscoveryResponse, node *core.Node) error {
		kind := talk.Walk[step]
		return stream.Send(&discovery.DiscoveryRequest{
			Node: node, TypeUrl: kind.URL, ResourceNames: kind.Names(services),
			VersionInfo: answer.GetVersionInfo(), ResponseNonce: answer.GetNonce(),
		})
	}
	for step, kind := range talk.Walk {
		if err := ask(step, nil, node); err != nil {
			return err
		}
		node = nil // the first request says it
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if answer.TypeUrl != kind.URL || len(answer.Resources) != len(services) {
			return fmt.Errorf("an unexpected response: %d resources of %s", len(answer.Resources), answer.TypeUrl)
		}
		if err := ask(step, answer, nil); err != nil {
			return err
		}
	}
	l.report.Ready()
	<-l.starting
	return l.follow(stream, func(answer *discovery.DiscoveryResponse) error {
		return ask(len(talk.Walk)-1, answer, nil)
	})
}

func (l *load) follow(
	stream discovery.AggregatedDiscoveryService_StreamAggregatedResourcesClient,
	acknowledge func(*discovery.DiscoveryResponse) error,
) error {
	acked := 0
	for {
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if answer.TypeUrl != talk.Walk[len(talk.Walk)-1].URL || len(answer.Resources) != 1 {
			return fmt.Errorf("an unexpected response: %d resources of %s", len(answer.Resources), answer.TypeUrl)
		}
		if err := acknowledge(answer); err != nil {
			return err
		}
		now := l.push.Load()
		if acked < now.number && hasAddress(answer.Resources[0].Value, now.address) {
			acked = now.number
			l.report.Acked()
		}
	}
}

// hasAddress looks near the beginning only: the endpoint that changes is the first one in every arm.
func hasAddress(resource, address []byte) bool {
	return bytes.Contains(resource[:min(len(resource), 512)], address)
}
