import type { LocalCluster } from '../cluster.ts';
import type { PodStatus } from '../pod.ts';
import type { ServiceStatus } from '../service.ts';
import { serviceNameLabel, type EndpointSliceObject, type SliceEndpointObject } from './objects.ts';
import type { KubeApi } from './server.ts';

/** How often the cluster is looked at: what the EndpointSlice controller takes in a real one is more. */
const lookMs = 20;

/**
 * Keeps the slices of an API true to a cluster's pods. All pods share one address and differ by port, and a slice has
 * one port, so each pod has a slice of its own.
 * @returns stops following; the slices stay
 */
export function followCluster(api: KubeApi, cluster: LocalCluster): () => void {
  const known = new Map<string, { namespace: string; content: string }>();
  const look = () => {
    const wanted = new Map<string, EndpointSliceObject>();
    for (const { status } of cluster.services)
      for (const slice of slicesOfService(status)) wanted.set(slice.metadata.name, slice);
    for (const [name, slice] of wanted) {
      const content = JSON.stringify(slice);
      if (known.get(name)?.content === content) continue;
      known.set(name, { namespace: slice.metadata.namespace, content });
      api.store.put(slice);
    }
    for (const [name, { namespace }] of known) {
      if (wanted.has(name)) continue;
      known.delete(name);
      api.store.delete(namespace, name);
    }
  };
  look();
  const timer = setInterval(look, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** A pod that starts has no port yet, so no slice; a service without pods has one slice without anything, as in Kubernetes. */
export function slicesOfService(service: ServiceStatus): EndpointSliceObject[] {
  const { name, namespace, portName, protocol } = service;
  const slice = (suffix: string, address: string): EndpointSliceObject => ({
    metadata: { name: `${name}-${suffix}`, namespace, labels: { [serviceNameLabel]: name } },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: null,
    ports: null,
  });
  const slices = service.pods.flatMap((pod) => {
    if (pod.port === undefined || pod.state === 'ended') return [];
    const ports = [{ name: portName, protocol: protocol.toUpperCase(), port: pod.port }];
    return [{ ...slice(pod.name, pod.address), endpoints: [endpointOfPod(pod, namespace)], ports }];
  });
  return slices.length > 0 ? slices : [slice('empty', '127.0.0.1')];
}

/** One that terminates still serves, until it is gone. */
function endpointOfPod(pod: PodStatus, namespace: string): SliceEndpointObject {
  const ready = pod.state === 'running';
  return {
    addresses: [pod.address],
    conditions: { ready, serving: pod.state !== 'starting', terminating: pod.state === 'terminating' },
    ...(pod.zone !== undefined && { zone: pod.zone }),
    targetRef: { kind: 'Pod', namespace, name: pod.name, uid: `${pod.name}-${pod.pid ?? 0}` },
  };
}
