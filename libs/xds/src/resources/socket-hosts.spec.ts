import { describe, expect, it } from 'vitest';
import type { Route } from '@evenly/mesh-config';
import { SocketHosts } from './socket-hosts.ts';

const route = (authority: string): Route => ({
  match: { authority, path: { kind: 'prefix', value: '' }, headers: [] } as unknown as Route['match'],
  to: [{ service: 'shop.default:8080', weight: 1 }],
});
const domainsOf = (...authorities: string[]) =>
  new SocketHosts('cluster.local').of(authorities.map(route)).map(({ domains }) => domains);

describe('virtual hosts of listeners with a socket', () => {
  it('a Service has all names that DNS has for it', () => {
    expect(domainsOf('shop.default:8080')).toEqual([
      ['shop.default:8080', 'shop.default.svc:8080', 'shop.default.svc.cluster.local:8080'],
    ]);
  });

  it('its main port has those without a port', () => {
    expect(domainsOf('shop.default:0')).toEqual([
      ['shop.default:0', 'shop.default', 'shop.default.svc', 'shop.default.svc.cluster.local'],
    ]);
  });

  it.each(['shop.default.svc:8080', 'shop.default.svc'])('not those that routes name: %s', (named) => {
    expect(domainsOf('shop.default:8080', named)[0]).toEqual([
      'shop.default:8080',
      'shop.default.svc.cluster.local:8080',
    ]);
  });

  it('what is no name of a Service is left alone, and so are names for the clients of one namespace', () => {
    expect(domainsOf('shop', 'shop:8080', 'a.b.example.com:443')).toEqual([
      ['shop', 'shop:*'],
      ['shop:8080'],
      ['a.b.example.com:443'],
    ]);
    expect(domainsOf('other/shop.default:8080')).toEqual([]);
  });

  it('what is the same stays the same object', () => {
    const hosts = new SocketHosts('cluster.local');
    const first = route('shop.default:8080');
    const routes = [first];
    expect(hosts.of(routes)).toBe(hosts.of(routes));
  });
});
