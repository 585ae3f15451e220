import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backends } from './backends.ts';
import type { Routing } from './routing.ts';

/** The one config file that the proxy and the xds-server follow. */
export class ConfigFolder implements AsyncDisposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<ConfigFolder> {
    return new ConfigFolder(await mkdtemp(join(tmpdir(), 'evenly-carriers-')));
  }

  get file(): string {
    return join(this.#directory, 'mesh.json');
  }

  /** In one go: nobody reads half of it. */
  async write(config: string): Promise<void> {
    await writeFile(`${this.file}.new`, config);
    await rename(`${this.file}.new`, this.file);
  }

  /** @returns the path of a file more, which stays as it is */
  async add(name: string, content: string): Promise<string> {
    const file = join(this.#directory, name);
    await writeFile(file, content);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}

/**
 * A mesh as a config file (JSON is YAML).
 * @param suffix of the names of its services; each is served by the backend without it
 * @param marker a service more: who reaches it has taken this config
 */
export function configOf(routing: Routing, backends: Backends, suffix: string, marker: string): string {
  const at = (address: string) => ({ source: { static: { endpoints: [address] } } });
  const services = routing.services.map((name) => [
    name,
    at(backends.addressOf(name.slice(0, name.length - suffix.length))),
  ]);
  const own = [marker, at(backends.addressOf('marker'))];
  return JSON.stringify({
    services: Object.fromEntries([...services, own]) as object,
    routes: [{ match: { authority: marker }, to: [{ service: marker }] }, ...routing.routes],
  });
}
