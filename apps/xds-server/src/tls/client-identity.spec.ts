import { X509Certificate } from 'node:crypto';
import { authority } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { allowList, clientIdentity } from './client-identity.ts';

const identityOf = async (names: { uris?: string[]; dnsNames?: string[]; ips?: string[] }) => {
  const { cert } = await (await authority('test')).issue('client', names);
  return clientIdentity(new X509Certificate(cert).raw);
};

describe('clientIdentity', () => {
  it('reads SPIFFE ids and DNS names, and nothing else', async () => {
    expect(
      await identityOf({
        uris: ['spiffe://example.org/ns/shop/sa/cart'],
        dnsNames: ['Cart.Example.Org', 'b'],
        ips: ['10.0.0.1'],
      }),
    ).toEqual({ uris: ['spiffe://example.org/ns/shop/sa/cart'], dnsNames: ['cart.example.org', 'b'] });
    expect(await identityOf({})).toEqual({ uris: [], dnsNames: [] });
  });

  it('does not take a part of a name for a name', async () => {
    const uri = 'spiffe://evil.org/x, DNS:admin.example.org, URI:spiffe://example.org/admin';
    expect(await identityOf({ uris: [uri], dnsNames: ['a", DNS:admin'] })).toEqual({
      uris: [uri],
      dnsNames: ['a", dns:admin'],
    });
  });
});

describe('allowList', () => {
  const spiffe = (...uris: string[]) => ({ uris, dnsNames: [] });
  const dns = (...dnsNames: string[]) => ({ uris: [], dnsNames });

  it('takes names exactly, or any rest after a * at the end', () => {
    const allows = allowList([
      'spiffe://example.org/ns/shop/*',
      'spiffe://example.org/one',
      'Front-*',
      'b.org',
    ]);
    expect(allows(spiffe('spiffe://example.org/ns/shop/sa/cart'))).toBe(true);
    expect(allows(spiffe('spiffe://other.org/x', 'spiffe://example.org/one'))).toBe(true);
    expect(allows(dns('front-1.example.org'))).toBe(true);
    expect(allows(dns('b.org'))).toBe(true);
    for (const name of [
      'spiffe://example.org/ns/shopping',
      'spiffe://example.org/one/more',
      'spiffe://example.org',
    ]) {
      expect(allows(spiffe(name))).toBe(false);
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
    ['spiffe://example.org*', 'write a / before the *'],
    ['spiffe://*', 'write a / before the *'],
    ['*.example.org', 'at the end only'],
  ])('refuses %s', (pattern, reason) => expect(() => allowList([pattern])).toThrow(reason));
});
