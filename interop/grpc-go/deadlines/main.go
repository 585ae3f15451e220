// Calls that run into their deadline, from both sides, as ../../README.md says.
//
//	deadlines serve                              prints its port, and serves methods that are never done in time
//	deadlines call TARGET METHOD COUNT TIMEOUT   prints how many calls ended with which status; TIMEOUT in ms, 0 = none
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	tooLong     = 5 * time.Second
	concurrency = 100
)

func main() {
	// Whoever started this program holds its stdin.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if os.Args[1] == "serve" {
		serve()
		return
	}
	count, _ := strconv.Atoi(os.Args[4])
	timeoutMs, _ := strconv.Atoi(os.Args[5])
	json.NewEncoder(os.Stdout).Encode(call(os.Args[2], os.Args[3], count, time.Duration(timeoutMs)*time.Millisecond))
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(handle))
	log.Fatal(server.Serve(listener))
}

func handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	switch method {
	case "/deadlines.Slow/Heedless": // knows nothing of its context
		time.Sleep(tooLong)
	case "/deadlines.Slow/Heedful":
		<-stream.Context().Done()
		return status.FromContextError(stream.Context().Err()).Err()
	case "/deadlines.Slow/Cancelled": // as handlers that call others with their context often do
		<-stream.Context().Done()
		return status.Error(codes.Canceled, "stopped")
	case "/deadlines.Slow/Streaming":
		if err := stream.SendMsg([]byte("first")); err != nil {
			return err
		}
		<-stream.Context().Done()
		return stream.Context().Err()
	case "/deadlines.Slow/Quick":
		return stream.SendMsg([]byte("quick"))
	}
	return status.Error(codes.Unimplemented, method)
}

func call(target, method string, count int, timeout time.Duration) map[string]int {
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
	if err != nil {
		log.Fatal(err)
	}
	ended := map[string]int{}
	var mutex sync.Mutex
	var group sync.WaitGroup
	places := make(chan struct{}, concurrency)
	for range count {
		places <- struct{}{}
		group.Add(1)
		go func() {
			defer func() { <-places; group.Done() }()
			code := callOnce(conn, method, timeout)
			mutex.Lock()
			ended[code.String()]++
			mutex.Unlock()
		}()
	}
	group.Wait()
	return ended
}

func callOnce(conn *grpc.ClientConn, method string, timeout time.Duration) codes.Code {
	ctx := context.Background()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method)
	if err == nil {
		err = stream.SendMsg([]byte("please"))
	}
	if err == nil {
		err = stream.CloseSend()
	}
	for err == nil {
		var message []byte
		err = stream.RecvMsg(&message)
	}
	if err == io.EOF {
		return codes.OK
	}
	return status.Code(err)
}

// rawCodec takes messages for bytes.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
