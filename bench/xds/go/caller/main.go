// The caller of the ready bench: a proxyless gRPC client that calls for ever, and the endpoints that answer it, each at an
// address of its own.
//
// It prints a line of JSON when all endpoints listen, one whenever an endpoint answers for the first time, and at the end
// how many calls there were and how many failed. A line on its input ends it. Times are nanoseconds of CLOCK_MONOTONIC, which
// is one clock for all processes of a machine.
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
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	_ "google.golang.org/grpc/xds" // its resolver
)

// Calls at a time, each of which waits a little before the next one: an endpoint that is known is called within a few
// milliseconds.
const callers = 8
const pause = 2 * time.Millisecond

func main() {
	target := flag.String("target", "", "whom to call; GRPC_XDS_BOOTSTRAP names the xDS server")
	addresses := flag.String("listen", "", "addresses with ports of the endpoints, with commas")
	flag.Parse()
	log.SetFlags(0)
	if err := run(*target, strings.Split(*addresses, ",")); err != nil {
		log.Fatalf("caller: %v", err)
	}
}

func run(target string, addresses []string) error {
	for _, address := range addresses {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		server := grpc.NewServer()
		grpc_health_v1.RegisterHealthServer(server, health.NewServer())
		go func() { log.Fatalf("caller: %v", server.Serve(listener)) }()
	}
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	seen := &record{out: json.NewEncoder(os.Stdout), first: map[string]bool{}}
	seen.say(map[string]any{"event": "listening"})
	ctx, cancel := context.WithCancel(context.Background())
	var calling sync.WaitGroup
	for range callers {
		calling.Go(func() { seen.call(ctx, grpc_health_v1.NewHealthClient(conn)) })
	}
	bufio.NewScanner(os.Stdin).Scan()
	cancel()
	calling.Wait()
	return seen.end()
}

type record struct {
	mutex  sync.Mutex
	out    *json.Encoder
	first  map[string]bool
	calls  int
	failed map[string]int
}

func (r *record) call(ctx context.Context, client grpc_health_v1.HealthClient) {
	for ctx.Err() == nil {
		var from peer.Peer
		_, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.Peer(&from))
		if ctx.Err() != nil {
			return
		}
		r.answered(from.Addr, err)
		time.Sleep(pause)
	}
}

func (r *record) answered(from net.Addr, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	// Before the first endpoint is there, there is nobody to call.
	if err != nil && len(r.first) == 0 {
		return
	}
	r.calls++
	if err != nil {
		if r.failed == nil {
			r.failed = map[string]int{}
		}
		r.failed[err.Error()]++
		return
	}
	address := fmt.Sprint(from)
	if r.first[address] {
		return
	}
	r.first[address] = true
	if err := r.out.Encode(map[string]any{"event": "first", "what": address, "ns": now()}); err != nil {
		log.Fatalf("caller: %v", err)
	}
}

func (r *record) say(line map[string]any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.out.Encode(line); err != nil {
		log.Fatalf("caller: %v", err)
	}
}

func (r *record) end() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.out.Encode(map[string]any{"event": "end", "calls": r.calls, "failed": r.failed})
}

func now() int64 {
	var time unix.Timespec
	// It fails for an unknown clock only.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &time)
	return time.Nano()
}
