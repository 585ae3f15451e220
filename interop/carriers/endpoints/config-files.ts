import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Backends } from '../backends.ts';
import type { ConfigFolder } from '../config-folder.ts';
import { deadBackends, isDead, type BackendName, type EndpointOf, type Service } from './service.ts';

/** The mesh config, and a file of endpoints for each of its services: all carriers have endpoints from the same source. */
export class ConfigFiles {
  readonly #folder: ConfigFolder;
  readonly #backends: Backends;

  constructor(folder: ConfigFolder, backends: Backends) {
    this.#folder = folder;
    this.#backends = backends;
  }

  /** @param marker a service more: who reaches it has taken this config */
  async write(services: ReadonlyMap<string, Service>, marker: string): Promise<void> {
    for (const [name, { endpoints }] of services) await this.writeEndpoints(name, endpoints);
    const described = [...services].map(([name, { policy = {}, locality = {} }]) => {
      const source = { file: { path: this.#path(name) } };
      return [name, { source, policy, locality }] as const;
    });
    const own = [
      marker,
      { source: { static: { endpoints: [this.#backends.addressOf('marker')] } } },
    ] as const;
    const config = { services: Object.fromEntries([...described, own]) as object };
    await this.#folder.write(JSON.stringify(config));
  }

  writeEndpoints(name: string, endpoints: readonly EndpointOf[]): Promise<void> {
    const described = endpoints.map(({ at, ...more }) => ({ ...this.#addressOf(at), ...more }));
    return writeFile(this.#path(name), JSON.stringify({ endpoints: described }));
  }

  /** For a client that follows the file of a service itself. */
  urlOf(name: string): string {
    return pathToFileURL(this.#path(name)).href;
  }

  #path(name: string): string {
    return join(dirname(this.#folder.file), `${name}.endpoints.json`);
  }

  #addressOf(at: BackendName): { address: string; port: number } {
    // Nobody listens at port 1 (tcpmux) of these addresses of the loopback.
    if (isDead({ at })) return { address: `127.0.0.${2 + deadBackends.indexOf(at as never)}`, port: 1 };
    const [address = '', port] = this.#backends.addressOf(at).split(':');
    return { address, port: Number(port) };
  }
}
