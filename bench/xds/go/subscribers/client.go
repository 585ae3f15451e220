package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

const refusedWait = 500 * time.Millisecond

// client is one aggregated stream in the state-of-the-world variant, and what it was told.
type client struct {
	number   int
	settings settings
	onReady  func()

	mutex sync.Mutex
	// What it asks for of each type, in the order of asking, and by which service.
	asked [len(types)]map[string]int
	// By service: addresses with ports, in order.
	endpoints map[int][]string
	// Of each service: the newest change that its endpoints had.
	newest map[int]uint32
	// Service, client, number of the change, time.
	acks      [][4]int64
	responses int
}

func newClient(number int, s settings) *client {
	c := &client{number: number, settings: s, endpoints: map[int][]string{}, newest: map[int]uint32{}}
	for i := range c.asked {
		c.asked[i] = map[string]int{}
	}
	for i := range s.each {
		service := (number*s.each + i) % s.services
		c.asked[0][fmt.Sprintf("%s-%d.%s.svc.cluster.local:%d", s.service, service, s.namespace, s.port)] = service
	}
	return c
}

// node says who it is, as clients of Istio's agent do; others pass over what they do not know.
func (c *client) node() (*core.Node, error) {
	address := fmt.Sprintf("10.200.%d.%d", c.number/250, c.number%250+1)
	metadata, err := structpb.NewStruct(map[string]any{
		"GENERATOR": "grpc", "ISTIO_VERSION": "1.31.0", "NAMESPACE": c.settings.namespace, "CLUSTER_ID": "Kubernetes", "INSTANCE_IPS": address,
	})
	return &core.Node{
		Id: fmt.Sprintf("sidecar~%s~client-%d.%s~%s.svc.cluster.local",
			address, c.number, c.settings.namespace, c.settings.namespace),
		Metadata:             metadata,
		UserAgentName:        "gRPC Go",
		UserAgentVersionType: &core.Node_UserAgentVersion{UserAgentVersion: "1.85.0"},
		ClientFeatures:       []string{"envoy.lb.does_not_support_overprovisioning", "xds.config.resource-in-sotw"},
	}, err
}

// join follows, and tries again where the server refuses a new client because too many have come: istiod lets some dozens
// in a second.
func (c *client) join(ctx context.Context, conn *grpc.ClientConn) error {
	for {
		err := c.follow(ctx, conn)
		if status.Code(err) != codes.ResourceExhausted || c.responses > 0 {
			return err
		}
		time.Sleep(refusedWait)
	}
}

// follow asks, and acknowledges everything, until the stream ends.
func (c *client) follow(ctx context.Context, conn *grpc.ClientConn) error {
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(ctx)
	if err != nil {
		return err
	}
	node, err := c.node()
	if err != nil {
		return err
	}
	if err := stream.Send(c.request(0, &discovery.DiscoveryRequest{Node: node})); err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		kind := slices.Index(types[:], response.TypeUrl)
		if kind < 0 {
			return fmt.Errorf("a response with %q", response.TypeUrl)
		}
		changes, err := c.take(kind, response)
		if err != nil {
			return err
		}
		ack := &discovery.DiscoveryRequest{VersionInfo: response.VersionInfo, ResponseNonce: response.Nonce}
		if err := stream.Send(c.request(kind, ack)); err != nil {
			return err
		}
		c.note(changes)
		if next := kind + 1; next < len(types) && len(c.asked[next]) > 0 {
			if err := stream.Send(c.request(next, &discovery.DiscoveryRequest{})); err != nil {
				return err
			}
		}
		if c.onReady != nil && len(c.endpoints) == c.settings.each {
			c.onReady()
			c.onReady = nil
		}
	}
}

func (c *client) request(kind int, with *discovery.DiscoveryRequest) *discovery.DiscoveryRequest {
	with.TypeUrl = types[kind]
	for name := range c.asked[kind] {
		with.ResourceNames = append(with.ResourceNames, name)
	}
	return with
}

// take reads a response. It returns the newest change of each service that is in it.
func (c *client) take(kind int, response *discovery.DiscoveryResponse) (map[int]uint32, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.responses++
	changes := map[int]uint32{}
	for _, resource := range response.Resources {
		read, err := readResource(kind, resource.Value)
		if err != nil {
			return nil, err
		}
		service, isAsked := c.asked[kind][read.name]
		if !isAsked {
			continue
		}
		if kind+1 < len(types) {
			c.asked[kind+1][read.next] = service
			continue
		}
		c.endpoints[service] = read.endpoints
		changes[service] = read.newest
	}
	return changes, nil
}

// note keeps what was acknowledged just now.
func (c *client) note(changes map[int]uint32) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for service, newest := range changes {
		if newest > c.newest[service] {
			c.newest[service] = newest
			c.acks = append(c.acks, [4]int64{int64(service), int64(c.number), int64(newest), now()})
		}
	}
}
