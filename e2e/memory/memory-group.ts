import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

const v1 = '/sys/fs/cgroup/memory';
const v2 = '/sys/fs/cgroup';
const isV1 = existsSync(`${v1}/memory.limit_in_bytes`);

/** How a program ended, and what it said. */
export interface Ending {
  code: number | null;
  signal: string | null;
  output: string;
}

/** A control group, as a container has one: what runs in it gets so much memory and no more. */
export class MemoryGroup {
  readonly #directory: string;

  /** @throws Error where this process may not make one */
  constructor(name: string, mebibytes: number) {
    this.#directory = `${isV1 ? v1 : v2}/${name}`;
    if (!isV1) writeFileSync(`${v2}/cgroup.subtree_control`, '+memory');
    mkdirSync(this.#directory);
    writeFileSync(
      `${this.#directory}/${isV1 ? 'memory.limit_in_bytes' : 'memory.max'}`,
      `${mebibytes * 1024 ** 2}`,
    );
  }

  async run(command: readonly string[]): Promise<Ending> {
    // The shell enters the group, and becomes the program.
    const script = 'echo $$ >"$0" && exec "$@"';
    const child = spawn('sh', ['-c', script, `${this.#directory}/cgroup.procs`, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return { code, signal, output };
  }

  remove(): void {
    rmdirSync(this.#directory);
  }
}

/** Why there can be no such group here; undefined where there can. */
export function noMemoryGroups(): string | undefined {
  try {
    new MemoryGroup(`evenly-try-${process.pid}`, 64).remove();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
