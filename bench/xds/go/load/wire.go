package main

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of envoy/service/discovery/v3/discovery.proto and core/v3/base.proto.
const (
	requestVersion, requestNode, requestNames, requestTypeURL, requestNonce  = 1, 2, 3, 4, 5
	responseVersion, responseResources, responseTypeURL, responseNonce       = 1, 2, 4, 5
	nodeID, nodeUserAgentName                                                = 1, 6
	streamID                                                                 = 1
	frameHeaderBytes, messageHeaderBytes                                     = 9, 5
	frameData, frameHeaders, frameReset, frameSettings, framePing, frameAway = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
	frameWindowUpdate                                                        = 0x8
	flagEndStream, flagAck, flagEndHeaders                                   = 0x1, 0x1, 0x4
	settingEnablePush, settingInitialWindow                                  = 0x2, 0x4
	maxWindow                                                                = 1<<31 - 1
	defaultWindow                                                            = 65_535
	preface                                                                  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

func appendFrameHeader(out []byte, length int, kind, flags byte, stream uint32) []byte {
	out = append(out, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(out, stream)
}

// appendRequest writes a DATA frame with one gRPC message: a DiscoveryRequest.
func appendRequest(out []byte, url string, names []string, version, nonce []byte, node string) []byte {
	start := len(out)
	out = append(out, make([]byte, frameHeaderBytes+messageHeaderBytes)...)
	out = appendField(out, requestVersion, version)
	if node != "" {
		var encoded []byte
		encoded = appendField(encoded, nodeID, []byte(node))
		encoded = appendField(encoded, nodeUserAgentName, []byte("evenly-bench"))
		out = appendField(out, requestNode, encoded)
	}
	for _, name := range names {
		out = appendField(out, requestNames, []byte(name))
	}
	out = appendField(out, requestTypeURL, []byte(url))
	out = appendField(out, requestNonce, nonce)
	length := len(out) - start - frameHeaderBytes
	appendFrameHeader(out[start:start], length, frameData, 0, streamID)
	binary.BigEndian.PutUint32(out[start+frameHeaderBytes+1:], uint32(length-messageHeaderBytes))
	return out
}

func appendField(out []byte, number protowire.Number, value []byte) []byte {
	if len(value) == 0 {
		return out
	}
	return protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), value)
}

// response has slices of the message that it was read from.
type response struct {
	version, typeURL, nonce []byte
	resources               int
	// The last resource, packed.
	resource []byte
}

func readResponse(message []byte) (response, error) {
	var read response
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return read, fmt.Errorf("response: %w", protowire.ParseError(n))
		}
		message = message[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
				return read, fmt.Errorf("response: %w", protowire.ParseError(n))
			}
			message = message[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(message)
		if n < 0 {
			return read, fmt.Errorf("response: %w", protowire.ParseError(n))
		}
		message = message[n:]
		switch number {
		case responseVersion:
			read.version = value
		case responseResources:
			read.resource = value
			read.resources++
		case responseTypeURL:
			read.typeURL = value
		case responseNonce:
			read.nonce = value
		}
	}
	return read, nil
}
