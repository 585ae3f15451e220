import { describe, expect, it } from 'vitest';
import { spiffeIdFault } from './spiffe-id.ts';

describe('spiffeIdFault', () => {
  it.each([
    'spiffe://example.org',
    'spiffe://example.org/ns/shop/sa/cart',
    'spiffe://staging_1.example-corp.com/Payments/web-fe_2.0',
    'spiffe://k8s-west.example.com/9eebccd2-12bf-40a6-b262-65fe0487d453',
    'spiffe://a/...',
    `spiffe://${'a'.repeat(255)}/x`,
    `spiffe://a/${'b'.repeat(2037)}`,
  ])('has nothing against %s', (id) => expect(spiffeIdFault(id)).toBeUndefined());

  it.each([
    ['', 'does not begin'],
    ['https://example.org/ns/shop', 'does not begin'],
    ['SPIFFE://example.org/ns/shop', 'does not begin'],
    ['spiffe:/example.org', 'does not begin'],
    ['spiffe://', 'no trust domain'],
    ['spiffe:///ns/shop', 'no trust domain'],
    ['spiffe://Example.org/ns/shop', 'trust domain'],
    ['spiffe://example.org:8443/ns/shop', 'trust domain'],
    ['spiffe://user@example.org/ns/shop', 'trust domain'],
    ['spiffe://user:pass@example.org/ns/shop', 'trust domain'],
    ['spiffe://ex%61mple.org/ns/shop', 'trust domain'],
    ['spiffe://[::1]/ns/shop', 'trust domain'],
    ['spiffe://exämple.org/ns/shop', 'trust domain'],
    ['spiffe://example.org?x', 'trust domain'],
    ['spiffe://example.org#x', 'trust domain'],
    [`spiffe://${'a'.repeat(256)}/x`, 'more than 255'],
    ['spiffe://example.org/', 'slash'],
    ['spiffe://example.org/ns/shop/', 'slash'],
    ['spiffe://example.org//admin', 'empty path segment'],
    ['spiffe://example.org/ns/shop/../admin', '".."'],
    ['spiffe://example.org/ns/./shop', '"."'],
    ['spiffe://example.org/ns/shop/..', '".."'],
    ['spiffe://example.org/ns/shop?admin', 'path'],
    ['spiffe://example.org/ns/shop#admin', 'path'],
    ['spiffe://example.org/ns/sh%6Fp', 'path'],
    ['spiffe://example.org/ns/sh op', 'path'],
    ['spiffe://example.org/ns/shop\n', 'path'],
    ['spiffe://example.org/ns/shop\0', 'path'],
    ['spiffe://example.org/ns\\shop', 'path'],
    ['spiffe://example.org/ns/shöp', 'path'],
    ['spiffe://example.org/*', 'path'],
    [`spiffe://a/${'b'.repeat(2038)}`, 'longer than 2048'],
  ])('refuses %j', (id, reason) => expect(spiffeIdFault(id)).toContain(reason));
});
