import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConfigFolder } from '../config-folder.ts';
import type { Endpoints } from './endpoints.ts';
import type { Service } from './service.ts';

/**
 * The services `row-0`, `row-1` and so on as a config file (JSON is YAML), and the endpoints of each in a file of its own for
 * clients that follow it themselves.
 * @returns what is in the config file
 */
export async function writeConfig(
  folder: ConfigFolder,
  rows: readonly Service[],
  endpoints: Endpoints,
): Promise<string> {
  const services: Record<string, object> = {};
  const routes: object[] = [];
  for (const [index, { endpoints: names, policy = {}, route }] of rows.entries()) {
    const service = `row-${index}`;
    const addresses = names.map((name) => endpoints.addressOf(name));
    services[service] = { source: { static: { endpoints: addresses } }, policy };
    if (route !== undefined)
      routes.push({ name: service, match: { authority: service }, to: [{ service }], ...route });
    await writeFile(pathOf(folder.file, service), JSON.stringify({ endpoints: addresses }));
  }
  const config = JSON.stringify({ services, routes });
  await folder.write(config);
  return config;
}

/** @param configFile the config's path */
export const endpointsUrl = (configFile: string, service: string) =>
  pathToFileURL(pathOf(configFile, service)).href;

const pathOf = (configFile: string, service: string) =>
  join(dirname(configFile), `${service}.endpoints.json`);
