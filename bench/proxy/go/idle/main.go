// Opens connections that make one call each and then do nothing. Prints a line when all are there, and ends with its input.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sync"

	"evenly/bench/proxy/raw"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const atATime = 20

func main() {
	address := flag.String("address", "", "HOST:PORT of the proxy")
	connections := flag.Int("connections", 5000, "in all")
	flag.Parse()

	places := make(chan struct{}, atATime)
	var all sync.WaitGroup
	for range *connections {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			if err := call(*address); err != nil {
				log.Fatal(err)
			}
		})
	}
	all.Wait()
	fmt.Println("all are there")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func call(address string) error {
	client, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw.Codec{})),
		// The connections are to be idle, and stay.
		grpc.WithIdleTimeout(0))
	if err != nil {
		return err
	}
	message, answer := make([]byte, 100), []byte(nil)
	return client.Invoke(context.Background(), "/echo.Echo/Say", &message, &answer)
}
