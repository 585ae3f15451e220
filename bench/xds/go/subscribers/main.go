// The clients of the cluster bench: each has a TCP connection and an aggregated xDS stream of its own, and asks for some
// of a cluster's Services as a proxyless gRPC client does: listeners, what these name, and so on to the endpoints.
//
// It prints a line of JSON when all clients have all endpoints that they ask for. A line on its input ends it: it prints
// which client acknowledged which change when, and what endpoints the clients have. Times are nanoseconds of
// CLOCK_MONOTONIC, which is one clock for all processes of a machine.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Clients that have not all endpoints yet: servers limit how many may come at a time.
const maxStarting = 20

// settings are the same for all clients.
type settings struct {
	server    string
	clients   int
	services  int
	each      int
	service   string
	namespace string
	port      int
}

func main() {
	var s settings
	flag.StringVar(&s.server, "server", "127.0.0.1:18000", "address of the xDS server")
	flag.IntVar(&s.clients, "clients", 1000, "how many")
	flag.IntVar(&s.services, "services", 2000, "how many Services there are: NAME-0, NAME-1 and so on")
	flag.IntVar(&s.each, "each", 20, "how many of them each client asks for: the next ones after the client before")
	flag.StringVar(&s.service, "service", "srv", "what their names begin with")
	flag.StringVar(&s.namespace, "namespace", "default", "that they are in")
	flag.IntVar(&s.port, "port", 50051, "of each Service")
	flag.Parse()
	log.SetFlags(0)
	if err := run(s); err != nil {
		log.Fatalf("subscribers: %v", err)
	}
}

func run(s settings) error {
	started := now()
	clients := make([]*client, s.clients)
	errs := make(chan error, s.clients)
	starting := make(chan struct{}, maxStarting)
	var ready sync.WaitGroup
	for i := range clients {
		select {
		case err := <-errs:
			return err
		case starting <- struct{}{}:
		}
		c := newClient(i, s)
		clients[i] = c
		conn, err := grpc.NewClient("passthrough:///"+s.server, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithReadBufferSize(4096), grpc.WithSharedWriteBuffer(true))
		if err != nil {
			return err
		}
		ready.Add(1)
		c.onReady = func() {
			ready.Done()
			<-starting
		}
		go func() { errs <- fmt.Errorf("client %d: %w", i, c.join(context.Background(), conn)) }()
	}
	all := make(chan struct{})
	go func() {
		ready.Wait()
		close(all)
	}()
	select {
	case err := <-errs:
		return err
	case <-all:
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(map[string]any{"event": "ready", "connectNs": now() - started}); err != nil {
		return err
	}

	end := make(chan struct{})
	go func() {
		bufio.NewScanner(os.Stdin).Scan()
		close(end)
	}()
	select {
	case err := <-errs:
		return err
	case <-end:
	}
	return out.Encode(report(clients))
}

// report has what each client acknowledged, and how many clients have which endpoints of which service.
func report(clients []*client) map[string]any {
	acks := [][4]int64{}
	views := map[int]map[string]int{}
	responses := 0
	for _, c := range clients {
		c.mutex.Lock()
		acks = append(acks, c.acks...)
		responses += c.responses
		for service, endpoints := range c.endpoints {
			if views[service] == nil {
				views[service] = map[string]int{}
			}
			views[service][strings.Join(endpoints, " ")]++
		}
		c.mutex.Unlock()
	}
	return map[string]any{"event": "end", "acks": acks, "views": views, "responses": responses}
}

func now() int64 {
	var time unix.Timespec
	// It fails for an unknown clock only.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &time)
	return time.Nano()
}
