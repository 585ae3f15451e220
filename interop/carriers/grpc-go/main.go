// Makes the calls that its standard input asks for, and says of each what came of it, as ../README.md says.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds"
)

// call is one line of input: one to make, or the id of one to cancel.
type call struct {
	ID        int         `json:"id"`
	Cancel    int         `json:"cancel"`
	Target    string      `json:"target"`
	Authority string      `json:"authority"`
	Path      string      `json:"path"`
	Headers   [][2]string `json:"headers"`
	TimeoutMs int         `json:"timeoutMs"`
}

// outcome is one line of output.
type outcome struct {
	ID      int    `json:"id"`
	From    string `json:"from,omitempty"`
	Code    string `json:"code,omitempty"`
	Details string `json:"details,omitempty"`
}

// channels are kept for as long as somebody may call them again: one for each target and authority.
type channels struct {
	mutex sync.Mutex
	known map[[2]string]*grpc.ClientConn
}

func main() {
	all := channels{known: map[[2]string]*grpc.ClientConn{}}
	outcomes := make(chan outcome)
	var underWay sync.Map // how to cancel each call, by its id
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			var asked call
			if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
				log.Fatalf("stdin: %v", err)
			}
			if asked.Cancel != 0 {
				if cancel, ok := underWay.Load(asked.Cancel); ok {
					cancel.(context.CancelFunc)()
				}
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(asked.TimeoutMs)*time.Millisecond)
			underWay.Store(asked.ID, cancel)
			go func() {
				defer cancel()
				defer underWay.Delete(asked.ID)
				outcomes <- all.make(ctx, asked)
			}()
		}
		os.Exit(0)
	}()
	output := json.NewEncoder(os.Stdout)
	for one := range outcomes {
		if err := output.Encode(one); err != nil {
			log.Fatalf("stdout: %v", err)
		}
	}
}

func (c *channels) to(target, authority string) *grpc.ClientConn {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	key := [2]string{target, authority}
	if c.known[key] == nil {
		options := []grpc.DialOption{
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})),
		}
		if authority != "" {
			options = append(options, grpc.WithAuthority(authority))
		}
		conn, err := grpc.NewClient(target, options...)
		if err != nil {
			log.Fatalf("target %s: %v", target, err)
		}
		c.known[key] = conn
	}
	return c.known[key]
}

func (c *channels) make(ctx context.Context, asked call) outcome {
	for _, header := range asked.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, header[0], header[1])
	}
	var name string
	if err := c.to(asked.Target, asked.Authority).Invoke(ctx, asked.Path, "", &name); err != nil {
		return outcome{ID: asked.ID, Code: status.Code(err).String(), Details: status.Convert(err).Message()}
	}
	return outcome{ID: asked.ID, From: name}
}

// rawCodec takes messages as they are: the backends answer with their name.
type rawCodec struct{}

func (rawCodec) Name() string                       { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error)      { return []byte(v.(string)), nil }
func (rawCodec) Unmarshal(data []byte, v any) error { *v.(*string) = string(data); return nil }
