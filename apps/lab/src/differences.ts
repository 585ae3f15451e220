/**
 * Where the lab is unlike a real cluster, in all scenarios. Pages, `lab list` and the report show it; docs/scenarios.md has
 * the same words.
 */
export const differences: readonly string[] = [
  'Pods are processes of one machine: they share its CPU, there is no network between them, and nothing limits them.',
  'Most pods share 127.0.0.1 and differ by port. Those of clusterip, headless-dns, max-age and the proxies of proxy have addresses of their own (127.x.y.z) with the same port, which needs Linux.',
  "Nothing probes a pod's readiness: a pod is an endpoint once it listens, until it is told to go.",
  'DNS and the EndpointSlice API know a change at once, where a cluster takes up to some seconds. The API has neither TLS nor RBAC.',
  'A pod that is to go leaves DNS and the slices first, and serves on for 1.5 s more than the refresh interval (2 s): a preStop hook that sleeps. In a cluster that time has to cover caches, too.',
  'A rolling restart starts one pod more than desired at a time and has no probes to wait for.',
  "gRPC's own DNS resolver is made to ask the lab's DNS server by the target (dns://server/name) and GRPC_NODE_USE_ALTERNATIVE_RESOLVER=true; it is otherwise as it comes, with its 30 s between two look-ups.",
];
