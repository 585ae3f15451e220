import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { provideXdsBootstrap } from './xds-bootstrap.ts';

const server = { server_uri: 'x:1', channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] };
const node = { id: 'x', locality: { zone: 'z' } };
const good = JSON.stringify({ xds_servers: [server], node });

const warnings: string[] = [];
beforeEach(() => void warnings.splice(0));

function provide(
  options: { xdsBootstrap?: string; xdsBootstrapConfig?: string },
  target = 'xds:///{service}',
) {
  const env: Record<string, string | undefined> = {};
  const config = { target, xdsBootstrap: undefined, xdsBootstrapConfig: undefined, ...options };
  provideXdsBootstrap(config, env, (reason) => warnings.push(reason));
  return env;
}

it('hands a text on to where grpc-js-xds looks', () => {
  expect(provide({ xdsBootstrapConfig: good })).toEqual({ GRPC_XDS_BOOTSTRAP_CONFIG: good });
  expect(warnings).toEqual([]);
});

it('says that further servers are not used', () => {
  const spares = ['y:2', 'z:3'].map((server_uri) => ({ ...server, server_uri }));
  provide(text({ xds_servers: [server, ...spares], node }));
  expect(warnings).toEqual([
    expect.stringMatching(
      /only the first of xds_servers is used, x:1: .* does not fall back on y:2, z:3 \(gRFC A71\)/,
    ),
  ]);
});

it('hands a file on, and prefers it to a text as grpc-js-xds does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  const file = join(folder, 'bootstrap.json');
  writeFileSync(file, good);
  expect(provide({ xdsBootstrap: file, xdsBootstrapConfig: '{' })).toEqual({ GRPC_XDS_BOOTSTRAP: file });
  writeFileSync(file, good.slice(0, 20));
  expect(() => provide({ xdsBootstrap: file })).toThrow(`xDS bootstrap ${file} is not JSON`);
  rmSync(folder, { recursive: true });
});

it('needs none for other targets', () => {
  expect(provide({}, 'dns:///{service}:50051')).toEqual({});
});

it.each([
  ['a file that is not there', { xdsBootstrap: '/no/such/file' }, '/no/such/file'],
  ['truncated JSON', { xdsBootstrapConfig: '{"xds_servers": [' }, 'is not JSON'],
  ['no object', { xdsBootstrapConfig: 'null' }, 'whole: must be an object, got null'],
  [
    'no servers',
    text({ xds_servers: [], node }),
    'xds_servers: must have a number of entries of at least 1, got []',
  ],
  [
    'no address',
    text({ xds_servers: [{ ...server, server_uri: 1 }], node }),
    'xds_servers.0.server_uri: must be a text, got 1',
  ],
  [
    'no credentials',
    text({ xds_servers: [{ server_uri: 'x:1' }], node }),
    'xds_servers.0.channel_creds: is missing',
  ],
  [
    'unsupported credentials',
    text({ xds_servers: [{ ...server, channel_creds: [{ type: 'tls' }] }], node }),
    'xds_servers.0.channel_creds: expected one whose type is insecure or google_default',
  ],
  ['no node', text({ xds_servers: [server] }), 'node: is missing'],
  [
    'a node without locality',
    text({ xds_servers: [server], node: { id: 'x' } }),
    'node.locality: is missing',
  ],
])('refuses %s', (_what, options, reason) => {
  const refused = () => provide(options);
  expect(refused).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  expect(refused).toThrow(reason);
});

function text(bootstrap: unknown) {
  return { xdsBootstrapConfig: JSON.stringify(bootstrap) };
}
