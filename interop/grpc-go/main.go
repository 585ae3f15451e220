// Calls echo.EchoServer/SayHello in a loop and prints who answered, as ../README.md says.
// The bootstrap for xds targets comes from GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG, as always in grpc-go.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	xdscreds "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds"
)

const (
	callTimeout        = 10 * time.Second
	pauseAfterResponse = 3 * time.Millisecond
	pauseAfterFailure  = 100 * time.Millisecond
)

// answer is one line of output: a call, and who answered it or why it failed.
type answer struct {
	Call  string `json:"call"`
	From  string `json:"from,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	// Whoever started this program holds its stdin: when that closes, nobody is left to read the answers.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3])
	}
	if len(os.Args) > 3 && os.Args[1] == "metrics" {
		measure(os.Args[2], os.Args[3], os.Args[4:])
		return
	}
	lines := make(chan answer)
	conns := map[string]*grpc.ClientConn{}
	for _, call := range os.Args[1:] {
		target, header, _ := strings.Cut(call, "#")
		if conns[target] == nil {
			conns[target] = connect(target)
		}
		go callForever(conns[target], call, header, lines)
	}
	output := json.NewEncoder(os.Stdout)
	for line := range lines {
		if err := output.Encode(line); err != nil {
			log.Fatalf("stdout: %v", err)
		}
	}
}

func connect(target string) *grpc.ClientConn {
	// Plaintext, but for xds targets whose service wants something else.
	creds, err := xdscreds.NewClientCredentials(xdscreds.ClientOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		log.Fatal(err)
	}
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(echoCodec{})))
	if err != nil {
		log.Fatalf("target %s: %v", target, err)
	}
	return conn
}

func callForever(conn *grpc.ClientConn, call, header string, lines chan<- answer) {
	for {
		message, err := sayHello(conn, header)
		if err != nil {
			lines <- answer{Call: call, Error: fmt.Sprintf("%s: %s", status.Code(err), status.Convert(err).Message())}
			time.Sleep(pauseAfterFailure)
			continue
		}
		lines <- answer{Call: call, From: message[strings.LastIndex(message, " ")+1:]}
		time.Sleep(pauseAfterResponse)
	}
}

// sayHello makes one call. The header is "", or NAME=VALUE.
func sayHello(conn *grpc.ClientConn, header string) (message string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if name, value, found := strings.Cut(header, "="); found {
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	err = conn.Invoke(ctx, "/echo.EchoServer/SayHello", "Go", &message)
	return message, err
}
