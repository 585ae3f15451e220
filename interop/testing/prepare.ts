import { clients, whyNot, type ClientName } from './clients.ts';

/** Installs and builds all clients that this machine can have, before any spec: two at once would be in each other's way. */
export default async function setup(): Promise<void> {
  for (const name of Object.keys(clients) as ClientName[])
    if (whyNot(name) === undefined) await clients[name].prepare();
}
