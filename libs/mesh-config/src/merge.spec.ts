import { describe, expect, it } from 'vitest';
import { listeners, onlyFault, routes } from './testing/mesh-yaml.ts';

describe('what does not fit together', () => {
  it.each([
    [
      'an unknown service in a route',
      routes('{ to: [{ service: c }] }'),
      5,
      'routes[0].to[0]',
      /^leads to the service "c", which is not in the config; known: a, b$/,
    ],
    [
      'an unknown subset in a route',
      routes('{ match: { method: GET }, to: [{ service: a }] }', '{ to: [{ service: b, subset: v2 }] }'),
      6,
      'routes[1].to[0]',
      /^leads to the subset "v2" of "b", which is not in the config; known: none$/,
    ],
    [
      'weights that are all 0',
      routes('{ to: [{ service: a, weight: 0 }, { service: b, weight: 0 }] }'),
      5,
      'routes[0]',
      /weights that are all 0/,
    ],
    [
      'a destination that is there twice',
      routes('{ to: [{ service: a }, { service: a }] }'),
      5,
      'routes[0]',
      /leads to "a" twice/,
    ],
    [
      'a route that can never match',
      routes('{ to: [{ service: a }] }', '{ match: { authority: b }, to: [{ service: b }] }'),
      6,
      'routes[1]',
      /^can never match: conf\/mesh.yaml:5: routes\[0\] comes first and takes all of its calls$/,
    ],
    [
      'a route name that is there twice',
      routes(
        '{ name: r, match: { method: GET }, to: [{ service: a }] }',
        '{ name: r, to: [{ service: b }] }',
      ),
      6,
      'routes[1]',
      /^the route "r" is there twice, also at conf\/mesh.yaml:5: routes\[0\]$/,
    ],
    [
      'a hashHeader to a service without ring-hash',
      routes('{ to: [{ service: a }], hashHeader: x-user }'),
      5,
      'routes[0]',
      /"a" is not balanced by ring-hash/,
    ],
    [
      'a listener on a name',
      listeners('{ name: in, address: localhost, port: 80 }'),
      5,
      'listeners[0].address',
      /^must be an IP address/,
    ],
    [
      'two listeners with one name',
      listeners('{ name: in, port: 80 }', '{ name: in, port: 81 }'),
      6,
      'listeners[1]',
      /^the listener "in" is there twice, also at conf\/mesh.yaml:5: listeners\[0\]$/,
    ],
    [
      'two listeners on one port',
      listeners('{ name: x, address: 127.0.0.1, port: 80 }', '{ name: y, address: "::", port: 80 }'),
      6,
      'listeners[1]',
      /^"y" on \[::\]:80 listens where "x" on 127.0.0.1:80 does \(conf\/mesh.yaml:5: listeners\[0\]\); give one/,
    ],
    [
      'a listener with the name of a service',
      listeners('{ name: a, port: 80 }'),
      5,
      'listeners[0]',
      /which gRPC clients ask for/,
    ],
    [
      "an unknown service in a listener's route",
      listeners('{ name: in, port: 80, routes: [{ to: [{ service: c }] }] }'),
      5,
      'listeners[0].routes[0].to[0]',
      /the service "c"/,
    ],
    [
      "a listener's route that can never match",
      listeners('{ name: in, port: 80, routes: [{ to: [{ service: a }] }, { to: [{ service: b }] }] }'),
      5,
      'listeners[0].routes[1]',
      /^can never match/,
    ],
    [
      'services that differ in case only',
      'services:\n  a: { source: { file: { path: x } } }\n  A: { source: { file: { path: x } } }',
      3,
      'services.A',
      /^the service "a" is there twice, also at conf\/mesh.yaml:2: services.a$/,
    ],
  ])('refuses %s', (_, text, line, field, reason) => {
    expect(onlyFault(text)).toEqual({ line, field, reason: expect.stringMatching(reason) as string });
  });
});
