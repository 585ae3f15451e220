package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/net/http2/hpack"

	"evenly/bench/xds/talk"
)

// client is one TCP connection with one aggregated stream, as raw frames: a load client that cost as much as a gRPC
// library would measure itself. It keeps no account of the server's windows: one ACK is under way at a time.
type client struct {
	fd   int
	name string
	// What it asks for.
	services []string
	// The start of a frame whose rest has not come yet.
	partial []byte
	// The start of a gRPC message that is spread over several DATA frames.
	message  []byte
	received int
	// How many of the steps are answered; all = ready.
	steps int
	// The last push that this client acknowledged.
	acked int
}

// load is what all clients share.
type load struct {
	headers []byte
	ready   int
	// The push that is under way, and the address that its endpoints must have.
	push    int
	address []byte
	report  *talk.Report
	scratch []byte
}

func newLoad(authority string, report *talk.Report) *load {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"},
		{":path", "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"},
		{":authority", authority}, {"content-type", "application/grpc"}, {"te", "trailers"},
		{"user-agent", "evenly-bench"},
	} {
		// Writing to a buffer does not fail.
		_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	return &load{headers: block.Bytes(), report: report}
}

// start sends all that a client says before it hears anything: preface, settings, the call, the first request.
func (l *load) start(c *client) error {
	out := append(l.scratch[:0], preface...)
	out = appendFrameHeader(out, 12, frameSettings, 0, 0)
	out = binary.BigEndian.AppendUint16(out, settingEnablePush)
	out = binary.BigEndian.AppendUint32(out, 0)
	out = binary.BigEndian.AppendUint16(out, settingInitialWindow)
	out = binary.BigEndian.AppendUint32(out, maxWindow)
	out = appendWindowUpdate(out, 0, maxWindow-defaultWindow)
	out = appendFrameHeader(out, len(l.headers), frameHeaders, flagEndHeaders, streamID)
	out = append(out, l.headers...)
	out = l.appendStep(out, c, 0, nil, nil, c.name)
	return l.write(c, out)
}

func (l *load) appendStep(out []byte, c *client, step int, version, nonce []byte, node string) []byte {
	kind := talk.Walk[step]
	return appendRequest(out, kind.URL, kind.Names(c.services), version, nonce, node)
}

func appendWindowUpdate(out []byte, stream uint32, bytes int) []byte {
	out = appendFrameHeader(out, 4, frameWindowUpdate, 0, stream)
	return binary.BigEndian.AppendUint32(out, uint32(bytes))
}

// write fails where the socket does not take everything: a server that does not read a few hundred bytes is broken.
func (l *load) write(c *client, out []byte) error {
	l.scratch = out
	n, err := syscall.Write(c.fd, out)
	if err == nil && n < len(out) {
		err = fmt.Errorf("the socket took %d of %d bytes", n, len(out))
	}
	return err
}

// onBytes takes what was read from the client's socket.
func (l *load) onBytes(c *client, read []byte) error {
	if len(c.partial) > 0 {
		c.partial = append(c.partial, read...)
		read = c.partial
	}
	for len(read) >= frameHeaderBytes {
		length := int(read[0])<<16 | int(read[1])<<8 | int(read[2])
		if len(read) < frameHeaderBytes+length {
			break
		}
		if err := l.onFrame(c, read[3], read[4], read[frameHeaderBytes:frameHeaderBytes+length]); err != nil {
			return err
		}
		read = read[frameHeaderBytes+length:]
	}
	c.partial = append(c.partial[:0], read...)
	return nil
}

func (l *load) onFrame(c *client, kind, flags byte, payload []byte) error {
	switch kind {
	case frameData:
		return l.onData(c, payload)
	case frameHeaders:
		if flags&flagEndStream != 0 {
			return fmt.Errorf("the stream was ended: %s", describe(payload))
		}
	case frameSettings:
		if flags&flagAck == 0 {
			return l.write(c, appendFrameHeader(l.scratch[:0], 0, frameSettings, flagAck, 0))
		}
	case framePing:
		if flags&flagAck == 0 {
			return l.write(c, append(appendFrameHeader(l.scratch[:0], len(payload), framePing, flagAck, 0), payload...))
		}
	case frameReset:
		return errors.New("the stream was reset")
	case frameAway:
		return fmt.Errorf("the connection was closed: %q", payload)
	}
	return nil
}

// describe lists the trailers; those that refer to headers before them are left out.
func describe(block []byte) string {
	fields, err := hpack.NewDecoder(4096, nil).DecodeFull(block)
	if err != nil {
		return "by trailers that cannot be read alone"
	}
	return fmt.Sprint(fields)
}

func (l *load) onData(c *client, payload []byte) error {
	if c.received += len(payload); c.received > maxWindow/2 {
		out := appendWindowUpdate(l.scratch[:0], 0, c.received)
		if err := l.write(c, appendWindowUpdate(out, streamID, c.received)); err != nil {
			return err
		}
		c.received = 0
	}
	if len(c.message) > 0 {
		c.message = append(c.message, payload...)
		payload = c.message
	}
	for len(payload) >= messageHeaderBytes {
		end := messageHeaderBytes + int(binary.BigEndian.Uint32(payload[1:]))
		if len(payload) < end {
			break
		}
		if err := l.onResponse(c, payload[messageHeaderBytes:end]); err != nil {
			return err
		}
		payload = payload[end:]
	}
	c.message = append(c.message[:0], payload...)
	return nil
}

// onResponse acknowledges, and takes the next step of the walk if there is one.
func (l *load) onResponse(c *client, message []byte) error {
	answer, err := readResponse(message)
	if err != nil {
		return err
	}
	step := stepOf(answer.typeURL)
	// All at first; after that the endpoints that changed.
	expected := 1
	if step == c.steps {
		expected = len(c.services)
	}
	if step < 0 || step > c.steps || answer.resources != expected {
		return fmt.Errorf("an unexpected response: %d resources of %s", answer.resources, answer.typeURL)
	}
	out := l.appendStep(l.scratch[:0], c, step, answer.version, answer.nonce, "")
	isUpdate := step == c.steps
	if isUpdate {
		c.steps++
		if c.steps < len(talk.Walk) {
			out = l.appendStep(out, c, c.steps, nil, nil, "")
		}
	}
	if err := l.write(c, out); err != nil {
		return err
	}
	switch {
	case isUpdate && c.steps == len(talk.Walk):
		l.ready++
		l.report.Ready()
	case !isUpdate && step == len(talk.Walk)-1 && c.acked < l.push && hasAddress(answer.resource, l.address):
		c.acked = l.push
		l.report.Acked()
	}
	return nil
}

func stepOf(typeURL []byte) int {
	for i, kind := range talk.Walk {
		if kind.URL == string(typeURL) {
			return i
		}
	}
	return -1
}

// hasAddress looks near the beginning only: the endpoint that changes is the first one in every arm.
func hasAddress(resource, address []byte) bool {
	return bytes.Contains(resource[:min(len(resource), 512)], address)
}
