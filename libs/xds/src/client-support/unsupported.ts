import type { MeshConfig } from '@evenly/mesh-config';
import { clientNames, type Client } from './clients.ts';
import type { Difference, Use } from './difference.ts';
import { features } from './features/index.ts';

/** Something that a config asks for, and what some clients make of it. */
export interface Unsupported extends Use, Difference {
  /** Those that it holds for. */
  clients: Client[];
}

/** What clients do in another way than a config asks for. */
export function unsupported(config: MeshConfig): Unsupported[] {
  return features.flatMap(({ usedBy, clients: differences }) => {
    const byText = new Map<string, { difference: Difference; clients: Client[] }>();
    for (const client of clientNames) {
      const difference = differences[client];
      if (difference === undefined) continue;
      const known = byText.get(difference.instead);
      if (known === undefined) byText.set(difference.instead, { difference, clients: [client] });
      else known.clients.push(client);
    }
    return usedBy(config).flatMap((use) =>
      [...byText.values()].map(({ difference, clients }) => ({ ...use, ...difference, clients })),
    );
  });
}
