import { status } from '@grpc/grpc-js';
import type { Outcome } from '../asked-client.ts';
import type { Code } from './endpoints.ts';

const codes = new Map(
  Object.keys(status)
    .filter((name) => Number.isNaN(Number(name)))
    .map((name) => [name.replaceAll('_', ''), name as Code]),
);

/** Go says `DeadlineExceeded`, and `Canceled`. */
export function codeOf(outcome: Outcome): Code {
  if ('from' in outcome) return 'OK';
  const plain = outcome.code.replaceAll('_', '').toUpperCase();
  return codes.get(plain === 'CANCELED' ? 'CANCELLED' : plain)!;
}
