import type { DifferenceOf } from './differences.ts';
import { behaviourOf, type Code, type EndpointName } from './endpoints.ts';
import type { OutlierDetection, Service } from './service.ts';

/** "What counts as a failure", by status. */
const failures: readonly Code[] = [
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
];

/**
 * Who has all calls when every outlier is ejected that may be, as `docs/mesh-config.md` says it, apart from the product: one
 * of these sets. Those who hold calls are cancelled by the caller; ejections end after the test.
 */
export function finallyCalled({ endpoints, policy = {} }: Service, of: DifferenceOf): EndpointName[][] {
  const { outlierDetection: rules, panicThresholdPercent = 50 } = policy;
  if (rules === undefined) return [[...endpoints]];
  const outliers = endpoints.filter((one) => isOutlier(one, rules, of));
  // "of all endpoints; one may always be ejected"
  const most = Math.max(1, Math.floor((endpoints.length * (rules.maxEjectionPercent ?? 10)) / 100));
  return subsets(outliers, Math.min(most, outliers.length)).map((ejected) => {
    const left = endpoints.filter((one) => !ejected.includes(one));
    const isPanic = of('panic') === undefined && 100 * left.length < panicThresholdPercent * endpoints.length;
    return isPanic ? [...endpoints] : left;
  });
}

function isOutlier(name: EndpointName, rules: OutlierDetection, of: DifferenceOf): boolean {
  const { consecutiveFailures = 5, successRate, failurePercentage } = rules;
  const byRow = consecutiveFailures > 0 && of('consecutiveFailures') === undefined;
  const byShare = (successRate ?? failurePercentage) !== undefined;
  const behaviour = behaviourOf(name);
  if ('answers' in behaviour) return (byRow || byShare) && isFailure(behaviour.answers, rules, of);
  if (behaviour.does === 'hold') return (byRow || byShare) && of('failures') !== undefined;
  return byRow && behaviour.does === 'fail in a row';
}

function isFailure(code: Code, { failureCodes }: OutlierDetection, of: DifferenceOf): boolean {
  if (of('failures') !== undefined) return code !== 'OK';
  return (of('failureCodes') === undefined ? (failureCodes ?? failures) : failures).includes(code);
}

/** All of so many of them. */
function subsets<T>(of: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return of.flatMap((one, index) => subsets(of.slice(index + 1), size - 1).map((rest) => [one, ...rest]));
}
