import { describe, expect, it } from 'vitest';
import { cookiePathOf } from './session-persistence.ts';

describe('the path of a cookie', () => {
  it.each([
    ['prefix', '', '/'],
    ['prefix', '/shop', '/'], // /shopping is taken too, and a cookie of /shop is not sent there
    ['prefix', '/shop/', '/shop/'],
    ['prefix', '/echo.EchoServer/', '/echo.EchoServer/'],
    ['segments', '/shop', '/shop'],
    ['exact', '/echo.EchoServer/SayHello', '/echo.EchoServer/SayHello'],
    ['exact', '/', '/'],
    ['exact', '/a;b/c', '/'],
    ['segments', '/a/b;c/d', '/a/'],
    ['exact', '/caf\u00e9/x', '/'],
    ['regex', '/p1/p2/[^/]+/p3', '/p1/p2/'],
    ['regex', '/p1/\\.well-known/.*', '/p1/.well-known/'],
    ['regex', '/shop', '/'],
    ['regex', '/a/?b', '/'],
    ['regex', '/a/*b', '/'],
    ['regex', '/a/{0,2}b', '/'],
    ['regex', '/a/+b', '/a/'],
    ['regex', '/a\\/?b', '/'],
    ['regex', '/a/x|/b/y', '/'],
    ['regex', '(?i)/a/b', '/'],
    ['regex', '/a/\\d+/b', '/a/'],
    ['regex', '.*', '/'],
  ] as const)('%s %s: %s', (kind, value, path) => {
    expect(cookiePathOf({ kind, value })).toBe(path);
  });
});
