import { randomBytes } from 'node:crypto';

const variable = 'L7_PROXY_TICKET_SECRET';
const secretBytes = 32;

/** For the environment of all workers of a process: they take each other's TLS session tickets. */
export function shareTicketSecret(): Record<string, string> {
  return { [variable]: randomBytes(secretBytes).toString('base64') };
}

/** What the process in front of a worker has given to it; or one of the process's own. */
export function ticketSecretOf(env: Readonly<Record<string, string | undefined>>): Uint8Array {
  const shared = env[variable];
  return shared === undefined ? randomBytes(secretBytes) : Buffer.from(shared, 'base64');
}

/** Takes it out of an environment, where a diagnostic report would show it. @returns a copy that has it */
export function takeTicketSecretOutOf<T extends Record<string, string | undefined>>(env: T): T {
  const copy = { ...env };
  delete (env as Record<string, string | undefined>)[variable];
  return copy;
}
