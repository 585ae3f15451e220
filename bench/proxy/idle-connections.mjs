import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMiB } from './processes.mjs';

const here = (path) => new URL(path, import.meta.url).pathname;
const connections = 5000;
/** So that what opening them left behind is collected, where a program collects by the clock. */
const settleMs = 3000;

/** How much more memory a proxy has while it has 5,000 connections, each of which made one call. @returns MiB */
export async function idleConnections(port, pid) {
  const before = residentMiB(pid);
  const args = ['-address', `127.0.0.1:${port}`, '-connections', String(connections)];
  const client = spawn(here('bin/idle'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(client, 'exit');
  try {
    await Promise.race([
      once(client.stdout, 'data'),
      ended.then(([code]) => Promise.reject(new Error(`idle: ${code}`))),
    ]);
    await delay(settleMs);
    return residentMiB(pid) - before;
  } finally {
    client.stdin.end();
    await ended;
  }
}
