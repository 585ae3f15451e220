import { describe, expect, it } from 'vitest';
import { calling, client, diagnosed, server } from '../testing/inventory-of.ts';

const headless = server({ service: 'clusterIP: None' });

/** `carrier by whom, certainty` of the one client that is found. */
async function wayOf(yaml: string) {
  const { clients } = await diagnosed(yaml);
  return clients.map(({ carrier, by, certainty }) => `${carrier} by ${by}, ${certainty}`);
}

describe('how a client calls', () => {
  it.each([
    ['by the virtual address', server() + calling('dns:///cart:50051'), 'cluster-ip by kube-proxy, seen'],
    ['without a scheme', server() + calling('cart.shop:50051'), 'cluster-ip by kube-proxy, seen'],
    ['a headless Service by DNS', headless + calling('dns:///cart:50051'), 'headless-dns by client, seen'],
    [
      'by SRV records',
      headless + calling('dns+srv:///_grpc._tcp.cart.shop.svc.cluster.local'),
      'client-dns-srv by client, seen',
    ],
    ['by the API', server() + calling('k8s:///cart.shop:grpc'), 'client-api by client, seen'],
    [
      'by the API, with kuberesolver',
      server() + calling('kubernetes:///cart.shop:grpc'),
      'client-api by client, seen',
    ],
    [
      'by a control plane of others',
      server() + client("env: [{ name: GRPC_XDS_BOOTSTRAP, value: /b }, { name: T, value: 'xds:///cart' }]"),
      'xds by an xDS server that is not seen, seen',
    ],
    ['the name alone', server() + client('args: [--services=cart]'), 'cluster-ip by kube-proxy, inferred'],
    [
      'host and port apart, put together by Kubernetes',
      server() + client("env: [{ name: H, value: cart }, { name: T, value: '$(H):50051' }]"),
      'cluster-ip by kube-proxy, seen',
    ],
  ])('%s', async (_, yaml, way) => expect((await wayOf(yaml)).at(0)).toBe(way));

  it('of a long text only the target is told: what stands beside it may be a secret', async () => {
    const { clients } = await diagnosed(
      server() + client("command: [sh, -c, 'run --password=secret --cart=dns:///cart:50051']"),
    );
    expect(clients.map(({ evidence }) => evidence)).toEqual([['command[2]=…dns:///cart:50051…']]);
  });

  it('a server that has its own name is no client of itself', async () => {
    expect(await wayOf(server({ container: 'args: [--name=cart]' }))).toEqual([]);
  });

  it('a Service of the same name in another namespace is not meant', async () => {
    const other = calling('dns:///cart:50051').replace('{ name: web }', '{ name: web, namespace: other }');
    expect(await wayOf(server() + other)).toEqual([]);
  });
});

describe('service meshes', () => {
  const namespace = (notes: string) => `
---
kind: Namespace
metadata: { name: shop, ${notes} }
`;
  const pod = (container: string, notes = '') => `
---
kind: Pod
metadata: { name: web-1, labels: { app: web }, ${notes} }
spec: { containers: [{ name: main, env: [{ name: CART, value: 'dns:///cart:50051' }] }, { name: ${container} }] }
`;
  const web = server() + calling('dns:///cart:50051');
  const istio = namespace('labels: { istio-injection: enabled }');
  const linkerd = namespace('annotations: { linkerd.io/inject: enabled }');

  it.each([
    ['Istio, seen in the pods', web + pod('istio-proxy'), 'mesh by istio, seen'],
    ['Istio, asked for, no pods to be seen', web + istio, 'mesh by istio, inferred'],
    ['Istio by revision', web + namespace('labels: { istio.io/rev: stable }'), 'mesh by istio, inferred'],
    ['Linkerd, seen in the pods', web + pod('linkerd-proxy'), 'mesh by linkerd, seen'],
    ['Linkerd, asked for', web + linkerd, 'mesh by linkerd, inferred'],
    [
      'Istio without sidecars: the node forwards connections',
      web + namespace('labels: { istio.io/dataplane-mode: ambient }'),
      'cluster-ip by kube-proxy, seen',
    ],
    [
      'the same with a waypoint',
      web + namespace('labels: { istio.io/dataplane-mode: ambient, istio.io/use-waypoint: w }'),
      'mesh by istio waypoint, inferred',
    ],
    ['asked for, but the pods run without', web + istio + pod('other'), 'cluster-ip by kube-proxy, seen'],
    [
      'Istio passes headless Services through',
      headless + calling('dns:///cart:50051') + istio,
      'headless-dns by client, seen',
    ],
  ])('%s', async (_, yaml, way) => expect(await wayOf(yaml)).toEqual([way]));

  it('the evidence says what of it was seen', async () => {
    const { clients } = await diagnosed(web + pod('istio-proxy'));
    expect(clients[0]!.evidence).toEqual([
      'env CART=dns:///cart:50051',
      'the pods have a container istio-proxy',
    ]);
  });
});

describe('Gateways', () => {
  const route = `
---
kind: GRPCRoute
metadata: { name: cart }
spec: { parentRefs: [{ name: entry }], rules: [{ backendRefs: [{ name: cart, port: 50051 }] }] }
`;
  it('a GRPCRoute leads from a Gateway to the Service', async () => {
    const gateway = `
---
kind: Gateway
metadata: { name: entry }
spec: { gatewayClassName: evenly, listeners: [] }
`;
    expect(await wayOf(server() + route + gateway)).toEqual(['gateway by Gateway of class evenly, seen']);
    expect(await wayOf(server() + route)).toEqual(['gateway by a Gateway that is not seen, seen']);
  });
});
