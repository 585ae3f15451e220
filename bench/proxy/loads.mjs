import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tlsPortOf } from './arms.mjs';
import { output } from './processes.mjs';

const here = (path) => new URL(path, import.meta.url).pathname;
const ghzVersion = 'github.com/bojand/ghz/cmd/ghz@v0.121.0';
const path = 'echo.Echo/Say';

/** Builds what makes the load; quick when it is there already. */
export function prepareTools() {
  execFileSync('go', ['build', '-o', here('bin/'), './...'], { cwd: here('go'), stdio: 'inherit' });
}

/** The same for the open loop. */
export function prepareOpenLoop() {
  const env = { ...process.env, GOBIN: here('bin') };
  if (!existsSync(here('bin/ghz'))) execFileSync('go', ['install', ghzVersion], { env, stdio: 'inherit' });
}

export const backendCommand = here('bin/backend');

/** Connections × calls at a time of each; `run` resolves with calls (or messages) per second. */
export const loads = [
  { name: '10×10', calls: 20_000, run: unary(10, 10, 100) },
  { name: '4×64', calls: 20_000, run: unary(4, 64, 100) },
  { name: '50×1', calls: 10_000, run: unary(50, 1, 100) },
  { name: '1×1', calls: 3_000, run: unary(1, 1, 100) },
  { name: '10×10, 64 KiB', calls: 3_000, run: unary(10, 10, 65_536) },
  { name: 'streams', calls: 10_000, run: streams(10, 100) },
  { name: '10×10 TLS', calls: 20_000, run: unary(10, 10, 100, 'tls') },
  { name: '4×64 TLS', calls: 20_000, run: unary(4, 64, 100, 'tls') },
  { name: '50×1 TLS', calls: 10_000, run: unary(50, 1, 100, 'tls') },
  { name: '10/s', calls: 60, run: paced(10) },
  { name: '100/s', calls: 400, run: paced(100) },
  { name: '200/s', calls: 800, run: paced(200) },
  { name: '1000/s', calls: 3_000, run: paced(1000) },
  { name: 'idle', calls: 5, run: idle },
  { name: 'new connections', calls: 2_000, run: fresh() },
  { name: 'new TLS connections', calls: 2_000, run: fresh('-tls') },
  { name: 'new TLS connections, resumed', calls: 2_000, run: fresh('-tls', '-resume') },
];

/** What OpenSSL's servers choose by themselves. Envoy's does not, so clients that can offer nothing else. */
const cipher = 'TLS_AES_256_GCM_SHA384';

/** Calls one after the other as fast as they are answered (closed loop), by h2load. */
function unary(connections, streamsEach, bytes, tls) {
  return async (port, calls, directory) => {
    const url = tls ? `https://127.0.0.1:${tlsPortOf(port)}` : `http://127.0.0.1:${port}`;
    const args = ['-n', calls, '-c', connections, '-m', streamsEach, '-d', bodyFile(directory, bytes)];
    args.push('-H', 'content-type: application/grpc', '-H', 'te: trailers');
    if (tls) args.push('--tls13-ciphers', cipher, '--groups', 'X25519', '--npn-list', 'h2');
    const text = await output('h2load', [...args, `${url}/${path}`]);
    const succeeded = Number(/(\d+) succeeded/.exec(text)?.[1]);
    if (succeeded !== calls) throw new Error(`h2load on ${port}: ${succeeded} of ${calls}\n${text}`);
    if (tls && !text.includes(cipher)) throw new Error(`h2load on ${port} did not speak ${cipher}\n${text}`);
    return Number(/, ([\d.]+) req\/s/.exec(text)?.[1]);
  };
}

/** Calls at a rate, evenly spaced, on one connection: what a sidecar sees. */
function paced(rate) {
  return async (port, calls) => {
    const args = ['-address', `127.0.0.1:${port}`, '-rate', rate, '-calls', calls];
    return Number(await output(here('bin/paced'), args));
  };
}

/** Nothing happens: a "call" is a second that passes. */
async function idle(_port, seconds) {
  await delay(seconds * 1000);
  return 1;
}

/** Connections with one call each, 10 at a time: a full handshake each, or resumed sessions. */
function fresh(...flags) {
  return async (port, calls) => {
    const to = flags.length > 0 ? tlsPortOf(port) : port;
    const args = ['-address', `127.0.0.1:${to}`, '-connections', calls, ...flags];
    return Number(await output(here('bin/fresh'), args));
  };
}

/** A file with one gRPC message of `bytes` in all. */
function bodyFile(directory, bytes) {
  const body = Buffer.alloc(bytes, 'x');
  body[0] = 0;
  body.writeUInt32BE(bytes - 5, 1);
  const file = join(directory, `body-${bytes}`);
  writeFileSync(file, body);
  return file;
}

/** Long bidi streams on one connection: each sends a message when the one before has come back. */
function streams(count, bytes) {
  return async (port, messages) => {
    const args = ['-address', `127.0.0.1:${port}`, '-streams', count, '-messages', messages, '-bytes', bytes];
    return Number(await output(here('bin/stream'), args));
  };
}

/** Calls at a fixed rate, whether answered or not (open loop), by ghz. @returns milliseconds, and how many calls failed */
export async function openLoop(port, callsPerSecond, seconds) {
  const calls = callsPerSecond * seconds;
  const args = ['--insecure', '--async', '--rps', callsPerSecond, '-n', calls, '-c', 50, '--connections', 10];
  args.push(
    '--proto',
    here('echo.proto'),
    '--call',
    path,
    '-d',
    '{"data":"{{randomString 100}}"}',
    '-O',
    'json',
  );
  const { latencyDistribution, statusCodeDistribution } = JSON.parse(
    await output(here('bin/ghz'), [...args, `127.0.0.1:${port}`]),
  );
  const answered = Object.values(statusCodeDistribution).reduce((sum, count) => sum + count);
  const at = (wanted) => latencyDistribution.find(({ percentage }) => percentage === wanted).latency / 1e6;
  return { p50Ms: at(50), p99Ms: at(99), failed: answered - statusCodeDistribution.OK };
}
