import type { Diagnosis } from './findings/index.ts';

/** What a script can tell apart. Those from 64 on are the same for all programs of Evenly. */
export const codes = { well: 0, wrong: 1, incomplete: 2, usage: 64, unavailable: 69 } as const;

/** Something wrong counts for more than something that could not be looked at; never is it 0 with either. */
export function exitCode({ services, inventory }: Diagnosis): number {
  const isWrong = services.some(({ findings }) => findings.some(({ severity }) => severity !== 'note'));
  if (isWrong) return codes.wrong;
  return inventory.notRead.length > 0 ? codes.incomplete : codes.well;
}
