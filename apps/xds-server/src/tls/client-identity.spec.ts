import { X509Certificate } from 'node:crypto';
import { authority } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { allowList, clientIdentity } from './client-identity.ts';

const identityOf = async (names: { uris?: string[]; dnsNames?: string[]; ips?: string[] }) => {
  const { cert } = await (await authority('test')).issue('client', names);
  return clientIdentity(new X509Certificate(cert).raw);
};

describe('clientIdentity', () => {
  it('reads the SPIFFE id and DNS names, and nothing else', async () => {
    expect(
      await identityOf({
        uris: ['spiffe://example.org/ns/shop/sa/cart'],
        dnsNames: ['Cart.Example.Org', 'b'],
        ips: ['10.0.0.1'],
      }),
    ).toEqual({ spiffeId: 'spiffe://example.org/ns/shop/sa/cart', dnsNames: ['cart.example.org', 'b'] });
    expect(await identityOf({})).toEqual({ dnsNames: [] });
    expect(await identityOf({ uris: ['https://example.org/x'], dnsNames: ['b'] })).toEqual({
      dnsNames: ['b'],
    });
  });

  it('does not take a part of a name for a name', async () => {
    const uri = 'https://evil.org/x, DNS:admin.example.org, URI:spiffe://example.org/admin';
    expect(await identityOf({ uris: [uri], dnsNames: ['a", DNS:admin'] })).toEqual({
      dnsNames: ['a", dns:admin'],
    });
  });

  it.each([
    [
      'more than one URI',
      ['spiffe://example.org/ns/shop/sa/cart', 'spiffe://example.org/admin'],
      'it has 2 URIs',
    ],
    ['a URI beside it', ['https://example.org', 'spiffe://example.org/admin'], 'it has 2 URIs'],
    ['a path that leads up', ['spiffe://example.org/ns/shop/../admin'], 'path segment'],
    ['a query', ['spiffe://example.org/ns/shop?sa=admin'], 'its SPIFFE id has a path'],
    ['a port', ['spiffe://example.org:1/ns/shop'], 'its SPIFFE id has a trust domain'],
    ['a scheme in upper case', ['SPIFFE://example.org/ns/shop'], 'does not begin with spiffe://'],
    [
      'an id within its URI',
      ['spiffe://evil.org/x, URI:spiffe://example.org/admin'],
      'its SPIFFE id has a path',
    ],
  ])('refuses a certificate with %s as a whole', async (_what, uris, reason) => {
    const identity = await identityOf({ uris, dnsNames: ['cart.example.org'] });
    expect(identity).toEqual({ dnsNames: [], fault: expect.stringContaining(reason) as string });
    expect(allowList(['spiffe://example.org/*', '*'])(identity)).toBe(false);
  });
});

describe('allowList', () => {
  const spiffe = (spiffeId: string) => ({ spiffeId, dnsNames: [] });
  const dns = (...dnsNames: string[]) => ({ dnsNames });

  it('takes ids exactly, or any path below one; DNS names exactly, or any rest after a * at the end', () => {
    const allows = allowList([
      'spiffe://example.org/ns/shop/*',
      'spiffe://example.org/one',
      'spiffe://other.org/*',
      'Front-*',
      'b.org',
    ]);
    for (const id of ['example.org/ns/shop/sa/cart', 'example.org/one', 'other.org/x']) {
      expect(allows(spiffe(`spiffe://${id}`))).toBe(true);
    }
    expect(allows(dns('front-1.example.org'))).toBe(true);
    expect(allows(dns('b.org'))).toBe(true);
    for (const id of [
      'example.org/ns/shopping',
      'example.org/ns/shop',
      'example.org/one/more',
      'example.org',
      'other.org',
      'other.org.evil/x',
    ]) {
      expect(allows(spiffe(`spiffe://${id}`))).toBe(false);
    }
    expect(allows(dns('a.b.org'))).toBe(false);
    expect(allows(dns())).toBe(false);
  });

  it('does not take a DNS name for a SPIFFE id or the other way round', () => {
    expect(allowList(['*'])(spiffe('spiffe://example.org/x'))).toBe(false);
    expect(allowList(['spiffe://example.org/x'])(dns('spiffe://example.org/x'))).toBe(false);
  });

  it.each([
    ['spiffe://*/admin', 'at the end only'],
    ['spiffe://example.org*', 'behind a /'],
    ['spiffe://example.org/ns/sh*', 'behind a /'],
    ['spiffe://*', 'does not begin with'],
    ['spiffe://*/*', 'at the end only'],
    ['spiffe:///*', 'no trust domain'],
    ['spiffe://example.org/ns/../*', 'path segment'],
    ['spiffe://Example.org/*', 'trust domain'],
    ['https://example.org/x', 'does not begin with spiffe://'],
    ['*.example.org', 'at the end only'],
  ])('refuses %s', (pattern, reason) => expect(() => allowList([pattern])).toThrow(reason));
});
