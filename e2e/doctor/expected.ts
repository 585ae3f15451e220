/**
 * What the doctor says of each overlay of k8s/overlays, by `linesOf`: who calls which Service by what, the shares of
 * versions, and what is wrong beyond notes. No two are the same.
 */
export const expected: Readonly<Record<string, readonly string[]>> = {
  clusterip: [
    'clusterip/be1-srv (ClusterIP) < deployment/echo-client: cluster-ip by kube-proxy, seen',
    'clusterip/be1-srv (ClusterIP) wrong: one-connection',
  ],
  'headless-dns': [
    'headless-dns/be1-srv (headless) < deployment/echo-client: headless-dns by client from dns, seen',
    'headless-dns/be1-srv (headless) wrong: headless-clients',
  ],
  'max-age': ['max-age/be1-srv (headless) < deployment/echo-client: headless-dns by client from dns, seen'],
  'client-dns': [
    'client-dns/be1-srv (headless) < deployment/echo-client: client-dns-srv by client from dns-srv, seen',
  ],
  'client-api': [
    'client-api/be1-srv (headless) < deployment/echo-client: client-api by client from kubernetes, seen',
  ],
  proxy: [
    'proxy/be1-srv (headless) < deployment/l7-proxy: proxy by l7-proxy proxy/l7-proxy from dns-srv, seen',
    'proxy/l7-proxy (headless, proxy) < deployment/echo-client: headless-dns by client from dns, seen',
    'proxy/l7-proxy (headless, proxy) wrong: headless-clients',
  ],
  sidecar: [
    'sidecar/be1-srv (headless) < deployment/echo-client: sidecar by l7-proxy sidecar/echo-client from dns-srv, seen',
  ],
  canary: [
    'canary/l7-proxy (headless, proxy) < deployment/echo-client: headless-dns by client from dns, seen',
    'canary/l7-proxy (headless, proxy) < deployment/preview-echo-client: headless-dns by client from dns, seen',
    'canary/l7-proxy (headless, proxy) wrong: headless-clients',
    'canary/v1-srv (headless) < deployment/l7-proxy: proxy by l7-proxy canary/l7-proxy from dns-srv, seen',
    'canary/v1-srv (headless) shares: canary/v1-srv 99, canary/v2-srv 1',
    'canary/v2-srv (headless) < deployment/l7-proxy: proxy by l7-proxy canary/l7-proxy from dns-srv, seen',
    'canary/v2-srv (headless) shares: canary/v1-srv 99, canary/v2-srv 1',
  ],
  'xds-dns-srv': [
    'xds-dns-srv/be1-srv (headless) < deployment/frontend: xds by xds-server xds-dns-srv/xds-server from dns-srv, inferred',
    'xds-dns-srv/be2-srv (headless) < deployment/frontend: xds by xds-server xds-dns-srv/xds-server from dns-srv, inferred',
    'xds-dns-srv/xds-server (ClusterIP, control-plane config) < deployment/frontend: cluster-ip by kube-proxy, seen',
  ],
  'xds-k8s': [
    'xds-k8s/be1-srv (headless) < deployment/frontend: xds by xds-server xds-k8s/xds-server from kubernetes, inferred',
    'xds-k8s/be2-srv (headless) < deployment/frontend: xds by xds-server xds-k8s/xds-server from kubernetes, inferred',
    'xds-k8s/xds-server (ClusterIP, control-plane config) < deployment/frontend: cluster-ip by kube-proxy, seen',
  ],
  'xds-file': [
    'xds-file/v1-srv (headless) < deployment/echo-client: xds by xds-server xds-file/xds-server from dns-srv, seen',
    'xds-file/v1-srv (headless) shares: xds-file/v1-srv 95, xds-file/v2-srv 5',
    'xds-file/v2-srv (headless) < deployment/echo-client: xds by xds-server xds-file/xds-server from dns-srv, seen',
    'xds-file/v2-srv (headless) shares: xds-file/v1-srv 95, xds-file/v2-srv 5',
    'xds-file/xds-server (ClusterIP, control-plane config) < deployment/echo-client: cluster-ip by kube-proxy, seen',
  ],
  discover: [
    'discover/be1-srv (headless) < deployment/frontend: xds by xds-server discover/xds-server from discover, inferred',
    'discover/be2-srv (headless) < deployment/frontend: xds by xds-server discover/xds-server from discover, inferred',
    'discover/xds-server (ClusterIP, control-plane discover) < deployment/frontend: cluster-ip by kube-proxy, seen',
  ],
  'my-service': [
    'my-service/my-service (ClusterIP) < deployment/my-client: xds by xds-server my-service/xds-server from kubernetes, inferred',
    'my-service/my-service (ClusterIP) wrong: no-disruption-budget',
    'my-service/xds-server (ClusterIP, control-plane config) < deployment/my-client: cluster-ip by kube-proxy, seen',
  ],
  'other-namespace': [
    'mesh/xds-server (ClusterIP, control-plane config) < deployment/my-client: cluster-ip by kube-proxy, seen',
    'shop/my-service (ClusterIP) < deployment/my-client: xds by xds-server mesh/xds-server from kubernetes, inferred',
    'shop/my-service (ClusterIP) wrong: no-disruption-budget',
  ],
  'gateway-api': ['evenly-gateway/xds-server (ClusterIP, control-plane config gateway-api) < nobody'],
  'istio/plain': ['srv', 'v1-srv', 'v2-srv'].flatMap((name) => [
    `istio-plain/${name} (ClusterIP) < deployment/frontend: cluster-ip by kube-proxy, inferred`,
    `istio-plain/${name} (ClusterIP) wrong: one-connection`,
  ]),
  'istio/sidecar': ['srv', 'v1-srv', 'v2-srv'].map(
    (name) => `istio-sidecar/${name} (ClusterIP) < deployment/frontend: mesh by istio, inferred`,
  ),
  'istio/proxyless': ['srv', 'v1-srv', 'v2-srv'].map(
    (name) => `istio-proxyless/${name} (ClusterIP) < deployment/frontend: xds by istio, inferred`,
  ),
  linkerd: [
    'linkerd-mesh/srv (ClusterIP) < deployment/frontend: mesh by linkerd, inferred',
    'linkerd-mesh/srv (ClusterIP) shares: linkerd-mesh/v1-srv 95, linkerd-mesh/v2-srv 5',
    'linkerd-mesh/v1-srv (ClusterIP) < deployment/frontend: mesh by linkerd, inferred',
    'linkerd-mesh/v2-srv (ClusterIP) < deployment/frontend: mesh by linkerd, inferred',
  ],
};

/** Where an overlay's Services are. */
export const namespacesOf = (overlay: string): string[] => [
  ...new Set(expected[overlay]!.map((line) => line.split('/')[0]!)),
];
