import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../shared/wait.ts';
import { checkout, commandsOf, type Block } from './blocks.ts';

/** How long a block may take, and how long its programs may take to end, at most. Patience, not a figure. */
const patienceMs = 120_000;
/** What is kept of a terminal's output. */
const maxOutput = 1024 * 1024;

/**
 * A copy of this checkout as it is, uncommitted changes included, so that what pages say to save or build harms nobody. Packages
 * are the same files (hard links where the file system allows): `npm ci` is CI's own first step. @returns its path
 */
export function copyOfCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'evenly-docs-'));
  // A clone, for Nx knows by its first commit what other checkouts of this repository have built already.
  const script = `git clone -q --no-checkout . "$COPY" && git -C "$COPY" reset -q
  git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\\0' "$file"
  done | tar --null -T - -c | tar -x -C "$COPY"
  # Packages of workspaces have folders of their own.
  for modules in node_modules */node_modules apps/*/node_modules libs/*/node_modules; do
    [ ! -d "$modules" ] || cp -al "$modules" "$COPY/$modules" 2>/dev/null || cp -a "$modules" "$COPY/$modules"
  done
  for built in apps/*/dist libs/*/dist libs/*/src/gen; do [ ! -d "$built" ] || cp -a --parents "$built" "$COPY"; done`;
  execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: checkout,
    env: { ...process.env, COPY: copy },
  });
  return copy;
}

/** Does what a page says, from its top to its end, in one folder. */
export class Reader {
  readonly #folder: string;
  readonly #terminals: Terminal[] = [];
  /** What is at the top of the folder before the page: all else goes with it. */
  readonly #own: ReadonlySet<string>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#own = new Set(readdirSync(folder));
  }

  /** @throws when the block fails, with what it printed */
  async follow(block: Block): Promise<void> {
    const { marker } = block;
    if (marker?.kind === 'file') {
      if (this.#own.has(marker.name)) throw new Error(`${block.at}: ${marker.name} is part of the checkout`);
      writeFileSync(join(this.#folder, marker.name), block.text);
    } else if (marker?.kind === 'run') {
      const terminal = new Terminal(block, this.#folder);
      this.#terminals.push(terminal);
      await (marker.until === undefined ? terminal.done() : terminal.printed(marker.until));
    }
  }

  /** Ctrl-C in each terminal, the last one first; files that the page made go. @throws when a program stays */
  async leave(): Promise<void> {
    try {
      for (const terminal of this.#terminals.toReversed()) await terminal.interrupt();
    } finally {
      for (const terminal of this.#terminals) terminal.kill();
      const left = readdirSync(this.#folder).filter((name) => !this.#own.has(name));
      for (const name of left) rmSync(join(this.#folder, name), { recursive: true });
    }
  }
}

/** A shell and what it started, which is one group of processes. */
class Terminal {
  readonly #at: string;
  readonly #shell: ChildProcess;
  readonly #exit: Promise<unknown>;
  #output = '';

  constructor(block: Block, folder: string) {
    this.#at = block.at;
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    const env = { ...process.env, NX_TUI: 'false', NX_DAEMON: 'false', NO_COLOR: '1' };
    // Vitest's own words must not reach the programs.
    for (const name of ['NODE_ENV', 'VITEST', 'TEST', 'NODE_OPTIONS', 'npm_config_workspace', 'FORCE_COLOR'])
      delete env[name as keyof typeof env];
    const options = { cwd: folder, env, detached: true, stdio };
    this.#shell = spawn('bash', ['-euo', 'pipefail', '-c', commandsOf(block)], options);
    this.#exit = once(this.#shell, 'exit');
    for (const stream of [this.#shell.stdout!, this.#shell.stderr!]) {
      stream
        .setEncoding('utf8')
        .on('data', (text: string) => (this.#output = (this.#output + text).slice(-maxOutput)));
    }
  }

  async done(): Promise<void> {
    const timer = setTimeout(() => this.kill(), patienceMs);
    await this.#exit;
    clearTimeout(timer);
    if (this.#shell.exitCode !== 0)
      throw this.#error(`ended with ${this.#shell.exitCode ?? this.#shell.signalCode}`);
  }

  /** A block whose programs are all in the background may end, but not fail. */
  async printed(text: string): Promise<void> {
    const isThere = () => this.#output.includes(text);
    await eventually(() => {
      if (!isThere() && !this.#hasFailed) throw this.#error(`did not print "${text}"`);
    }, patienceMs);
    if (!isThere()) throw this.#error(`ended before it printed "${text}"`);
  }

  async interrupt(): Promise<void> {
    this.#signal('SIGINT');
    await eventually(() => {
      if (this.#signal(0)) throw this.#error('its programs go on after Ctrl-C');
    }, patienceMs);
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  get #hasFailed(): boolean {
    return this.#shell.exitCode !== null && this.#shell.exitCode !== 0;
  }

  /** @returns false when no process is left */
  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(-this.#shell.pid!, signal);
    } catch {
      return false;
    }
  }

  #error(what: string): Error {
    return new Error(`${this.#at}: ${what}. It printed:\n${this.#output.slice(-4000)}`);
  }
}
