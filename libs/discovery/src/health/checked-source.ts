import { defaultPanicThreshold } from '@evenly/balancing';
import {
  DiscoveryError,
  endpointKey,
  Updates,
  repeat,
  type EndpointSet,
  type EndpointSource,
  type Repetition,
} from '@evenly/endpoints';
import type { HealthChecker, HealthVerdict } from './checker.ts';
import { judge, type HealthReport } from './judgement.ts';
import { HealthHistory, type Thresholds } from './thresholds.ts';

export interface HealthCheckedOptions {
  source: EndpointSource;
  checker: HealthChecker;
  intervalMs: number;
  /** Default: each answer decides. */
  thresholds?: Thresholds;
  /** 0 (never) to 1; default 0.5. */
  panicThreshold?: number;
  /** Told after each round of checks. */
  onReport?: (report: HealthReport) => void;
}

/**
 * Lets through only the endpoints of another source that answer SERVING, and some of those that are merely slow (see `judge`). All are checked in parallel, every
 * `intervalMs` and at once when the other source has a new set; a new endpoint is held back until its first answer.
 *
 * When not one endpoint answers at all (as against: answers that it is not serving), that is an error and not an empty
 * set: a control plane that lost its network must not take every endpoint away from its clients.
 */
export function healthCheckedSource(options: HealthCheckedOptions): EndpointSource {
  return {
    description: `${options.source.description}, health-checked`,
    refresh: () => options.source.refresh?.(),
    endGrace: () => options.source.endGrace?.(),
    watch: (listener) => watchChecked(options, new Updates(listener)),
  };
}

function watchChecked(options: HealthCheckedOptions, updates: Updates): () => void {
  const { source, checker, intervalMs, panicThreshold = defaultPanicThreshold, onReport } = options;
  const history = new HealthHistory(options.thresholds ?? { healthy: 1, unhealthy: 1 });
  let current: EndpointSet | undefined;
  let checked: EndpointSet | undefined;
  /** The source works again, but what changed meanwhile has yet to be checked and told. */
  let recovering = false;
  let stopped = false;
  let rounds: Repetition | undefined;

  /** Checks all of one set; what it found counts only if that set is still the current one. */
  const round = async (set: EndpointSet) => {
    const verdicts = await Promise.all(set.endpoints.map((endpoint) => checker.check(endpoint)));
    if (stopped || set !== current) return;
    const { report, passed, isSilence } = judge(set.endpoints, verdicts, history, panicThreshold);
    onReport?.(report);
    checked = set;
    if (isDead(verdicts)) source.endGrace?.();
    if (stopped || set !== current) return;
    if (passed !== undefined) updates.endpoints(passed);
    if (isSilence) updates.error('health', noResponseError(report));
    else updates.ok('health');
    sourceRecovered();
  };

  const sourceRecovered = () => {
    if (!recovering || checked !== current) return;
    recovering = false;
    updates.ok('source');
  };

  const stopSource = source.watch({
    onEndpoints: (set) => {
      current = set;
      checker.retain(set.endpoints);
      history.retain(set.endpoints);
      rounds?.stop();
      rounds = repeat(intervalMs, () => round(set));
    },
    onError: (error) => {
      recovering = false;
      updates.error('source', error);
    },
    onRecovered: () => {
      recovering = true;
      sourceRecovered();
    },
  });
  return () => {
    stopped = true;
    stopSource();
    rounds?.stop();
    checker.close();
  };
}

/** Nobody serves, and nobody is merely slow. */
const isDead = (verdicts: readonly HealthVerdict[]) =>
  verdicts.every(({ kind }) => kind === 'not-serving' || kind === 'no-answer');

function noResponseError(report: HealthReport): DiscoveryError {
  const { endpoint, verdict } = report[0]!;
  const reason = verdict.kind === 'serving' ? '' : verdict.reason;
  return new DiscoveryError(
    'NO_HEALTH_ANSWER',
    `none of ${report.length} endpoints answers its health check; ${endpointKey(endpoint)}: ${reason}`,
  );
}
