// The backends of the proxy bench: a grpc-go server on each address, which answers every method, unary or streaming, with
// what it got.
package main

import (
	"io"
	"log"
	"net"
	"os"

	"evenly/bench/proxy/raw"
	"google.golang.org/grpc"
)

func echo(_ any, stream grpc.ServerStream) error {
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

func main() {
	for _, address := range os.Args[1:] {
		server := grpc.NewServer(grpc.ForceServerCodecV2(raw.Codec{}), grpc.UnknownServiceHandler(echo))
		listener, err := net.Listen("tcp", address)
		if err != nil {
			log.Fatal(err)
		}
		go func() { log.Fatal(server.Serve(listener)) }()
	}
	select {}
}
