import { describe, expect, it } from 'vitest';
import { onlyFault, read, service } from '../testing/mesh-yaml.ts';

/** The fields of `servers` stand on line 5 and below. */
const servers = (...lines: string[]) =>
  service(`    servers:\n${lines.map((line) => `      ${line}\n`).join('')}`);
const mtls = ['security: mtls', 'identities: [spiffe://example.org/ns/shop/sa/a]'];
const allow = (entry: string, ...before: string[]) =>
  servers(...(before.length > 0 ? before : mtls), `allow: [${entry}]`);

describe('the form of servers', () => {
  it('is read as it stands there', () => {
    const own = (...lines: string[]) => read(servers(...lines)).services.get('a')!.servers;
    expect(own('security: none')).toEqual({ security: 'none', identities: [] });
    expect(own(...mtls, 'allow: []')).toEqual({
      security: 'mtls',
      identities: ['spiffe://example.org/ns/shop/sa/a'],
      allow: [],
    });
    const both = "clients: ['spiffe://example.org/ns/web/*', '*'], methods: ['/echo.*', /a.B/C]";
    expect(own(...mtls, `allow: [{ ${both} }, { methods: ['/echo.EchoServer/*'] }]`)?.allow).toEqual([
      { clients: ['spiffe://example.org/ns/web/*', '*'], methods: ['/echo.*', '/a.B/C'] },
      { methods: ['/echo.EchoServer/*'] },
    ]);
  });

  it.each([
    ['no security', servers('allow: []'), 4, 'servers.security', /^is missing/],
    ['a security of Istio', servers('security: STRICT'), 5, 'servers.security', /mtls/],
    ['a field that is not known', servers(...mtls, 'alow: []'), 7, 'servers.alow', /not a field/],
    ['mtls without identities', servers('security: mtls'), 4, 'servers', /must have identities/],
    ['tls without identities', servers('security: tls'), 4, 'servers', /must have identities/],
    ['no identity', servers('security: tls', 'identities: []'), 6, 'servers.identities', /at least 1/],
    [
      'identities without certificates',
      servers('security: none', 'identities: [a]'),
      6,
      'servers.identities',
      /must be absent with security none/,
    ],
    [
      // It would be spiffe://example.org.elsewhere, too.
      'a beginning that ends within a name',
      servers('security: mtls', "identities: ['spiffe://example.org*']"),
      6,
      'servers.identities[0]',
      /end in "\/\*"/,
    ],
    [
      'a wildcard in front',
      servers('security: mtls', "identities: ['*.example.org']"),
      6,
      'servers.identities[0]',
      /end in "\/\*"/,
    ],
    [
      'an identity twice',
      servers('security: mtls', 'identities: [a, a]'),
      6,
      'servers.identities[1]',
      /twice/,
    ],
    ['a client with a blank', allow('{ clients: ["a b"] }'), 7, 'servers.allow[0].clients[0]', /a name of/],
    ['no client', allow('{ clients: [] }'), 7, 'servers.allow[0].clients', /at least 1/],
    ['no method', allow('{ methods: [] }'), 7, 'servers.allow[0].methods', /at least 1/],
    ['all methods', allow("{ methods: ['/*'] }"), 7, 'servers.allow[0].methods[0]', /package\.Service/],
    ['a method without a slash', allow('{ methods: [a.B/C] }'), 7, 'servers.allow[0].methods[0]', /package/],
    ['half a method', allow("{ methods: ['/a.B/Ge*'] }"), 7, 'servers.allow[0].methods[0]', /package/],
    ['half a service', allow("{ methods: ['/a.B*'] }"), 7, 'servers.allow[0].methods[0]', /package/],
    [
      'clients that show no certificate',
      allow('{ clients: [a] }', 'security: tls', 'identities: [a]'),
      7,
      'servers.allow[0].clients',
      /must be absent with security tls/,
    ],
    ['more than 100 entries', allow(Array(101).fill('{}').join()), 7, 'servers.allow', /at most 100/],
  ])('%s', (_what, text, line, field, reason) => {
    const fault = onlyFault(text);
    expect(fault).toMatchObject({ line, field: `services.a.${field}` });
    expect(fault.reason).toMatch(reason);
  });
});

describe('health checks of servers that want more than a connection', () => {
  const checked = (security: string, more: string) =>
    service(`    servers: { security: ${security}, identities: [a] }\n${more}`);
  const check = '    healthCheck: {}\n';

  it.each([
    ['mtls', check],
    ['tls', check],
    ['mtls', `${check}    tls: { ca: ca.crt }\n`],
  ])('are a fault where they would all be refused: %s, %j', (security, more) => {
    expect(onlyFault(checked(security, more))).toMatchObject({
      line: 5,
      field: 'services.a.healthCheck',
      reason: expect.stringContaining('refuse every check') as string,
    });
  });

  it.each([
    ['mtls', '    healthCheck: { port: 8081 }\n'],
    ['tls', `${check}    tls: {}\n`],
    ['mtls', `${check}    tls: { cert: a.crt, key: a.key }\n`],
  ])('are none where they can succeed: %s, %j', (security, more) => {
    expect(read(checked(security, more)).services.get('a')!.healthCheck).toBeDefined();
  });
});
