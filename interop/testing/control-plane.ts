import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';

const program = fileURLToPath(new URL('../../apps/xds-server/dist/main.js', import.meta.url));
const startTimeoutMs = 20_000;
const stopTimeoutMs = 10_000;

/** The xds-server as a process, with a config file that can be rewritten under it. */
export class ControlPlane {
  readonly #directory: string;
  #server: ManagedProcess | undefined;
  readonly #flags: readonly string[];
  #port = 0;

  private constructor(directory: string, flags: readonly string[]) {
    this.#directory = directory;
    this.#flags = flags;
  }

  static async start(config: string, flags: readonly string[] = []): Promise<ControlPlane> {
    const controlPlane = new ControlPlane(await mkdtemp(join(tmpdir(), 'evenly-interop-')), flags);
    await controlPlane.write(config);
    await controlPlane.start();
    return controlPlane;
  }

  /** Where xDS clients come to; the same after a restart. */
  get port(): number {
    return this.#port;
  }

  write(config: string): Promise<void> {
    return writeFile(join(this.#directory, 'mesh.yaml'), config);
  }

  async start(): Promise<void> {
    const config = ['--config', join(this.#directory, 'mesh.yaml')];
    const ports = ['--host', '127.0.0.1', '--port', String(this.#port), '--admin-port', '0'];
    const command = [process.execPath, program, ...config, ...ports, ...this.#flags, '--exit-with-parent'];
    this.#server = new ManagedProcess({ name: 'xds-server', command });
    await this.#server.listening(['xds', 'admin'], startTimeoutMs);
    this.#port = this.#server.addresses.get('xds')!.port;
  }

  /** SIGTERM, as Kubernetes does it. */
  async stop(): Promise<void> {
    await this.#server?.stop(stopTimeoutMs);
  }

  /** The sum of a metric over all its labels. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#server!.addresses.get('admin')!.port}/metrics`);
    const rows = (await response.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return rows.reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0);
  }

  /** The last lines that it logged. */
  get log(): string {
    return this.#server?.log.text ?? '';
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true });
  }
}
