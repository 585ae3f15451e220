package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
)

const typePrefix = "type.googleapis.com/envoy.config."

// types in the order in which a client asks for them.
var types = [...]string{
	typePrefix + "listener.v3.Listener",
	typePrefix + "route.v3.RouteConfiguration",
	typePrefix + "cluster.v3.Cluster",
	typePrefix + "endpoint.v3.ClusterLoadAssignment",
}

// An address that begins with this is of a change, whose number are its other three bytes.
const changed = 11

// resource is what the client needs of one.
type resource struct {
	name string
	// What it names, to be asked for next.
	next      string
	endpoints []string
	newest    uint32
}

func readResource(kind int, value []byte) (resource, error) {
	switch kind {
	case 0:
		return readListener(value)
	case 1:
		var read route.RouteConfiguration
		if err := proto.Unmarshal(value, &read); err != nil {
			return resource{}, err
		}
		return resource{name: read.Name, next: clusterOf(&read)}, nil
	case 2:
		var read cluster.Cluster
		if err := proto.Unmarshal(value, &read); err != nil {
			return resource{}, err
		}
		next := read.GetEdsClusterConfig().GetServiceName()
		if next == "" {
			next = read.Name
		}
		return resource{name: read.Name, next: next}, nil
	default:
		return readEndpoints(value)
	}
}

func readListener(value []byte) (resource, error) {
	var read listener.Listener
	if err := proto.Unmarshal(value, &read); err != nil {
		return resource{}, err
	}
	var manager hcm.HttpConnectionManager
	if err := read.GetApiListener().GetApiListener().UnmarshalTo(&manager); err != nil {
		return resource{}, fmt.Errorf("listener %s: %w", read.Name, err)
	}
	if manager.GetRds() == nil {
		return resource{}, fmt.Errorf("listener %s has its routes in itself", read.Name)
	}
	return resource{name: read.Name, next: manager.GetRds().RouteConfigName}, nil
}

// clusterOf the first route: there is one for each Service here.
func clusterOf(config *route.RouteConfiguration) string {
	for _, host := range config.VirtualHosts {
		for _, one := range host.Routes {
			if weighted := one.GetRoute().GetWeightedClusters(); weighted != nil {
				return weighted.Clusters[0].Name
			}
			return one.GetRoute().GetCluster()
		}
	}
	return ""
}

func readEndpoints(value []byte) (resource, error) {
	var read endpoint.ClusterLoadAssignment
	if err := proto.Unmarshal(value, &read); err != nil {
		return resource{}, err
	}
	found := resource{name: read.ClusterName}
	for _, locality := range read.Endpoints {
		for _, one := range locality.LbEndpoints {
			at := one.GetEndpoint().GetAddress().GetSocketAddress()
			found.endpoints = append(found.endpoints, fmt.Sprintf("%s:%d", at.GetAddress(), at.GetPortValue()))
			found.newest = max(found.newest, changeOf(at.GetAddress()))
		}
	}
	slices.SortFunc(found.endpoints, strings.Compare)
	return found, nil
}

func changeOf(address string) uint32 {
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is4() || ip.As4()[0] != changed {
		return 0
	}
	bytes := ip.As4()
	return binary.BigEndian.Uint32(bytes[:]) & 0xffffff
}
