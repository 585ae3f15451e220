import { describe, expect, it } from 'vitest';
import { conditionsOf, gatewayClass, route, TestCluster } from '../testing/cluster.ts';

const service = (name: string, namespace: string, ports: string) => `
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ports: [${ports}] }
`;
const two = '{ name: grpc, port: 50051 }, { name: admin, port: 9000 }';
const cluster = (...objects: string[]) =>
  new TestCluster().apply(
    [gatewayClass, service('echo', 'shop', two), service('new', 'shop', '{ port: 80 }'), ...objects].join(
      '---',
    ),
  );
const producer = (ref: string, namespace = 'shop') =>
  route(
    'GRPCRoute',
    'r',
    `{ parentRefs: [${ref}], rules: [{ backendRefs: [{ name: new, namespace: shop, port: 80 }] }] }`,
    `namespace: ${namespace}`,
  );
const echo = (more = '') => `{ group: "", kind: Service, name: echo${more} }`;

describe('a GRPCRoute of a Service', () => {
  it('is for all who call it, by each of its names', () => {
    const objects = cluster(producer(echo(', port: 50051')));
    expect(objects.translate().serviceRoutes).toEqual([
      {
        service: 'echo.shop:50051',
        names: ['echo.shop:50051', 'echo.shop:0'],
        routes: [expect.objectContaining({ to: [{ service: 'new.shop:80', weight: 1 }] })],
      },
    ]);
    expect([...objects.translate().services.keys()]).toEqual(['new.shop:80']);
    const [parent] = objects.statusOf('GRPCRoute', 'r', 'shop').parents;
    expect(conditionsOf(parent as never)).toEqual([
      'Accepted=True/Accepted',
      'ResolvedRefs=True/ResolvedRefs',
    ]);
    expect(parent).toMatchObject({ parentRef: { group: '', kind: 'Service', name: 'echo', port: 50051 } });
  });

  it('without a port is for all ports, of which the first that speaks gRPC has the name without one', () => {
    const routes = cluster(producer(echo())).translate().serviceRoutes;
    expect(routes.map(({ names }) => names)).toEqual([
      ['echo.shop:50051', 'echo.shop:0'],
      ['echo.shop:9000'],
    ]);
    const web = service('echo', 'shop', '{ name: web, port: 80 }, { name: grpc, port: 50051 }');
    const [ofWeb, ofGrpc] = cluster(producer(echo()), web).translate().serviceRoutes;
    expect([ofWeb!.names, ofGrpc!.names]).toEqual([['echo.shop:80'], ['echo.shop:50051', 'echo.shop:0']]);
    expect(cluster(producer(echo(', sectionName: admin'))).translate().serviceRoutes).toHaveLength(1);
  });

  it('in another namespace is for clients there alone', () => {
    const grant = `
kind: ReferenceGrant
metadata: { name: x, namespace: shop }
spec: { from: [{ group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: client }], to: [{ group: "", kind: Service }] }
`;
    const consumer = producer(echo(', namespace: shop, port: 50051'), 'client');
    const routes = cluster(grant, producer(echo(', port: 50051')), consumer).translate().serviceRoutes;
    expect(routes.map(({ clientNamespace, service }) => [clientNamespace, service])).toEqual([
      [undefined, 'echo.shop:50051'],
      ['client', 'echo.shop:50051'],
    ]);
  });

  it.each([
    ['another port', echo(', port: 1')],
    ['another name of a port', echo(', sectionName: wrong')],
    ['no Service', '{ group: "", kind: Service, name: missing }'],
  ])('with %s is not accepted', (_, ref) => {
    const objects = cluster(producer(ref));
    expect(objects.translate().serviceRoutes).toEqual([]);
    const [parent] = objects.statusOf('GRPCRoute', 'r', 'shop').parents;
    expect(conditionsOf(parent as never)[0]).toBe('Accepted=False/NoMatchingParent');
  });

  it('takes no HTTPRoute, and says so', () => {
    const http = route('HTTPRoute', 'r', `{ parentRefs: [${echo()}] }`, 'namespace: shop');
    const objects = cluster(http);
    expect(objects.translate().serviceRoutes).toEqual([]);
    const [parent] = objects.statusOf('HTTPRoute', 'r', 'shop').parents;
    expect(conditionsOf(parent as never)[0]).toBe('Accepted=False/UnsupportedValue');
  });

  it('several are one list, in the order of the API, and the same one while nothing changes', () => {
    const rule = (method: string) =>
      `rules: [{ matches: [${method}], backendRefs: [{ name: new, port: 80 }] }]`;
    const one = (name: string, method: string) =>
      route(
        'GRPCRoute',
        name,
        `{ parentRefs: [${echo(', port: 50051')}], ${rule(method)} }`,
        'namespace: shop',
      );
    const objects = cluster(one('all', '{}'), one('some', '{ method: { service: s } }'));
    const [first] = objects.translate().serviceRoutes;
    expect(first!.routes.map(({ name }) => name)).toEqual(['grpcroute/shop/some/0', 'grpcroute/shop/all/0']);
    expect(objects.translate().serviceRoutes[0]).toBe(first);
  });
});
