import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../testing/free-port.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const program = join(folder, '../bin/consul');

/** Takes some five minutes of CPU the first time, and seconds later. */
export const buildConsul = () =>
  promisify(execFile)('go', ['build', '-o', program, 'github.com/hashicorp/consul'], { cwd: folder });

interface AgentOptions {
  /** Of its config file, beside what makes it a server on loopback. */
  config?: object;
  /** A token that may everything. */
  token?: string;
  /** It waits for others that never come. */
  withoutLeader?: boolean;
}

/** A real Consul: one server, with its state in a folder. */
export class ConsulAgent {
  readonly url: string;
  readonly #folder: string;
  readonly #options: AgentOptions;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(folder: string, port: number, options: AgentOptions) {
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.#options = options;
  }

  /** Beside the port of `url`, another one where the config has `ports.https`. */
  static async start(options: AgentOptions = {}): Promise<ConsulAgent> {
    const folder = await mkdtemp(join(tmpdir(), 'evenly-consul-'));
    const [http, server, serf] = await Promise.all([freePort(), freePort(), freePort()]);
    const { ports, ...more } = { ports: {}, ...options.config };
    const config = {
      server: true,
      node_name: 'node-1',
      bootstrap_expect: options.withoutLeader ? 3 : 1,
      data_dir: join(folder, 'data'),
      bind_addr: '127.0.0.1',
      ports: { http, server, serf_lan: serf, serf_wan: -1, dns: -1, grpc: -1, grpc_tls: -1, ...ports },
      performance: { raft_multiplier: 1 },
      ...more,
    };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const agent = new ConsulAgent(folder, http, options);
    await agent.start();
    return agent;
  }

  async start(): Promise<void> {
    const child = spawn(program, ['agent', '-config-file', join(this.#folder, 'config.json')]);
    this.#process = child;
    const keep = (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-10_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`consul ended: ${this.#log}`);
      if (await this.#isReady().catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A leader makes the first token only after it has become one. */
  async #isReady(): Promise<boolean> {
    const { token, withoutLeader = false } = this.#options;
    const leader = await this.#ask('GET', '/v1/status/leader');
    if (token !== undefined) await this.#ask('GET', '/v1/acl/token/self');
    return withoutLeader || leader.includes(':');
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Loses all that it knew. */
  forget(): Promise<void> {
    return rm(join(this.#folder, 'data'), { recursive: true });
  }

  async end(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** As if it were just set up. */
  async deregisterAll(): Promise<void> {
    const services = JSON.parse(await this.#ask('GET', '/v1/agent/services')) as object;
    for (const id of Object.keys(services)) await this.deregister(id);
  }

  register(service: object): Promise<string> {
    return this.put('/v1/agent/service/register', service);
  }

  deregister(id: string): Promise<string> {
    return this.put(`/v1/agent/service/deregister/${id}`);
  }

  put(path: string, body?: object): Promise<string> {
    return this.#ask('PUT', path, body);
  }

  async #ask(method: string, path: string, body?: object): Promise<string> {
    const { token } = this.#options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(token === undefined ? {} : { headers: { 'x-consul-token': token } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  }
}
