import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const patienceMs = 30_000;
const children = [];

/** Starts a server in a directory and waits until it accepts on the port of 127.0.0.1. */
export async function start(command, port, cwd) {
  const child = spawn(command[0], command.slice(1), { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  let failure;
  child.on('error', (error) => (failure = error));
  children.push(child);
  for (const until = Date.now() + patienceMs; Date.now() < until; await delay(50)) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`${command[0]} ended with ${child.exitCode}`);
    if (await accepts(port)) return child.pid;
  }
  throw new Error(`${command[0]} does not listen on ${port}`);
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

/** Ends one of those. */
export async function stop(pid) {
  const child = children.find((one) => one.pid === pid);
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** Ends all that was started. */
export function stopAll() {
  for (const child of children) child.kill();
}

/** Runs a program to its end. @returns what it printed */
export function output(file, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
    let [text, errors] = ['', ''];
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${file}: ${code}\n${errors.slice(0, 2000)}`)),
    );
  });
}

/** What `--version` says, in short; undefined when there is no such program. */
export function versionOf([file = '', ...args]) {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? /\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`)?.[0] : undefined;
}

/** nginx works in a child of the process that was started. */
export function childOf(pid) {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

/** CPU time of all threads so far, µs: to the nanosecond, where /proc/PID/stat counts in steps of 10 ms. */
export function cpuMicros(pid) {
  let nanos = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanos += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return nanos / 1000;
}

/** How often its threads have waited for something so far, which is about how often they were woken. */
export function switches(pid) {
  let count = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    count += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return count;
}

/** Most memory that was ever resident. */
export const peakMiB = (pid) => memoryMiB(pid, 'VmHWM');

/** Memory that is resident now. */
export const residentMiB = (pid) => memoryMiB(pid, 'VmRSS');

function memoryMiB(pid, name) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}
