import type { Outcome } from './calling-client.ts';

/** Which share of the calls each service should answer, in percent; they add up to 100. */
export type Shares = Readonly<Record<string, number>>;

/**
 * How far a count may be from its expected value, in standard deviations of a binomial distribution. At five, a right
 * client fails one check in 1.7 million, and 1000 calls tell a share of 5 % from one of 12 % as surely.
 */
const deviations = 5;

/** The counts that so many independent calls with this chance lead to. At least one: who has a share must be reached. */
export function band(calls: number, chance: number): { least: number; most: number } {
  const mean = calls * chance;
  const spread = deviations * Math.sqrt(calls * chance * (1 - chance));
  return { least: Math.max(1, Math.ceil(mean - spread)), most: Math.floor(mean + spread) };
}

/**
 * What is wrong with who answered, a line each; nothing when no call failed, each service answered its share, and
 * nobody else answered.
 * @param podsOf the names of a service's pods that take calls now
 */
export function shareFaults(
  outcomes: readonly Outcome[],
  shares: Shares,
  podsOf: (service: string) => readonly string[],
): string[] {
  const faults = outcomes.flatMap((outcome) => ('error' in outcome ? `a call failed: ${outcome.error}` : []));
  const answered = countResponses(outcomes);
  for (const [service, percent] of Object.entries(shares)) {
    let count = 0;
    for (const pod of podsOf(service)) {
      count += answered.get(pod) ?? 0;
      answered.delete(pod);
    }
    const { least, most } = band(outcomes.length, percent / 100);
    if (count < least || count > most) {
      faults.push(`${service} answered ${count} of ${outcomes.length} calls, expected ${least} to ${most}`);
    }
  }
  for (const [pod, count] of answered) faults.push(`${pod} answered ${count} calls, expected none`);
  return faults;
}

/**
 * What is wrong with how a service's pods share what the service answered, a line each. Judged over all calls of a
 * client together: round robin deals pods to calls in turn, so of two loops in lockstep each may meet one pod more often.
 */
export function evennessFaults(outcomes: readonly Outcome[], pods: readonly string[]): string[] {
  const answered = countResponses(outcomes);
  const counts = pods.map((pod) => [pod, answered.get(pod) ?? 0] as const);
  const sum = counts.reduce((total, [, count]) => total + count, 0);
  const { least, most } = band(sum, 1 / pods.length);
  return counts
    .filter(([, count]) => count < least || count > most)
    .map(
      ([pod, count]) =>
        `${pod} answered ${count} of its service's ${sum} calls, expected ${least} to ${most}`,
    );
}

function countResponses(outcomes: readonly Outcome[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    if ('from' in outcome) counts.set(outcome.from, (counts.get(outcome.from) ?? 0) + 1);
  }
  return counts;
}
