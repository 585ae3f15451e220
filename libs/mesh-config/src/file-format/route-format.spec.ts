import { describe, expect, it } from 'vitest';
import { onlyFault, routes } from '../testing/mesh-yaml.ts';

describe('the form of routes', () => {
  it.each([
    ['a route to nowhere', routes('{ to: [] }'), 5, 'routes[0].to', /at least 1/],
    ['a route without to', routes('{ match: {} }'), 5, 'routes[0].to', /^is missing$/],
    [
      'a negative weight',
      routes('{ to: [{ service: a, weight: -1 }] }'),
      5,
      'routes[0].to[0].weight',
      /at least 0, got -1$/,
    ],
    [
      'retry and hedge',
      routes('{ to: [{ service: a }], retry: { attempts: 2 }, hedge: { attempts: 2 } }'),
      5,
      'routes[0].hedge',
      /must have one of retry and hedge, not both/,
    ],
    [
      'a regex that does not compile',
      routes('{ match: { path: { regex: "/(" } }, to: [{ service: a }] }'),
      5,
      'routes[0].match.path.regex',
      /^must be a regular expression of RE2: missing closing \): `\/\(`, got "\/\("$/,
    ],
    [
      'a regex that RE2 refuses',
      routes('{ match: { headers: [{ name: x-a, regex: "(?=a)" }] }, to: [{ service: a }] }'),
      5,
      'routes[0].match.headers[0].regex',
      /RE2: invalid or unsupported Perl syntax/,
    ],
    [
      'a path without a slash',
      routes('{ match: { path: { prefix: echo. } }, to: [{ service: a }] }'),
      5,
      'routes[0].match.path.prefix',
      /begin with "\/"/,
    ],
    [
      'an exact path that is empty',
      routes('{ match: { path: { exact: "" } }, to: [{ service: a }] }'),
      5,
      'routes[0].match.path.exact',
      /begin with "\/"/,
    ],
    [
      'two kinds of path',
      routes('{ match: { path: { exact: /a, prefix: /b } }, to: [{ service: a }] }'),
      5,
      'routes[0].match.path',
      /exactly one of exact, prefix, regex/,
    ],
    [
      'a header in upper case',
      routes('{ match: { headers: [{ name: X-A, present: true }] }, to: [{ service: a }] }'),
      5,
      'routes[0].match.headers[0].name',
      /lower case/,
    ],
    [
      'a binary header',
      routes('{ match: { headers: [{ name: x-bin, present: true }] }, to: [{ service: a }] }'),
      5,
      'routes[0].match.headers[0].name',
      /not ending in "-bin"/,
    ],
    [
      'a pseudo header',
      routes('{ match: { headers: [{ name: ":path", present: true }] }, to: [{ service: a }] }'),
      5,
      'routes[0].match.headers[0].name',
      /not beginning with ":"/,
    ],
    [
      'a header without a condition',
      routes('{ match: { headers: [{ name: x-a, invert: true }] }, to: [{ service: a }] }'),
      5,
      'routes[0].match.headers[0]',
      /exactly one of exact, prefix, regex, present/,
    ],
    [
      'present: false',
      routes('{ match: { headers: [{ name: x-a, present: false }] }, to: [{ service: a }] }'),
      5,
      'routes[0].match.headers[0].present',
      /^must be true, got false$/,
    ],
    [
      'a header value with a line break',
      routes('{ match: { headers: [{ name: x-a, exact: "a\\nb" }] }, to: [{ service: a }] }'),
      5,
      'routes[0].match.headers[0].exact',
      /printable ASCII/,
    ],
    [
      'a wildcard authority',
      routes('{ match: { authority: "*.b" }, to: [{ service: a }] }'),
      5,
      'routes[0].match.authority',
      /without wildcards/,
    ],
    [
      'a method in lower case',
      routes('{ match: { method: post }, to: [{ service: a }] }'),
      5,
      'routes[0].match.method',
      /upper case/,
    ],
    [
      'an empty fault',
      routes('{ to: [{ service: a }], fault: {} }'),
      5,
      'routes[0].fault',
      /^must have delay or abort/,
    ],
    [
      'an abort with OK',
      routes('{ to: [{ service: a }], fault: { abort: { code: OK } } }'),
      5,
      'routes[0].fault.abort.code',
      /^must be one of CANCELLED/,
    ],
  ])('refuses %s', (_, text, line, field, reason) => {
    expect(onlyFault(text)).toEqual({ line, field, reason: expect.stringMatching(reason) as string });
  });
});
