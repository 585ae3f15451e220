import type { MeshConfig } from '@evenly/mesh-config';
import { clients as titles, unsupported } from '@evenly/xds';

/** What of a config some kind of client does in another way, for `xds-server check`: one line each. */
export const clientWarnings = (config: MeshConfig): string[] =>
  unsupported(config).map(({ service, field, clients, instead }) => {
    const who = clients.map((client) => titles[client].title).join('; ');
    return `${service}: ${field}: in ${who}: ${instead}`;
  });
