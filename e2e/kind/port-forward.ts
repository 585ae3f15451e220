import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A pod's port on loopback, by `kubectl port-forward`. */
export class PortForward {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** @throws Error with what kubectl said, when there is no such pod or port */
  static async open(namespace: string, pod: string, port: number): Promise<PortForward> {
    const args = ['--namespace', namespace, 'port-forward', `pod/${pod}`, `:${port}`, '--address=127.0.0.1'];
    const process = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    process.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const url = await new Promise<string>((resolve, reject) => {
      process.stdout.on('data', (chunk: Buffer) => {
        const [, local] = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(chunk.toString()) ?? [];
        if (local !== undefined) resolve(`http://127.0.0.1:${local}`);
      });
      process.once('error', reject);
      process.once('exit', () => reject(new Error(`port-forward to ${pod}: ${said.trim()}`)));
    });
    return new PortForward(url, process);
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill();
    await once(this.#process, 'exit');
  }
}
