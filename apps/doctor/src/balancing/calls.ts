import { keyOf } from '@evenly/gateway-api';
import { workloadName } from '../inventory/workload.ts';
import type { ServiceObject } from '../inventory/objects/service.ts';
import type { Client } from './client.ts';

/** Clients by the Service that they call; what is seen counts for more than what is concluded. */
export class Calls {
  readonly #clients = new Map<string, Map<string, Client>>();

  add(service: ServiceObject, client: Client): void {
    const ofService = this.#clients.get(keyOf(service)) ?? new Map<string, Client>();
    this.#clients.set(keyOf(service), ofService);
    const who = `${client.namespace}/${workloadName(client)}`;
    const known = ofService.get(who);
    if (known === undefined || (known.certainty === 'inferred' && client.certainty === 'seen'))
      ofService.set(who, client);
  }

  of(service: ServiceObject): Client[] {
    return [...(this.#clients.get(keyOf(service))?.values() ?? [])];
  }
}
