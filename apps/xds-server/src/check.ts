import { checkFiles } from '@evenly/live-mesh';
import type { MeshConfig } from '@evenly/mesh-config';
import { clients as titles, unsupported } from '@evenly/xds';

/** `xds-server check FILE…`. @returns the exit code */
export const check = (files: readonly string[], say: (line: string) => void): Promise<number> =>
  checkFiles({ program: 'xds-server', warningsOf: clientWarnings }, files, say);

/** What some kind of client does in another way than a config asks for. */
const clientWarnings = (config: MeshConfig): string[] =>
  unsupported(config).map(({ service, field, clients, instead }) => {
    const who = clients.map((client) => titles[client].title).join('; ');
    return `${service}: ${field}: in ${who}: ${instead}`;
  });
