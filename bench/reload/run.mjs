// How long a reload holds calls up: a steady load of short calls through the real proxy, idle and while its config of
// 1000 services and 2000 routes is replaced again and again. Latency counts from the time a call was due, so that a
// pause is seen by all calls that it held up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    services: { type: 'string', default: '1000' },
    routes: { type: 'string', default: '2000' },
    reloads: { type: 'string', default: '10' },
    rate: { type: 'string', default: '200' },
  },
});
const services = Number(values.services);
const routes = Number(values.routes);
const reloads = Number(values.reloads);
const rate = Number(values.rate);
const here = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

function config(port, version) {
  let text = `services:\n  live: { source: { static: { endpoints: ['127.0.0.1:${port}'] } } }\n`;
  for (let index = 0; index < services - 1; index++) {
    // One service in a hundred changes with each version.
    const timeout = index % 100 === 0 ? 5 + version : 5;
    text += `  service-${index}:
    source: { static: { endpoints: [] } }
    policy:
      loadBalancing: least-request
      timeout: ${timeout}s
      retry: { attempts: 3, on: [UNAVAILABLE] }
      outlierDetection: { consecutiveFailures: 5 }\n`;
  }
  text += 'routes:\n  - { name: live, match: { path: { prefix: /live/ } }, to: [{ service: live }] }\n';
  for (let index = 0; index < routes - 1; index++) {
    text += `  - name: route-${index}
    match:
      authority: service-${index % (services - 1)}
      path: { prefix: /pkg${index}.Service/ }
      headers: [{ name: x-tenant, exact: t${index} }]
    to:
      - { service: service-${index % (services - 1)}, weight: 90 }
      - { service: service-${(index + 1) % (services - 1)}, weight: 10 }
    timeout: 2s\n`;
  }
  return text;
}

async function startProxy(root, file) {
  const main = join(root, 'apps/l7-proxy/dist/main.js');
  const flags = [
    '--config',
    file,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--admin-port',
    '0',
    '--exit-with-parent',
  ];
  const turns = new URL('turns.mjs', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', turns, main, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const proxy = { child, port: 0, applied: 0 };
  await new Promise((done, reject) => {
    child.once('exit', (code) => reject(new Error(`the proxy ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, what, port, msg, longest } = JSON.parse(line);
      if (msg === 'turns') proxy.onTurns?.(longest);
      if (event === 'listening' && what === 'proxy') done((proxy.port = port));
      if (msg === 'config applied') proxy.applied++;
    });
  });
  return proxy;
}

/** Since it was asked the last time. */
const longestTurn = (proxy) =>
  new Promise((done) => {
    proxy.onTurns = done;
    proxy.child.kill('SIGUSR2');
  });

/** Calls at a steady rate until `until` is done; their latencies in ms, from the time that each was due. */
async function load(session, until) {
  const latencies = [];
  const headers = {
    ':method': 'POST',
    ':path': '/live/Call',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  let running = true;
  void until.then(() => (running = false));
  const startMs = performance.now();
  for (let count = 0; running; count++) {
    const dueMs = startMs + (count * 1000) / rate;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await wait(waitMs);
    const stream = session.request(headers);
    stream.resume();
    stream.on('close', () => latencies.push(performance.now() - dueMs));
    stream.end();
  }
  await wait(1000);
  return latencies.sort((a, b) => a - b);
}

const figures = (latencies, turnMs) => ({
  'longest turn, CPU ms': round(turnMs),
  calls: latencies.length,
  'p50 ms': round(latencies[Math.floor(latencies.length * 0.5)]),
  'p99.9 ms': round(latencies[Math.floor(latencies.length * 0.999)]),
  'longest ms': round(latencies.at(-1)),
});
const round = (ms) => Math.round(ms * 10) / 10;

async function arm(name, root) {
  const directory = await mkdtemp(join(tmpdir(), 'evenly-reload-'));
  const file = join(directory, 'mesh.yaml');
  const backend = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '0' }).end();
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (backend.address());
  await writeFile(file, config(port, 0));
  const proxy = await startProxy(root, file);
  const session = connect(`http://127.0.0.1:${proxy.port}`);
  await load(session, wait(3000)); // warms up
  await longestTurn(proxy);
  const idle = await load(session, wait(5000));
  const idleTurn = await longestTurn(proxy);
  const reloading = async () => {
    for (let version = 1; version <= reloads; version++) {
      const { applied } = proxy;
      await writeFile(`${file}.new`, config(port, version));
      await rename(`${file}.new`, file);
      for (let waited = 0; proxy.applied === applied && waited < 600; waited++) await wait(50);
      await wait(200);
    }
  };
  const busy = await load(session, reloading());
  const busyTurn = await longestTurn(proxy);
  session.close();
  proxy.child.kill('SIGKILL');
  backend.close();
  await rm(directory, { recursive: true });
  console.log(name, 'configs applied:', proxy.applied);
  return {
    [`${name}, idle`]: figures(idle, idleTurn),
    [`${name}, reloading`]: figures(busy, busyTurn),
  };
}

const table = { ...(await arm('this', here)) };
if (values.before !== undefined) Object.assign(table, await arm('before', resolve(values.before)));
console.table(table);
process.exit(0);
