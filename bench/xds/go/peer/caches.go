package main

import (
	"context"
	"strconv"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// served is a cache, and how its endpoints are changed.
type served struct {
	cache.Cache
	update func(*assignment) error
}

// linear has one LinearCache for each type: every resource is encoded once per version.
func linear(n names, endpoints *assignment) (served, error) {
	one := func(typeURL, name string, item types.Resource) *cache.LinearCache {
		return cache.NewLinearCache(typeURL, cache.WithInitialResources(map[string]types.Resource{name: item}))
	}
	eds := one(resource.EndpointType, n.cluster, endpoints)
	mux := &cache.MuxCache{
		Classify:      func(request *cache.Request) string { return request.GetTypeUrl() },
		ClassifyDelta: func(request *cache.DeltaRequest) string { return request.GetTypeUrl() },
		Caches: map[string]cache.Cache{
			resource.ListenerType: one(resource.ListenerType, n.listener, listenerOf(n)),
			resource.RouteType:    one(resource.RouteType, n.route, routeOf(n)),
			resource.ClusterType:  one(resource.ClusterType, n.cluster, clusterOf(n)),
			resource.EndpointType: eds,
		},
	}
	update := func(next *assignment) error { return eds.UpdateResource(n.cluster, next) }
	return served{mux, update}, nil
}

type sharedSnapshot struct{}

// ID puts every node on the same snapshot: the least work that a SnapshotCache can have.
func (sharedSnapshot) ID(*core.Node) string { return "all" }

func snapshot(n names, endpoints *assignment) (served, error) {
	snapshots := cache.NewSnapshotCache(true, sharedSnapshot{}, nil)
	version := 0
	update := func(next *assignment) error {
		version++
		// Each type has a version of its own, so that only endpoints are sent again.
		parts := &cache.Snapshot{}
		parts.Resources[types.Listener] = cache.NewResources("1", []types.Resource{listenerOf(n)})
		parts.Resources[types.Route] = cache.NewResources("1", []types.Resource{routeOf(n)})
		parts.Resources[types.Cluster] = cache.NewResources("1", []types.Resource{clusterOf(n)})
		parts.Resources[types.Endpoint] = cache.NewResources(strconv.Itoa(version), []types.Resource{next})
		return snapshots.SetSnapshot(context.Background(), "all", parts)
	}
	return served{snapshots, update}, update(endpoints)
}
