// Calls echo.EchoServer/SayHello through any gRPC target, such as xds:///be1-srv, and prints each answer on a line.
// The bootstrap for xds targets comes from GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG, as always in grpc-go.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/xds"
	"google.golang.org/protobuf/encoding/protowire"
)

func main() {
	target := flag.String("target", "xds:///be1-srv", "gRPC target")
	calls := flag.Int("calls", 15, "calls that must succeed")
	timeout := flag.Duration("timeout", 30*time.Second, "limit of the whole run")
	flag.Parse()

	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	conn, err := grpc.NewClient(*target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(echoCodec{})))
	if err != nil {
		log.Fatalf("target %s: %v", *target, err)
	}
	defer conn.Close()
	for i := 0; i < *calls; i++ {
		var message string
		err := conn.Invoke(ctx, "/echo.EchoServer/SayHello", "unary RPC msg ", &message, grpc.WaitForReady(true))
		if err != nil {
			log.Fatalf("call %d of %d: %v", i+1, *calls, err)
		}
		fmt.Println(message)
	}
}

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
