import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** USER_HZ of Linux: the unit of /proc/PID/stat. */
const ticksPerSecond = 100;
/** Longer than most things here may take. */
const patienceMs = 60_000;

/** A process that prints lines of JSON, some of them with an `event`, and takes lines on its input. */
export class Talker {
  #name;
  #child;
  #events = [];
  #waiting = [];
  #failure;

  constructor(name, command, args) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) => this.#fail(new Error(`${name} ended: ${signal ?? code}`)));
    this.#child.stdin.on('error', (error) => this.#fail(error));
  }

  get pid() {
    return this.#child.pid;
  }

  say(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The next event of that name, and of that `what` if one is given. */
  async event(name, what, patience = patienceMs) {
    for (;;) {
      const index = this.#events.findIndex(
        (line) => line.event === name && (what === undefined || line.what === what),
      );
      if (index >= 0) return this.#events.splice(index, 1)[0];
      if (this.#failure) throw this.#failure;
      await this.#more(name, patience);
    }
  }

  /** Asks it to end (its input closes, SIGTERM), then makes it. */
  async stop(graceMs = 5000) {
    if (this.#failure) return;
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
  }

  async #more(name, patience) {
    let timer;
    const late = new Promise((_, reject) => {
      const error = new Error(`${this.#name} did not say "${name}" within ${patience} ms`);
      timer = setTimeout(() => reject(error), patience);
    });
    const next = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    await Promise.race([next, late]).finally(() => clearTimeout(timer));
  }

  #onLine(line) {
    if (!line.includes('"event"')) return; // other lines of a log
    this.#events.push(JSON.parse(line));
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #fail(error) {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

/** CPU time of a process so far, user and system, in microseconds. */
export function cpuMicros(pid) {
  const [, afterName = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = afterName.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

/** Resident memory of a process, in bytes. */
export const rssBytes = (pid) => memoryBytes(pid, 'VmRSS');
/** The most that it ever was. */
export const peakRssBytes = (pid) => memoryBytes(pid, 'VmHWM');

function memoryBytes(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return Number(kilobytes) * 1024;
}
