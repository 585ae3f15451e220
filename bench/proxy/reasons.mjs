// Why a call costs what it does: its system calls, and what it allocates on the heap of V8. Measured apart from CPU, in a round
// of its own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The kernel counts them while the process runs at full speed; strace would slow it down, and so change how much comes at a time. */
const everyCall = 'raw_syscalls:sys_enter';
const kinds = {
  all: [everyCall],
  reads: ['read', 'readv', 'recvfrom', 'recvmsg'].map((name) => `syscalls:sys_enter_${name}`),
  writes: ['write', 'writev', 'sendto', 'sendmsg'].map((name) => `syscalls:sys_enter_${name}`),
  waits: ['epoll_wait', 'epoll_pwait'].map((name) => `syscalls:sys_enter_${name}`),
};

/** Loaded by arms that are Node programs: see `heap-meter.mjs`. */
export const meterArguments = ['--import', new URL('heap-meter.mjs', import.meta.url).pathname];

/** @throws Error perf is not there, or may not count */
export function preparePerf() {
  const { status } = spawnSync('perf', ['stat', '-e', everyCall, 'true']);
  if (status !== 0) throw new Error('--reasons needs perf (Debian: linux-perf), as root');
}

/**
 * Runs `load` and counts what `pid` does meanwhile.
 * @param isNode it was started with `meterArguments`, in `directory`
 * @returns of all calls together; `bytes` is undefined where it is no Node program
 */
export async function countDuring(pid, isNode, directory, load) {
  const events = Object.values(kinds).flat();
  const perf = spawn('perf', ['stat', '-x', ',', '-e', events.join(','), '-p', pid], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  perf.stderr.on('data', (chunk) => (text += chunk));
  await delay(500); // it does not say when it has begun
  const file = join(directory, `heap-${pid}.json`);
  if (isNode) process.kill(pid, 'SIGUSR2');
  await load();
  perf.kill('SIGINT');
  await once(perf, 'exit');
  const counts = new Map(
    text
      .split('\n')
      .map((line) => line.split(','))
      .map(([count, , event]) => [event, Number(count)]),
  );
  const of = (kind) => kinds[kind].reduce((sum, event) => sum + (counts.get(event) || 0), 0);
  const calls = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, of(kind)]));
  return { ...calls, bytes: isNode ? await allocated(pid, file) : undefined };
}

async function allocated(pid, file) {
  process.kill(pid, 'SIGUSR2');
  for (const untilMs = performance.now() + 10_000; ;) {
    await delay(50);
    try {
      const { bytes } = JSON.parse(readFileSync(file, 'utf8'));
      rmSync(file);
      return bytes;
    } catch (error) {
      // Not written yet, or not whole.
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      const mayCome = code === 'ENOENT' || error instanceof SyntaxError;
      if (!mayCome || performance.now() > untilMs) throw error;
    }
  }
}
