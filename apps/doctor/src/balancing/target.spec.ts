import { describe, expect, it } from 'vitest';
import { schemeOfTemplate, targetsIn } from './target.ts';

describe('targetsIn', () => {
  it.each([
    ['dns:///cart:50051', 'dns', 'cart', '50051'],
    ['dns://10.96.0.10:53/cart.shop', 'dns', 'cart.shop', undefined],
    ['dns:cart:50051', 'dns', 'cart', '50051'],
    ['--target=k8s:///cart.shop:grpc', 'k8s', 'cart.shop', 'grpc'],
    ['xds:///Cart.shop.svc.cluster.local.:80', 'xds', 'cart.shop.svc.cluster.local', '80'],
    ['http://cart.shop:80/path?query', 'http', 'cart.shop', '80'],
    ['cart:50051', undefined, 'cart', '50051'],
    ['"server_uri": "xds-server:18000"', undefined, 'xds-server', '18000'],
  ])('%s', (text, scheme, host, port) => {
    expect(targetsIn(text)).toContainEqual(expect.objectContaining({ scheme, host, port, isSrv: false }));
  });

  it('an SRV name is that of its Service', () => {
    const [target] = targetsIn('dns+srv:///_grpc._tcp.cart.shop.svc.cluster.local');
    expect(target).toMatchObject({ scheme: 'dns+srv', host: 'cart.shop.svc.cluster.local', isSrv: true });
  });

  it('leaves out a path, which may hold a secret', () => {
    const texts = targetsIn('grpc://cart:80/secret dns:///cart:50051/x').map(({ text }) => text);
    expect(texts).toEqual(['grpc://cart:80', 'dns:///cart:50051']);
  });

  it('every item of a list', () => {
    expect(targetsIn('--services=cart, stock').map(({ host }) => host)).toEqual(['cart', 'stock']);
  });

  it('takes no path, flag or bare sign for a host', () => {
    expect(targetsIn('/etc/evenly/mesh.yaml -- { }')).toEqual([]);
  });
});

describe('schemeOfTemplate', () => {
  it.each([
    ['--target=dns:///{service}:50051', 'dns'],
    ['xds:///$(NAME).shop', 'xds'],
    ['dns:///cart:50051', undefined],
  ])('%s', (text, scheme) => expect(schemeOfTemplate(text)).toBe(scheme));
});
