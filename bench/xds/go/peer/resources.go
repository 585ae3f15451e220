package main

import (
	"fmt"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The same resources as libs/xds makes: as many endpoints, in one locality, with the same names.

type assignment = endpoint.ClusterLoadAssignment

// The first endpoint's address before any change; sorted before all others, as in every arm.
const firstAddress = "10.0.100.99"

type names struct{ service, listener, route, virtualHost, cluster string }

func namesOf(service string) names {
	return names{service, service, service + "-route", service + "-vs", service + "-cluster"}
}

func overADS() *core.ConfigSource {
	return &core.ConfigSource{
		ResourceApiVersion:    core.ApiVersion_V3,
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
	}
}

func packed(message proto.Message) *anypb.Any {
	value, err := anypb.New(message)
	if err != nil {
		panic(err) // a message that we made ourselves cannot fail to encode
	}
	return value
}

func listenerOf(n names) *listener.Listener {
	manager := &hcm.HttpConnectionManager{
		StatPrefix: n.listener,
		RouteSpecifier: &hcm.HttpConnectionManager_Rds{
			Rds: &hcm.Rds{RouteConfigName: n.route, ConfigSource: overADS()},
		},
		HttpFilters: []*hcm.HttpFilter{{
			Name:       "envoy.filters.http.router",
			ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: packed(&router.Router{})},
		}},
	}
	return &listener.Listener{Name: n.listener, ApiListener: &listener.ApiListener{ApiListener: packed(manager)}}
}

func routeOf(n names) *route.RouteConfiguration {
	return &route.RouteConfiguration{Name: n.route, VirtualHosts: []*route.VirtualHost{{
		Name:    n.virtualHost,
		Domains: []string{n.service},
		Routes: []*route.Route{{
			Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: ""}},
			Action: &route.Route_Route{Route: &route.RouteAction{
				ClusterSpecifier: &route.RouteAction_Cluster{Cluster: n.cluster},
			}},
		}},
	}}}
}

func clusterOf(n names) *cluster.Cluster {
	return &cluster.Cluster{
		Name:                 n.cluster,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig:     &cluster.Cluster_EdsClusterConfig{EdsConfig: overADS()},
		LbPolicy:             cluster.Cluster_ROUND_ROBIN,
	}
}

func loadAssignment(n names, count int, first string) *assignment {
	endpoints := make([]*endpoint.LbEndpoint, count)
	for i := range endpoints {
		address := first
		if i > 0 {
			address = fmt.Sprintf("10.1.%d.%d", 100+i/100, 100+i%100)
		}
		endpoints[i] = lbEndpoint(address)
	}
	return &assignment{ClusterName: n.cluster, Endpoints: []*endpoint.LocalityLbEndpoints{{
		Locality:            &core.Locality{},
		LbEndpoints:         endpoints,
		LoadBalancingWeight: wrapperspb.UInt32(1000),
	}}}
}

func lbEndpoint(address string) *endpoint.LbEndpoint {
	socket := &core.SocketAddress{Address: address, PortSpecifier: &core.SocketAddress_PortValue{PortValue: 50051}}
	return &endpoint.LbEndpoint{HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{
		Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: socket}},
	}}}
}
