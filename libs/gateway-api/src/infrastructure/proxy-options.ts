/** How the proxies of Gateways run; the same for all Gateways. */
export interface ProxyOptions {
  image: string;
  /** Of l7-proxy, for a Gateway whose listeners' names begin with this. */
  args: (listenerPrefix: string) => readonly string[];
  /** Without an autoscaler. */
  replicas: number;
  /** Absent = no autoscaler. */
  autoscale?: { minReplicas: number; maxReplicas: number; cpuPercent: number };
  resources: {
    requests?: Readonly<Record<string, string>>;
    limits?: Readonly<Record<string, string>>;
  };
  /** `LoadBalancer` gets an address from outside, `ClusterIP` one of the cluster. */
  serviceType: 'LoadBalancer' | 'ClusterIP' | 'NodePort';
}
