// The load client of the fan-out bench: n clients, each with a TCP connection and an aggregated xDS stream of its own,
// that acknowledge everything. One thread and one epoll loop, so that the second core is left to the server.
//
// It prints a line of JSON when all clients have their endpoints. A line `ADDRESS` on its input arms it: the next push
// must have an endpoint with that address; it says `armed`, and when the last client has acknowledged, at which time.
// Times are nanoseconds of CLOCK_MONOTONIC, which is one clock for all processes of a machine.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Connections that are opened but have no endpoints yet: fewer than any server's listen backlog.
const maxStarting = 128

func main() {
	port := flag.Int("port", 18000, "of the server, on 127.0.0.1")
	clients := flag.Int("clients", 1000, "how many")
	service := flag.String("service", "be1-srv", "that they ask for; with several, -0, -1 and so on stand behind it")
	services := flag.Int("services", 1, "how many there are")
	each := flag.Int("each", 1, "how many of them each client asks for: the next ones after the client before")
	flag.Parse()
	log.SetFlags(0)
	runtime.LockOSThread()
	if err := run(*port, *clients, mesh{*service, *services, *each}); err != nil {
		log.Fatalf("load: %v", err)
	}
}

// mesh is what there is to ask for.
type mesh struct {
	service        string
	services, each int
}

func (m mesh) of(client int) []string {
	if m.services == 1 {
		return []string{m.service}
	}
	names := make([]string, m.each)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", m.service, (client*m.each+i)%m.services)
	}
	return names
}

// askers is how many clients ask for the first service, which is the one that changes.
func (m mesh) askers(clients int) int {
	count := 0
	for client := range clients {
		if slices.Contains(m.of(client), m.of(0)[0]) {
			count++
		}
	}
	return count
}

func run(port, count int, m mesh) error {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	watch := func(fd int) error {
		return unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}
	if err := watch(int(os.Stdin.Fd())); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}

	l := newLoad(fmt.Sprintf("127.0.0.1:%d", port))
	byFd := make(map[int]*client, count)
	connectMore := func() error {
		for len(byFd) < count && len(byFd)-l.ready < maxStarting {
			fd, err := connect(port)
			if err != nil {
				return fmt.Errorf("connection %d: %w", len(byFd)+1, err)
			}
			c := &client{fd: fd, name: fmt.Sprintf("bench-%d", len(byFd)), services: m.of(len(byFd))}
			byFd[fd] = c
			if err := watch(fd); err != nil {
				return err
			}
			if err := l.start(c); err != nil {
				return err
			}
		}
		return nil
	}
	report := newReport(l, count, m.askers(count))

	if err := connectMore(); err != nil {
		return err
	}
	events := make([]unix.EpollEvent, 1024)
	buffer := make([]byte, 256*1024)
	for {
		n, err := unix.EpollWait(poll, events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for _, event := range events[:n] {
			length, err := syscall.Read(int(event.Fd), buffer)
			c := byFd[int(event.Fd)]
			switch {
			case err == syscall.EAGAIN || err == syscall.EINTR:
			case c == nil && length <= 0:
				return nil // the bench has closed our input: the end
			case c == nil:
				l.push++
				l.address = bytes.Clone(bytes.TrimSpace(buffer[:length]))
				report.arm()
			case err != nil:
				return fmt.Errorf("%s: %w", c.name, err)
			case length == 0:
				return fmt.Errorf("%s: the server closed the connection", c.name)
			default:
				if err := l.onBytes(c, buffer[:length]); err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
			}
		}
		if len(byFd) < count {
			if err := connectMore(); err != nil {
				return err
			}
		}
	}
}

func connect(port int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return 0, err
	}
	// Closing leaves no TIME_WAIT: thousands of them from one round would be in the way of the next.
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		return 0, err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	return fd, unix.SetNonblock(fd, true)
}

// newReport tells the bench what happens, a line of JSON each.
func newReport(l *load, clients, askers int) *report {
	r := &report{out: json.NewEncoder(os.Stdout), started: now()}
	l.onReady = func() {
		if l.ready == clients {
			r.print(line{Event: "ready", ConnectNs: now() - r.started})
		}
	}
	l.onAck = func() {
		r.times = append(r.times, now())
		if len(r.times) == askers {
			r.print(line{Event: "acked", FirstNs: r.times[0], MiddleNs: r.times[askers/2], LastNs: r.times[askers-1]})
		}
	}
	return r
}

type report struct {
	out     *json.Encoder
	started int64
	// When each client acknowledged the push under way, in the order that they did.
	times []int64
}

type line struct {
	Event     string `json:"event"`
	ConnectNs int64  `json:"connectNs,omitempty"`
	FirstNs   int64  `json:"firstNs,omitempty"`
	MiddleNs  int64  `json:"middleNs,omitempty"`
	LastNs    int64  `json:"lastNs,omitempty"`
}

func (r *report) arm() {
	r.times = r.times[:0]
	r.print(line{Event: "armed"})
}

func (r *report) print(next line) {
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
