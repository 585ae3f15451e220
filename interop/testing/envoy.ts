import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManagedProcess } from '@evenly/local-cluster';
import { vi } from 'vitest';
import { clients, interopDirectory } from './clients.ts';

const startTimeoutMs = 30_000;
const stopTimeoutMs = 5000;

/** An Envoy as a process, and what it says of itself. */
export class Envoy {
  readonly #process: ManagedProcess;
  readonly #directory: string;
  #admin = '';

  private constructor(process: ManagedProcess, directory: string) {
    this.#process = process;
    this.#directory = directory;
  }

  /** @returns once it listens on this port, as its control plane told it. @throws with its log */
  static async start(bootstrap: object, listenPort: number): Promise<Envoy> {
    const directory = await mkdtemp(join(tmpdir(), 'evenly-envoy-'));
    const adminFile = join(directory, 'admin-address');
    // One thread, so that round robin is one round over all calls; no shared memory, so that Envoys do not meet.
    const options = ['--concurrency', '1', '--disable-hot-restart', '--drain-time-s', '1', '-l', 'warning'];
    const config = ['--config-yaml', JSON.stringify(bootstrap), '--admin-address-path', adminFile];
    const command = [...endWithParent, ...clients.envoy.command, ...config, ...options];
    const process = new ManagedProcess({ name: 'envoy', command, cwd: interopDirectory });
    const envoy = new Envoy(process, directory);
    try {
      await vi.waitFor(
        async () => {
          envoy.#admin = await readFile(adminFile, 'utf8');
          const listeners = await envoy.get('/listeners');
          if (!listeners.includes(`127.0.0.1:${listenPort}`)) throw new Error('it has no listener yet');
        },
        { timeout: startTimeoutMs, interval: 100 },
      );
      return envoy;
    } catch (cause) {
      await envoy.stop();
      throw new Error(`envoy did not start: ${(cause as Error).message}; it said:\n${process.log.text}`, {
        cause,
      });
    }
  }

  /** A page of its admin port. */
  async get(path: string): Promise<string> {
    return (await fetch(`http://${this.#admin}${path}`)).text();
  }

  /** The ports that it has for each cluster that came by xDS. */
  async clusters(): Promise<Record<string, number[]>> {
    const { cluster_statuses: statuses = [] } = JSON.parse(await this.get('/clusters?format=json')) as {
      cluster_statuses?: ClusterStatus[];
    };
    const dynamic = statuses.filter((status) => status.added_via_api);
    return Object.fromEntries(
      dynamic.map(({ name, host_statuses: hosts = [] }) => [
        name,
        hosts.map(({ address }) => address.socket_address.port_value).sort((a, b) => a - b),
      ]),
    );
  }

  /** All that came by xDS, as it holds it: listeners, routes and clusters, with states and versions. */
  async configDump(): Promise<ConfigDump> {
    const { configs } = JSON.parse(await this.get('/config_dump')) as { configs: Partial<ConfigDump>[] };
    const nothing = { dynamic_listeners: [], dynamic_route_configs: [], dynamic_active_clusters: [] };
    return Object.assign(nothing, ...configs) as ConfigDump;
  }

  /**
   * The sum of its counters with this name, over all clusters, listeners and streams.
   * @throws when it has none
   */
  async count(counter: 'update_rejected' | 'init_fetch_timeout'): Promise<number> {
    const lines = (await this.get(`/stats?filter=${counter}$`)).trim().split('\n');
    if (lines[0] === '') throw new Error(`Envoy does not count ${counter}`);
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async stop(): Promise<void> {
    await this.#process.stop(stopTimeoutMs);
    await rm(this.#directory, { recursive: true });
  }
}

/** Envoy does not watch its stdin; this shell does, and takes Envoy with it when whoever started it is gone. */
const endWithParent = [
  'sh',
  '-c',
  `exec 3<&0
  "$@" &
  envoy=$!
  trap 'kill $envoy' TERM
  { cat <&3 >/dev/null; kill $envoy; } 2>/dev/null &
  wait $envoy # ends at SIGTERM too, before Envoy has
  wait $envoy`,
  'envoy',
];

interface ClusterStatus {
  name: string;
  added_via_api?: boolean;
  host_statuses?: { address: { socket_address: { port_value: number } } }[];
}

/** The part of Envoy's `/config_dump` that is looked at. */
export interface ConfigDump {
  dynamic_listeners: {
    name: string;
    active_state?: { version_info: string };
    warming_state?: object;
    error_state?: object;
  }[];
  dynamic_route_configs: {
    version_info: string;
    error_state?: object;
    route_config: { name: string; virtual_hosts?: VirtualHost[] };
  }[];
  dynamic_active_clusters: { version_info: string; error_state?: object; cluster: { name: string } }[];
  dynamic_warming_clusters?: object[];
}

export interface VirtualHost {
  domains: string[];
  routes: {
    route: { cluster?: string; weighted_clusters?: { clusters: { name: string; weight: number }[] } };
  }[];
}
