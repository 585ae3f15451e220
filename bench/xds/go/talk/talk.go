// Package talk is what the load clients have in common: who asks for what, and how they talk with the bench.
//
// They print a line of JSON when all clients have their endpoints. A line `ADDRESS` on their input arms them: the next push
// must have an endpoint with that address; they say `armed`, and when the last client has acknowledged, at which time.
// Times are nanoseconds of CLOCK_MONOTONIC, which is one clock for all processes of a machine.
package talk

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// Kind is one step of a client's walk: listener, route, cluster, endpoints.
type Kind struct {
	URL    string
	suffix string
}

// Names of this type's resources, for each of the services.
func (kind Kind) Names(services []string) []string {
	names := make([]string, len(services))
	for i, service := range services {
		names[i] = service + kind.suffix
	}
	return names
}

const typePrefix = "type.googleapis.com/envoy.config."

// Walk has the resource names as libs/xds/src/resources/names.ts has them.
var Walk = []Kind{
	{typePrefix + "listener.v3.Listener", ""},
	{typePrefix + "route.v3.RouteConfiguration", "-route"},
	{typePrefix + "cluster.v3.Cluster", "-cluster"},
	{typePrefix + "endpoint.v3.ClusterLoadAssignment", "-cluster"},
}

// Load is how many clients there are, and what they ask for.
type Load struct {
	Port, Clients  int
	service        string
	services, each int
}

// ParseFlags reads the command line.
func ParseFlags() Load {
	var l Load
	flag.IntVar(&l.Port, "port", 18000, "of the server, on 127.0.0.1")
	flag.IntVar(&l.Clients, "clients", 1000, "how many")
	flag.StringVar(&l.service, "service", "be1-srv", "that they ask for; with several, -0, -1 and so on stand behind it")
	flag.IntVar(&l.services, "services", 1, "how many there are")
	flag.IntVar(&l.each, "each", 1, "how many of them each client asks for: the next ones after the client before")
	flag.Parse()
	return l
}

// Of is what one client asks for.
func (l Load) Of(client int) []string {
	if l.services == 1 {
		return []string{l.service}
	}
	names := make([]string, l.each)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", l.service, (client*l.each+i)%l.services)
	}
	return names
}

// askers is how many clients ask for the first service, which is the one that changes.
func (l Load) askers() int {
	count := 0
	for client := range l.Clients {
		if slices.Contains(l.Of(client), l.Of(0)[0]) {
			count++
		}
	}
	return count
}

// Report tells the bench what happens, a line of JSON each.
type Report struct {
	mutex           sync.Mutex
	out             *json.Encoder
	clients, askers int
	started         int64
	ready           int
	// When each client acknowledged the push under way, in the order that they did.
	times []int64
}

// NewReport begins to measure how long the clients take to connect.
func NewReport(l Load) *Report {
	return &Report{out: json.NewEncoder(os.Stdout), clients: l.Clients, askers: l.askers(), started: now()}
}

// Ready says that one more client has its endpoints.
func (r *Report) Ready() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.ready++; r.ready == r.clients {
		r.print(line{Event: "ready", ConnectNs: now() - r.started})
	}
}

// Arm says that the next push counts.
func (r *Report) Arm() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.times = r.times[:0]
	r.print(line{Event: "armed"})
}

// Acked says that one more client has acknowledged it.
func (r *Report) Acked() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.times = append(r.times, now()); len(r.times) == r.askers {
		r.print(line{Event: "acked", FirstNs: r.times[0], MiddleNs: r.times[r.askers/2], LastNs: r.times[r.askers-1]})
	}
}

type line struct {
	Event     string `json:"event"`
	ConnectNs int64  `json:"connectNs,omitempty"`
	FirstNs   int64  `json:"firstNs,omitempty"`
	MiddleNs  int64  `json:"middleNs,omitempty"`
	LastNs    int64  `json:"lastNs,omitempty"`
}

func (r *Report) print(next line) {
	if err := r.out.Encode(next); err != nil {
		log.Fatalf("load: the bench does not read: %v", err)
	}
}

func now() int64 {
	var time unix.Timespec
	// It fails for an unknown clock only.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &time)
	return time.Nano()
}
