#!/usr/bin/env bash
# google.golang.org/grpc 1.85.0, against @grpc/grpc-js-xds 1.14.1 and grpcio 1.85.3.
#
# What it does: a route asks for content-type with the prefix application/grpc, another one behind it takes everything. Every
# call has that content type. Node and Python take the first route, as Envoy does and as gRFC A28 has it ("content-type" is
# the one header of the transport that is to be known); Go takes it for none of its calls.
# Why it surprises: grpc-go means to know it: its config selector looks for "extra metadata", of which content-type is all there
# is. The first route is accepted, and tests with other clients pass.
# Who is hurt: who shares routes with Envoy, where content-type tells gRPC from the web on one host: calls of Go clients go
# where the others are meant to go, or fail where there is no second route.
# Where it comes from: stream.go, newAttemptLocked puts the extra metadata into the context of an attempt; SelectConfig
# (internal/xds/resolver/serviceconfig.go) was called before that, with the context of the call, and finds none.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-0}" 2>/dev/null || true; chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<'EOF'
module find

go 1.24

require (
	github.com/envoyproxy/go-control-plane/envoy v1.39.1-0.20260819172001-e6e3fd93e4be
	google.golang.org/grpc v1.85.0
	google.golang.org/protobuf v1.36.12
)
EOF
cat >main.go <<'EOF'
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	clusterpb "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corepb "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointpb "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerpb "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routepb "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerpb "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmpb "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoverypb "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	matcherpb "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	_ "google.golang.org/grpc/xds"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func pack(message proto.Message) *anypb.Any {
	packed, err := anypb.New(message)
	if err != nil {
		panic(err)
	}
	return packed
}

// backend answers every call with its name in the headers.
func backend(name string) *endpointpb.LbEndpoint {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		_ = stream.SetHeader(metadata.Pairs("from", name))
		return stream.SendMsg(&emptypb.Empty{})
	})).Serve(listener)
	port := uint32(listener.Addr().(*net.TCPAddr).Port)
	address := &corepb.Address{Address: &corepb.Address_SocketAddress{SocketAddress: &corepb.SocketAddress{
		Address: "127.0.0.1", PortSpecifier: &corepb.SocketAddress_PortValue{PortValue: port}}}}
	return &endpointpb.LbEndpoint{HostIdentifier: &endpointpb.LbEndpoint_Endpoint{Endpoint: &endpointpb.Endpoint{Address: address}}}
}

func locality(zone string, weight uint32, endpoints ...*endpointpb.LbEndpoint) *endpointpb.LocalityLbEndpoints {
	return &endpointpb.LocalityLbEndpoints{Locality: &corepb.Locality{Zone: zone},
		LoadBalancingWeight: wrapperspb.UInt32(weight), LbEndpoints: endpoints}
}

var ads = &corepb.ConfigSource{ConfigSourceSpecifier: &corepb.ConfigSource_Ads{Ads: &corepb.AggregatedConfigSource{}}}

func cluster(name string, policy clusterpb.Cluster_LbPolicy) *clusterpb.Cluster {
	return &clusterpb.Cluster{Name: name, LbPolicy: policy,
		ClusterDiscoveryType: &clusterpb.Cluster_Type{Type: clusterpb.Cluster_EDS},
		EdsClusterConfig:     &clusterpb.Cluster_EdsClusterConfig{EdsConfig: ads}}
}

func routeTo(name string, headers ...*routepb.HeaderMatcher) *routepb.Route {
	return &routepb.Route{Match: &routepb.RouteMatch{PathSpecifier: &routepb.RouteMatch_Prefix{}, Headers: headers},
		Action: &routepb.Route_Route{Route: &routepb.RouteAction{ClusterSpecifier: &routepb.RouteAction_Cluster{Cluster: name}}}}
}

func listener(name string, routes ...*routepb.Route) *listenerpb.Listener {
	manager := &hcmpb.HttpConnectionManager{
		RouteSpecifier: &hcmpb.HttpConnectionManager_RouteConfig{RouteConfig: &routepb.RouteConfiguration{
			Name: name, VirtualHosts: []*routepb.VirtualHost{{Name: name, Domains: []string{"*"}, Routes: routes}}}},
		HttpFilters: []*hcmpb.HttpFilter{{Name: "router",
			ConfigType: &hcmpb.HttpFilter_TypedConfig{TypedConfig: pack(&routerpb.Router{})}}}}
	return &listenerpb.Listener{Name: name, ApiListener: &listenerpb.ApiListener{ApiListener: pack(manager)}}
}

type plane struct {
	discoverypb.UnimplementedAggregatedDiscoveryServiceServer
	resources map[string]map[string]proto.Message
}

func (p *plane) add(name string, message proto.Message) {
	url := pack(message).TypeUrl
	if p.resources[url] == nil {
		p.resources[url] = map[string]proto.Message{}
	}
	p.resources[url][name] = message
}

// StreamAggregatedResources sends what is asked for, once.
func (p *plane) StreamAggregatedResources(stream discoverypb.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	asked := map[string]string{}
	for {
		request, err := stream.Recv()
		if err != nil {
			return nil
		}
		if request.ErrorDetail != nil {
			fmt.Fprintln(os.Stderr, "refused:", request.ErrorDetail.Message)
			continue
		}
		names := fmt.Sprint(request.ResourceNames)
		if asked[request.TypeUrl] == names {
			continue
		}
		asked[request.TypeUrl] = names
		response := &discoverypb.DiscoveryResponse{TypeUrl: request.TypeUrl, VersionInfo: names, Nonce: names}
		for _, name := range request.ResourceNames {
			if resource := p.resources[request.TypeUrl][name]; resource != nil {
				response.Resources = append(response.Resources, pack(resource))
			}
		}
		if err := stream.Send(response); err != nil {
			return nil
		}
	}
}

func shares(target string, calls int) map[string]int {
	client, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	counts := map[string]int{}
	for range calls {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		var header metadata.MD
		if err := client.Invoke(ctx, "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&header)); err != nil {
			counts[err.Error()]++
		} else {
			counts[header.Get("from")[0]]++
		}
		cancel()
	}
	return counts
}

func main() {
	if os.Args[1] != "server" {
		fmt.Println("grpc-go:", shares("xds:///service", 100))
		return
	}
	p := &plane{resources: map[string]map[string]proto.Message{}}
	for _, name := range []string{"typed", "others"} {
		p.add(name, cluster(name, clusterpb.Cluster_ROUND_ROBIN))
		p.add(name, &endpointpb.ClusterLoadAssignment{ClusterName: name,
			Endpoints: []*endpointpb.LocalityLbEndpoints{locality("a", 1, backend(name))}})
	}
	isGrpc := &routepb.HeaderMatcher{Name: "content-type", HeaderMatchSpecifier: &routepb.HeaderMatcher_StringMatch{
		StringMatch: &matcherpb.StringMatcher{MatchPattern: &matcherpb.StringMatcher_Prefix{Prefix: "application/grpc"}}}}
	p.add("service", listener("service", routeTo("typed", isGrpc), routeTo("others")))
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf(`{"xds_servers":[{"server_uri":"%s","channel_creds":[{"type":"insecure"}],"server_features":["xds_v3"]}],"node":{"id":"n","locality":{"zone":"a"}}}`+"\n", tcp.Addr())
	server := grpc.NewServer()
	discoverypb.RegisterAggregatedDiscoveryServiceServer(server, p)
	_ = server.Serve(tcp)
}
EOF
cat >client.mjs <<'EOF'
import grpc from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';
register();
const client = new grpc.Client('xds:///service', grpc.credentials.createInsecure());
const bytes = (value) => value;
const counts = {};
for (let call = 0; call < 100; call++) {
  const from = await new Promise((done) => {
    let header = 'nobody';
    client
      .makeUnaryRequest('/a.B/C', bytes, bytes, Buffer.alloc(0), { deadline: Date.now() + 10_000 }, (error) =>
        done(error === null ? header : error.message),
      )
      .on('metadata', (metadata) => (header = metadata.get('from')[0]));
  });
  counts[from] = (counts[from] ?? 0) + 1;
}
console.log('grpc-js:', JSON.stringify(counts));
process.exit(0);
EOF
cat >client.py <<'EOF'
import collections, grpc

counts = collections.Counter()
with grpc.insecure_channel("xds:///service") as channel:
    call = channel.unary_unary("/a.B/C")
    for _ in range(100):
        _, done = call.with_call(b"", timeout=10)
        counts[dict(done.initial_metadata())["from"]] += 1
print("grpcio:", dict(counts))
EOF
{
  go mod tidy && go build -o find . && npm install --silent --no-save @grpc/grpc-js@1.14.7 @grpc/grpc-js-xds@1.14.1 &&
    python3 -m venv venv && venv/bin/pip install --quiet grpcio==1.85.3
} >install.log 2>&1 || { cat install.log; exit 2; }
./find server >bootstrap &
server=$!
until [ -s bootstrap ]; do sleep 0.1; done
GRPC_XDS_BOOTSTRAP_CONFIG=$(cat bootstrap)
export GRPC_XDS_BOOTSTRAP_CONFIG
{ ./find client; node client.mjs; venv/bin/python client.py; } | tee out
diff out - <<'EOF'
grpc-go: map[others:100]
grpc-js: {"typed":100}
grpcio: {'typed': 100}
EOF
