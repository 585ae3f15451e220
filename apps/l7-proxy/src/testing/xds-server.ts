import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManagedProcess } from '@evenly/local-cluster';

const maxAttempts = 20;

/** The real xds-server as a process, with a config file of its own. */
export class XdsServerProcess {
  readonly #directory: string;
  readonly #flags: readonly string[];
  #process: ManagedProcess;

  private constructor(directory: string, flags: readonly string[]) {
    this.#directory = directory;
    this.#flags = flags;
    this.#process = this.#spawn(0);
  }

  static async start(config: string, flags: readonly string[] = []): Promise<XdsServerProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'l7-proxy-xds-'));
    await writeFile(join(directory, 'mesh.yaml'), config);
    const server = new XdsServerProcess(directory, flags);
    await server.#listening();
    return server;
  }

  get port(): number {
    return this.#process.addresses.get('xds')!.port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  write(config: string): Promise<void> {
    return writeFile(join(this.#directory, 'mesh.yaml'), config);
  }

  async status(): Promise<{
    refusedConfig?: string;
    clients: { node: string; types: Record<string, unknown> }[];
  }> {
    const response = await fetch(`http://127.0.0.1:${this.#process.addresses.get('admin')!.port}/status`);
    return (await response.json()) as Awaited<ReturnType<XdsServerProcess['status']>>;
  }

  /** Ends it; `comeBack` starts it again on its port. */
  async stop(): Promise<() => Promise<void>> {
    const { port } = this;
    await this.#process.stop(10_000);
    return async () => {
      // While it was away, an outgoing connection of any process may have been given its port.
      for (let attempt = 1; ; attempt++) {
        this.#process = this.#spawn(port);
        try {
          return await this.#listening();
        } catch (error) {
          if (attempt === maxAttempts) throw error;
        }
      }
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop(10_000);
    await rm(this.#directory, { recursive: true });
  }

  #spawn(port: number): ManagedProcess {
    const main = new URL('../../../xds-server/dist/main.js', import.meta.url).pathname;
    const file = join(this.#directory, 'mesh.yaml');
    const options = ['--config', file, '--host', '127.0.0.1', '--port', String(port), '--admin-port', '0'];
    const command = [process.execPath, main, ...options, '--exit-with-parent', ...this.#flags];
    return new ManagedProcess({ name: 'xds-server', command });
  }

  async #listening(): Promise<void> {
    await this.#process.listening(['xds', 'admin'], 20_000);
  }
}
