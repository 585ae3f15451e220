import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Programs } from '../programs.ts';
import type { LabHost } from '../start.ts';

const file = fileURLToPath(new URL('program.mjs', import.meta.url));
const whats = {
  'echo-backend': 'grpc',
  'xds-server': 'xds',
  'echo-client': 'http',
  frontend: 'http',
  'l7-proxy': 'proxy',
} as const;

/** Stand-ins for the apps, see program.mjs. */
export const testPrograms: Programs = (name) => [process.execPath, file, whats[name]];

/** A `process` that does not end the test: its output is kept, its signals are sent by `signal`. */
export class TestHost {
  out = '';
  err = '';
  readonly #signals = new EventEmitter();
  readonly #env: Record<string, string>;

  constructor(env: Record<string, string> = {}) {
    this.#env = env;
  }

  signal(name: 'SIGINT' | 'SIGTERM'): void {
    this.#signals.emit(name);
  }

  /** JSON lines on stdout so far. */
  get events(): Record<string, unknown>[] {
    return this.out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  for(...args: string[]): LabHost {
    const host = {
      argv: ['node', 'lab', ...args],
      env: { ...process.env, ...this.#env },
      pid: process.pid,
      execPath: process.execPath,
      stdout: { write: (text: string) => void (this.out += text) },
      stderr: { write: (text: string) => void (this.err += text) },
      on: (name: string, listener: () => void) => this.#signals.on(name, listener),
    };
    return host as unknown as LabHost;
  }
}
