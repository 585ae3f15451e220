import type { HeaderMatch, RouteMatch } from '@evenly/mesh-config';
import { regexFault } from '@evenly/mesh-config';
import type { HeaderCondition } from '../objects/grpc-route.ts';

/** A match of a rule, with what says which of two matches comes first. */
export interface RankedMatch {
  match: RouteMatch;
  /** Of two the one with the larger first number that differs comes first. */
  rank: readonly number[];
}

/** Something in a rule that we cannot do; the message says what. */
export class UnsupportedRule extends Error {}

export function compareRanks(one: readonly number[], other: readonly number[]): number {
  for (let index = 0; index < one.length; index++) {
    const difference = (other[index] ?? 0) - one[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Of several conditions on one header only the first counts, says the API. */
export function headerMatches(conditions: readonly HeaderCondition[]): HeaderMatch[] {
  const first = new Map<string, HeaderMatch>();
  for (const { type, name, value } of conditions) {
    if (first.has(name)) continue;
    if (name.endsWith('-bin')) throw new UnsupportedRule(`binary header ${name} cannot be matched`);
    first.set(name, {
      name,
      kind: type === 'Exact' ? 'exact' : 'regex',
      value: checked(type, value),
      invert: false,
    });
  }
  return [...first.values()];
}

/** @throws UnsupportedRule when it is no regular expression of RE2 */
export function checked(type: string, value: string): string {
  const fault = type === 'RegularExpression' ? regexFault(value) : undefined;
  if (fault === undefined) return value;
  throw new UnsupportedRule(`${JSON.stringify(value)} is no regular expression of RE2: ${fault}`);
}

/** A text as a regular expression that matches nothing else. */
export const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
