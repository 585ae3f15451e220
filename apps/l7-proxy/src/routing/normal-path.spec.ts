import { describe, expect, it } from 'vitest';
import { normalPath } from './normal-path.ts';

const rules = { normalize: true, encodedSlashes: 'refuse' } as const;
const normal = (path: string) => normalPath(path, rules).target;

describe('normalPath', () => {
  it.each([
    ['/echo.EchoServer/SayHello', '/echo.EchoServer/SayHello'],
    ['/', '/'],
    ['*', '*'],
    ['//admin', '/admin'],
    ['/a///b//', '/a/b/'],
    ['/x/../admin', '/admin'],
    ['/x/./admin', '/x/admin'],
    ['/x/.', '/x/'],
    ['/x/y/..', '/x/'],
    ['/..', '/'],
    ['/../../admin', '/admin'],
    ['/x//../admin', '/x/admin'], // RFC 3986 §5.2.4: an empty segment is one; what comes out has none
    ['/.well-known/x', '/.well-known/x'],
    ['/x/..y/...', '/x/..y/...'],
    ['/%61dmin', '/admin'],
    ['/%2e%2E/%2e/admin', '/admin'],
    ['/%2561dmin', '/%2561dmin'],
    ['/a%3ab%20c', '/a%3Ab%20c'],
    ['/caf\xc3\xa9', '/caf%C3%A9'],
    ['/a?b=//../%61', '/a?b=//../%61'],
    ['//a?b', '/a?b'],
    ['/echo.EchoServer//SayHello', '/echo.EchoServer/SayHello'],
    ['/echo.EchoServer/%53ayHello', '/echo.EchoServer/SayHello'],
  ])('%s → %s', (path, expected) => {
    expect(normal(path)).toBe(expected);
    expect(normal(expected)).toBe(expected);
  });

  it.each([
    '/a%',
    '/a%2',
    '/a%zz',
    '/a%00',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/..\\admin',
    '/echo.EchoServer/Say%00Hello',
  ])('%s is refused', (path) => {
    expect(normalPath(path, rules)).toEqual({ target: undefined, problem: expect.any(String) as string });
  });

  it('keeps encoded slashes when asked to', () => {
    const keep = { normalize: true, encodedSlashes: 'keep' } as const;
    expect(normalPath('//group%2fproject', keep).target).toBe('/group%2Fproject');
    expect(normalPath('/a%00', keep).target).toBeUndefined();
  });

  it('leaves everything alone when it is off', () => {
    const off = { normalize: false, encodedSlashes: 'refuse' } as const;
    expect(normalPath('//a/../%61%00\\', off).target).toBe('//a/../%61%00\\');
  });
});
