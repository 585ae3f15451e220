import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';
import { callFrontend, type Answer } from '../shared/frontend-client.ts';

const main = fileURLToPath(new URL('../../apps/lab/dist/main.js', import.meta.url));

/** The part of the lab's GET /status that the tests look at. */
export interface LabStatus {
  dns: { state: string; port: number };
  apps: {
    name: string;
    pid: number;
    state: string;
    ports: Record<string, { address: string; port: number }>;
  }[];
  services: {
    name: string;
    pods: { name: string; state: string; pid: number; address: string; port: number; adminPort: number }[];
  }[];
}

export function spawnLab(args: readonly string[], env: Record<string, string> = {}): ManagedProcess {
  const command = [process.execPath, main, 'start', ...args];
  return new ManagedProcess({ name: 'lab', command, env: { ...process.env, ...env } });
}

/** A real lab process, its REST API and its frontend. */
export class RunningLab {
  readonly process: ManagedProcess;
  readonly #api: string;
  readonly #frontend: string;

  constructor(process: ManagedProcess, api: string, frontend: string) {
    this.process = process;
    this.#api = api;
    this.#frontend = frontend;
  }

  /** Brings a lab up on ports of its own, without its client. The xDS server looks for endpoints twice a second. */
  static async start(args: readonly string[] = [], env: Record<string, string> = {}): Promise<RunningLab> {
    const anyPorts = ['--port', '0', '--lab-port', '0', '--xds-port', '0'];
    const process = spawnLab(
      [...anyPorts, '--refresh', '500ms', '--rate', '0', '--output', 'json', ...args],
      env,
    );
    await process.listening(['lab'], 60_000);
    const api = `http://127.0.0.1:${process.addresses.get('lab')!.port}`;
    const status = (await (await fetch(`${api}/status`)).json()) as LabStatus;
    const { address, port } = status.apps.find(({ name }) => name === 'frontend')!.ports.http!;
    const host = address.includes(':') ? `[${address}]` : address;
    return new RunningLab(process, api, `http://${host}:${port}`);
  }

  /** Where its page is. */
  get url(): string {
    return this.#api;
  }

  /** What curl is sent to. */
  get frontendUrl(): string {
    return this.#frontend;
  }

  async stop(): Promise<void> {
    await this.process.stop(30_000);
  }

  async status(): Promise<LabStatus> {
    return (await (await fetch(`${this.#api}/status`)).json()) as LabStatus;
  }

  /** A POST to the REST API. Throws when it is refused. */
  async post(path: string, body?: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? {} : { headers, body: JSON.stringify(body) };
    const response = await fetch(this.#api + path, { method: 'POST', ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as unknown;
  }

  async scale(service: string, replicas: number): Promise<void> {
    await this.post(`/services/${service}/scale`, { replicas });
  }

  /** Names of the pods that run. */
  async podsOf(service: string): Promise<string[]> {
    const { services } = await this.status();
    const { pods } = services.find(({ name }) => name === service)!;
    return pods.filter(({ state }) => state === 'running').map(({ name }) => name);
  }

  /** Asks the frontend to call a service. */
  call(service: string, calls: number | string = 15): Promise<Answer> {
    return callFrontend(this.#frontend, service, calls);
  }

  /** The JSON of an app's own admin server. */
  async admin<T>(app: string, path: string): Promise<T> {
    const { apps } = await this.status();
    const { address, port } = apps.find(({ name }) => name === app)!.ports.admin!;
    return (await (await fetch(`http://${address}:${port}${path}`)).json()) as T;
  }

  /** How many SayHello calls a pod has answered, by its own metrics. */
  async callsHandledBy(pod: string): Promise<number> {
    const pods = (await this.status()).services.flatMap((service) => service.pods);
    const { adminPort } = pods.find(({ name }) => name === pod)!;
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    const counts = metrics.matchAll(/^grpc_server_handled_total\{.*SayHello".*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Every process of the lab but itself. */
  async pids(): Promise<number[]> {
    const { apps, services } = await this.status();
    return [...apps, ...services.flatMap(({ pods }) => pods)].map(({ pid }) => pid);
  }
}
