import { isInPanic } from '@evenly/balancing';
import { endpointSet, type Endpoint, type EndpointSet } from '@evenly/endpoints';
import type { HealthVerdict } from './checker.ts';
import type { HealthHistory, Standing } from './thresholds.ts';

/**
 * What the health checks found, endpoint by endpoint, those that get no calls too; for status pages and logs.
 * `healthy` is what came of the verdicts by the thresholds; `isKept`: it is not, for its answers come too late, but it gets
 * calls all the same.
 */
export type HealthReport = readonly {
  endpoint: Endpoint;
  verdict: HealthVerdict;
  healthy: boolean;
  isKept?: true;
}[];

export interface Judgement {
  report: HealthReport;
  /** Those that get calls; undefined: nobody is known to, and the set before stays. */
  passed: EndpointSet | undefined;
  /** Not one has answered at all. */
  isSilence: boolean;
}

/**
 * What comes of a round of checks, for each endpoint in its order.
 *
 * Slowness alone never leaves fewer than the panic threshold: when the answers of so many come too late, it is the network,
 * or the one who asks, that is slow, or all have so much to do that fewer of them would not do it sooner.
 *
 * When nobody answers, the trouble may be ours, so it is held against nobody: those that counted as healthy go on, and new
 * ones that are merely slow with them.
 * @param panicThreshold 0 (never) to 1
 */
export function judge(
  endpoints: readonly Endpoint[],
  verdicts: readonly HealthVerdict[],
  history: HealthHistory,
  panicThreshold: number,
): Judgement {
  const isSilence =
    endpoints.length > 0 && verdicts.every(({ kind }) => kind === 'no-answer' || kind === 'slow');
  const standings = endpoints.map((endpoint, index) => {
    if (!isSilence) return history.note(endpoint, verdicts[index]!);
    return history.standing(endpoint) ?? (verdicts[index]!.kind === 'slow' ? 'slow' : 'out');
  });
  const keepsSlow = isSilence || isInPanic(healthyShare(endpoints, standings), panicThreshold);
  const report = endpoints.map((endpoint, index) => {
    const verdict = verdicts[index]!;
    const standing = standings[index]!;
    if (keepsSlow && (standing === 'slow' || (isSilence && standing === 'healthy')))
      return { endpoint, verdict, healthy: false, isKept: true as const };
    return { endpoint, verdict, healthy: standing === 'healthy' };
  });
  const passed = report.filter(({ healthy, isKept }) => healthy || isKept).map(({ endpoint }) => endpoint);
  return { report, passed: isSilence && passed.length === 0 ? undefined : endpointSet(passed), isSilence };
}

/** Of those that could get calls: one that its source calls not ready says nothing of the checks. */
function healthyShare(endpoints: readonly Endpoint[], standings: readonly Standing[]): number {
  const candidates = standings.filter((_, index) => endpoints[index]!.state !== 'not-ready');
  if (candidates.length === 0) return 1;
  return candidates.filter((standing) => standing === 'healthy').length / candidates.length;
}
