#!/usr/bin/env bash
# google.golang.org/grpc 1.85.0.
#
# What it does: two localities of one priority have the weights 1 and 9, each with one host. With lb_policy ROUND_ROBIN the
# second gets 9 of 10 calls, with LEAST_REQUEST each gets half: the weights of localities are passed over.
# Why it surprises: the message is taken without a word, and the very same localities with ROUND_ROBIN are right.
# Who is hurt: who shifts load between zones by weight, drains one by a small weight, or has a canary as a locality: with the
# change of one field a zone of 10 % gets 50 %.
# Where it comes from: validateClusterAndConstructClusterUpdate in internal/xds/xdsclient/xdsresource/unmarshal_cds.go makes
# [{"least_request_experimental": ...}] of LEAST_REQUEST, where of ROUND_ROBIN it makes xds_wrr_locality_experimental with
# round_robin as its child.
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

func routeTo(name string) *routepb.Route {
	return &routepb.Route{Match: &routepb.RouteMatch{PathSpecifier: &routepb.RouteMatch_Prefix{}},
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
		for _, name := range os.Args[1:] {
			const calls = 1000
			part := float64(shares("xds:///"+name, calls)["nine"]) / calls
			fmt.Printf("grpc-go, %s: the locality of weight 9 of 10 gets ", name)
			switch {
			case part > 0.85:
				fmt.Println("nine tenths")
			case part > 0.4 && part < 0.6:
				fmt.Println("half")
			default:
				fmt.Println(part)
			}
		}
		return
	}
	p := &plane{resources: map[string]map[string]proto.Message{}}
	one, nine := backend("one"), backend("nine")
	for name, policy := range map[string]clusterpb.Cluster_LbPolicy{
		"round-robin": clusterpb.Cluster_ROUND_ROBIN, "least-request": clusterpb.Cluster_LEAST_REQUEST} {
		p.add(name, listener(name, routeTo(name)))
		p.add(name, cluster(name, policy))
		p.add(name, &endpointpb.ClusterLoadAssignment{ClusterName: name,
			Endpoints: []*endpointpb.LocalityLbEndpoints{locality("a", 1, one), locality("b", 9, nine)}})
	}
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
{ go mod tidy && go build -o find .; } >install.log 2>&1 || { cat install.log; exit 2; }
./find server >bootstrap &
server=$!
until [ -s bootstrap ]; do sleep 0.1; done
GRPC_XDS_BOOTSTRAP_CONFIG=$(cat bootstrap) ./find round-robin least-request | tee out
diff out - <<'EOF'
grpc-go, round-robin: the locality of weight 9 of 10 gets nine tenths
grpc-go, least-request: the locality of weight 9 of 10 gets half
EOF
