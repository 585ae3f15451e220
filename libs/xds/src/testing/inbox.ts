import type { ModelClient } from './model-client.ts';

/** What came and is not acknowledged yet: `cluster: a b, less c`. */
export const inbox = ({ inbox: responses }: ModelClient) =>
  responses.map(({ type, resources, removed }) => {
    const less = removed.length > 0 ? `, less ${removed.join(' ')}` : '';
    return `${type}: ${[...resources.keys()].join(' ')}${less}`;
  });

/** Acknowledges all that comes. @returns what came */
export function ackAll(client: ModelClient): string[] {
  const seen: string[] = [];
  for (let came = inbox(client); came.length > 0; came = inbox(client)) {
    seen.push(...came);
    came.forEach(() => client.ack());
  }
  return seen;
}
