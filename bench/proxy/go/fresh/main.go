// New connections with one call each, some at a time. Prints calls per second.
package main

import (
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

type load struct {
	address string
	// Nil for plaintext. With a session cache, each connection resumes the one before.
	secure *tls.Config
	resume bool
	// The whole request, the same for all.
	request []byte
	left    atomic.Int64
}

func main() {
	address := flag.String("address", "", "HOST:PORT of the proxy")
	secure := flag.Bool("tls", false, "over TLS 1.3")
	resume := flag.Bool("resume", false, "resume sessions, by tickets")
	connections := flag.Int64("connections", 1000, "in all")
	atATime := flag.Int("at-a-time", 10, "connections at a time")
	size := flag.Int("bytes", 100, "of the request's message, with its prefix")
	flag.Parse()

	all := &load{address: *address, resume: *resume, request: request(*address, *size)}
	all.left.Store(*connections)
	if *secure {
		// The proxies do not agree on post-quantum key exchange, which would be compared then.
		all.secure = &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS13,
			ServerName: "localhost", CurvePreferences: []tls.CurveID{tls.X25519}}
	}
	began := time.Now()
	var workers sync.WaitGroup
	for range *atATime {
		workers.Go(func() { all.work() })
	}
	workers.Wait()
	fmt.Println(float64(*connections) / time.Since(began).Seconds())
}

// One connection after the other.
func (l *load) work() {
	config := l.secure
	if l.resume {
		config = l.secure.Clone()
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	// The first of a worker has nothing to resume.
	for first := true; l.left.Add(-1) >= 0; first = false {
		if err := l.call(config, first); err != nil {
			log.Fatal(err)
		}
	}
}

func (l *load) call(config *tls.Config, first bool) error {
	connection, err := net.Dial("tcp", l.address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if config != nil {
		client := tls.Client(connection, config)
		if err := client.Handshake(); err != nil {
			return err
		}
		state := client.ConnectionState()
		if !first && state.DidResume != l.resume {
			return fmt.Errorf("the session was resumed: %v", state.DidResume)
		}
		connection = client
	}
	if _, err := connection.Write(l.request); err != nil {
		return err
	}
	framer := http2.NewFramer(connection, connection)
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return err
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				err = framer.WriteSettingsAck()
			}
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			err = fmt.Errorf("%v", frame)
		}
		if err != nil {
			return err
		}
		if header := frame.Header(); header.StreamID == 1 && header.Flags.Has(http2.FlagHeadersEndStream) {
			return nil
		}
	}
}

// Preface, SETTINGS and one unary call.
func request(authority string, size int) []byte {
	var block, bytesOut bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", "/echo.Echo/Say"},
		{":authority", authority}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		if err := encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			log.Fatal(err)
		}
	}
	message := make([]byte, size)
	message[3], message[4] = byte((size-5)>>8), byte(size-5)
	bytesOut.WriteString(http2.ClientPreface)
	framer := http2.NewFramer(&bytesOut, nil)
	for _, err := range []error{
		framer.WriteSettings(),
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true}),
		framer.WriteData(1, true, message),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
	return bytesOut.Bytes()
}
