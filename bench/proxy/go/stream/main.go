// Long bidi streams on one connection: each sends a message when the one before has come back. Prints messages per second.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"sync"
	"time"

	"evenly/bench/proxy/raw"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	address := flag.String("address", "", "HOST:PORT of the proxy")
	streams := flag.Int("streams", 10, "streams at a time")
	messages := flag.Int("messages", 10_000, "of all streams together")
	size := flag.Int("bytes", 100, "of a message")
	flag.Parse()

	client, err := grpc.NewClient("passthrough:///"+*address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw.Codec{})))
	if err != nil {
		log.Fatal(err)
	}
	began := time.Now()
	var all sync.WaitGroup
	for range *streams {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := pingPong(client, *messages / *streams, make([]byte, *size)); err != nil {
				log.Fatal(err)
			}
		}()
	}
	all.Wait()
	fmt.Println(float64(*messages) / time.Since(began).Seconds())
}

func pingPong(client *grpc.ClientConn, messages int, message []byte) error {
	description := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := client.NewStream(context.Background(), description, "/echo.Echo/Chat")
	if err != nil {
		return err
	}
	for range messages {
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
		var answer []byte
		if err := stream.RecvMsg(&answer); err != nil {
			return err
		}
	}
	return stream.CloseSend()
}
