// Unary calls at a fixed rate on one connection, evenly spaced, as a sidecar sees them. Prints calls per second.
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
	rate := flag.Int("rate", 100, "calls per second")
	calls := flag.Int("calls", 100, "in all")
	size := flag.Int("bytes", 100, "of the request's message")
	flag.Parse()

	client, err := grpc.NewClient("passthrough:///"+*address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw.Codec{}), grpc.WaitForReady(true)))
	if err != nil {
		log.Fatal(err)
	}
	client.Connect()
	message := make([]byte, *size)
	ticker := time.NewTicker(time.Second / time.Duration(*rate))
	began := time.Now()
	var all sync.WaitGroup
	for range *calls {
		<-ticker.C
		all.Go(func() {
			context, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			var answer []byte
			if err := client.Invoke(context, "/echo.Echo/Say", &message, &answer); err != nil {
				log.Fatal(err)
			}
		})
	}
	all.Wait()
	fmt.Println(float64(*calls) / time.Since(began).Seconds())
}
