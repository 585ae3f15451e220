import type { Client } from '../balancing/client.ts';
import type { GrpcService } from '../balancing/grpc-service.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { workloadName } from '../inventory/workload.ts';

/**
 * - `error`: calls go wrong, or pods idle, now.
 * - `warning`: they will, when pods come, go or fail.
 * - `note`: worth knowing; nothing has to be done.
 */
export type Severity = 'error' | 'warning' | 'note';

export const severities: readonly Severity[] = ['error', 'warning', 'note'];

/** Something that is wrong with a Service, and what to do about it. */
export interface Finding {
  /** Stable, for programs: `one-connection`. */
  id: string;
  severity: Severity;
  /** A sentence: what is wrong. */
  title: string;
  /** What comes of it. */
  why: string;
  /** What of it is a fact that was seen, and what a conclusion. */
  evidence: readonly Evidence[];
  /** What to do: one of these, where `oneOf` is said, else all. */
  advice: readonly Advice[];
  oneOf?: boolean;
}

export interface Evidence {
  certainty: Client['certainty'];
  text: string;
}

export interface Advice {
  text: string;
  /** Lines of YAML, or of code, to apply. */
  manifest?: string;
}

/** Looks at one Service for one thing. Pure. */
export type Check = (service: GrpcService, inventory: Inventory) => Finding[];

export const seen = (text: string): Evidence => ({ certainty: 'seen', text });
export const inferred = (text: string): Evidence => ({ certainty: 'inferred', text });

/** `shop/cart` */
export const nameOf = ({ service }: GrpcService) => `${service.namespace}/${service.name}`;

/** Who calls, and by what that was seen. */
export const evidenceOfClients = (clients: readonly Client[]): Evidence[] =>
  clients.map(({ certainty, evidence, ...client }) => ({
    certainty,
    text: `${client.namespace}/${workloadName(client)}: ${evidence.join('; ')}`,
  }));

/** Joined as a sentence wants it: `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[], most = 4): string {
  const shown =
    items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
