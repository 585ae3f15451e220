package main

import "google.golang.org/protobuf/encoding/protowire"

// echoCodec writes EchoRequest and reads EchoReply: both are one string in field 1, so no generated code is needed.
type echoCodec struct{}

func (echoCodec) Name() string { return "proto" }

func (echoCodec) Marshal(v any) ([]byte, error) {
	return protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), v.(string)), nil
}

func (echoCodec) Unmarshal(data []byte, v any) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if number == 1 && kind == protowire.BytesType {
			text, n := protowire.ConsumeString(data)
			if n < 0 {
				return protowire.ParseError(n)
			}
			*v.(*string) = text
			data = data[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(number, kind, data); n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
	}
	return nil
}
