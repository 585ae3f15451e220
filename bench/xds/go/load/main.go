// The load client of the fan-out bench: n clients, each with a TCP connection and an aggregated xDS stream of its own,
// that acknowledge everything. One thread and one epoll loop, so that the second core is left to the server.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"evenly/bench/xds/talk"
)

// Connections that are opened but have no endpoints yet: fewer than any server's listen backlog.
const maxStarting = 128

func main() {
	options := talk.ParseFlags()
	log.SetFlags(0)
	runtime.LockOSThread()
	if err := run(options); err != nil {
		log.Fatalf("load: %v", err)
	}
}

func run(options talk.Load) error {
	port, count := options.Port, options.Clients
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

	report := talk.NewReport(options)
	l := newLoad(fmt.Sprintf("127.0.0.1:%d", port), report)
	byFd := make(map[int]*client, count)
	connectMore := func() error {
		for len(byFd) < count && len(byFd)-l.ready < maxStarting {
			fd, err := connect(port)
			if err != nil {
				return fmt.Errorf("connection %d: %w", len(byFd)+1, err)
			}
			c := &client{fd: fd, name: fmt.Sprintf("bench-%d", len(byFd)), services: options.Of(len(byFd))}
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
				report.Arm()
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
