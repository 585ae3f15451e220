// Runs h2spec v2.2.1 through the proxy, in front of a plain HTTP/2 backend (node:http2) that answers 200 with a body:
// `npm run h2spec` (needs `h2spec` on the PATH or in $H2SPEC); with TLS towards the client when $TLS_KEY and $TLS_CERT name
// files. Arguments are h2spec's own, such as `http2/6.5`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const backend = createServer((request, response) => {
  request.resume();
  response.end('an answer with a body');
});
backend.on('sessionError', () => {});
backend.listen(0, '127.0.0.1');
await once(backend, 'listening');

const backendPort = /** @type {import('node:net').AddressInfo} */ (backend.address()).port;
const { TLS_KEY: key, TLS_CERT: cert } = process.env;
const tls = key && cert ? `, tls: ${JSON.stringify({ cert: resolve(cert), key: resolve(key) })}` : '';
const directory = mkdtempSync(join(tmpdir(), 'l7-proxy-h2spec-'));
const config = join(directory, 'mesh.yaml');
writeFileSync(
  config,
  `services: { plain: { source: { static: { endpoints: ['127.0.0.1:${backendPort}'] } } } }
routes: [{ match: {}, to: [{ service: plain }] }]
listeners: [{ name: h2spec, address: 127.0.0.1, port: 0${tls} }]
`,
);
const main = new URL('../dist/main.js', import.meta.url).pathname;
const proxy = spawn(process.execPath, [main, '--config', config, '--exit-with-parent'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const port = await new Promise((resolve) => {
  createInterface({ input: proxy.stdout }).on('line', (line) => {
    const { event, port: listening } = JSON.parse(line);
    if (event === 'listening') resolve(listening);
  });
});
const args = ['-h', '127.0.0.1', '-p', String(port), ...(key ? ['-t', '-k'] : []), ...process.argv.slice(2)];
const run = spawn(process.env.H2SPEC ?? 'h2spec', args, { stdio: 'inherit' });
run.on('error', (error) => console.error(`h2spec not run: ${error.message}`));
const [code] = await once(run, 'close');
proxy.kill();
backend.close();
rmSync(directory, { recursive: true });
process.exit(code ?? 2);
