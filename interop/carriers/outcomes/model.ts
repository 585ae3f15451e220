import type { DifferenceOf } from './differences.ts';
import { behaviourOf, type Code, type EndpointName } from './endpoints.ts';
import { msOf, type Retry, type Service } from './service.ts';

/** A call's status, and the endpoints that its attempts came to, in their order. */
export const ending = (code: Code, seen: readonly EndpointName[]) =>
  `${code} after ${seen.length === 0 ? 'nobody' : seen.join(', ')}`;

/** What is so for one call: chance decides between several of these. */
interface Course {
  service: Service;
  retry: Retry | undefined;
  deadlineMs: number;
  differenceOf: DifferenceOf;
}

/**
 * All ways in which a call may end, as `docs/mesh-config.md` says it. Written for clarity and apart from the product, which
 * it judges: each sentence of the docs is a function here. What has no end within a day has none.
 * @param callersMs the caller's own deadline
 */
export function endings(service: Service, callersMs: number, differenceOf: DifferenceOf): Set<string> {
  const { policy = {}, route = {} } = service;
  const timeoutMs = msOf(route.timeout ?? policy.timeout);
  const retry = route.retry ?? policy.retry;
  const deadlineMs = Math.min(callersMs, timeoutMs);
  // Where the timeout begins after the delay.
  const delayMs = differenceOf('delayWithTimeout') === undefined ? deadlineMs : callersMs;
  return new Set(afterDelay({ service, retry, deadlineMs, differenceOf }, delayMs));
}

/**
 * How large a share of the calls ends by a fault, for each end that a `percent` says it of.
 * @param callersMs the caller's own deadline, which is the only one
 */
export function faultShares({ route }: Service, callersMs: number): Map<string, number> {
  const { delay, abort } = route?.fault ?? {};
  const shares = new Map<string, number>();
  const overdue = delay !== undefined && msOf(delay.duration) >= callersMs ? (delay.percent ?? 100) / 100 : 0;
  if (delay?.percent !== undefined && overdue > 0) shares.set(ending('DEADLINE_EXCEEDED', []), overdue);
  if (abort?.percent !== undefined) shares.set(ending(abort.code, []), (1 - overdue) * (abort.percent / 100)); // "drawn apart from the delay"
  return shares;
}

/** "Calls wait so long first" */
function afterDelay(course: Course, longestMs: number): string[] {
  const { duration, percent = 100 } = course.service.route?.fault?.delay ?? {};
  if (duration === undefined) return afterAbort(course);
  const delayed = msOf(duration) >= longestMs ? [ending('DEADLINE_EXCEEDED', [])] : afterAbort(course);
  return percent === 100 ? delayed : [...delayed, ...afterAbort(course)];
}

/** "Calls are answered with this status … of the calls; drawn apart from the delay" */
function afterAbort(course: Course): string[] {
  const { code, percent = 100 } = course.service.route?.fault?.abort ?? {};
  if (code === undefined) return attempts(course, []);
  return percent === 100 ? [ending(code, [])] : [ending(code, []), ...attempts(course, [])];
}

function attempts(course: Course, seen: readonly EndpointName[]): string[] {
  const candidates = callable(course, seen);
  if (candidates.length === 0) return [ending('UNAVAILABLE', seen)];
  const reached = candidates.flatMap((endpoint) => afterAttempt(course, endpoint, [...seen, endpoint]));
  const { retry, service, differenceOf } = course;
  const isAtRisk = retry === undefined && differenceOf('unreachable') !== undefined;
  const hasDead = service.endpoints.some((one) => doesOf(one, 'not listen'));
  return isAtRisk && hasDead ? [...reached, ending('UNAVAILABLE', seen)] : reached;
}

/** Nobody is called who cannot be reached. "A retry goes to an endpoint that had none of the call, if there is one." */
function callable({ service, differenceOf }: Course, seen: readonly EndpointName[]): EndpointName[] {
  const reached = service.endpoints.filter((one) => !doesOf(one, 'not listen'));
  const others = reached.filter((one) => !seen.includes(one));
  return others.length === 0 || differenceOf('anotherEndpoint') !== undefined ? reached : others;
}

function afterAttempt(course: Course, endpoint: EndpointName, seen: readonly EndpointName[]): string[] {
  const behaviour = behaviourOf(endpoint);
  const { retry, deadlineMs, differenceOf } = course;
  const begins = 'begins' in behaviour && behaviour.begins === true;
  if ('answers' in behaviour) {
    const { answers, pushesBack = false } = behaviour;
    const isForbidden = pushesBack && differenceOf('pushback') === undefined;
    const isFinal = begins || isForbidden || !(retry?.on ?? ['UNAVAILABLE']).includes(answers);
    return isFinal ? [ending(answers, seen)] : again(course, answers, seen);
  }
  if (behaviour.does === 'hold') {
    // "Deadline of each attempt": one that it ends is tried again, whatever `on` says.
    const isLimited =
      !begins && differenceOf('perTryTimeout') !== 'impossible' && msOf(retry?.perTryTimeout) < deadlineMs;
    const timedOut = differenceOf('lastPerTryTimeout') === undefined ? 'DEADLINE_EXCEEDED' : 'UNAVAILABLE';
    if (isLimited) return again(course, timedOut, seen);
    const isReset = begins && differenceOf('timeoutOfResponse') !== undefined;
    return [ending(isReset ? 'INTERNAL' : 'DEADLINE_EXCEEDED', seen)];
  }
  if (behaviour.does === 'refuse the stream') return refused(course, seen);
  const lost = again(course, 'UNAVAILABLE', seen);
  // A client that was writing may see a reset connection as one that was closed.
  return differenceOf('closedConnection') === undefined ? lost : [...lost, ending('CANCELLED', seen)];
}

/** "What an endpoint provably did not process is tried again by itself at another endpoint, whatever the config says." */
function refused(course: Course, seen: readonly EndpointName[]): string[] {
  const isBeyond = refusals(seen) > mostAgain(course);
  return isBeyond ? again(course, 'UNAVAILABLE', seen) : attempts(course, seen);
}

/** "Calls in all, the first one included", with a wait of up to `backoff.base` before the first retry. */
function again(course: Course, code: Code, seen: readonly EndpointName[]): string[] {
  const { retry, deadlineMs } = course;
  const made = seen.length - Math.min(refusals(seen), mostAgain(course));
  if (retry === undefined || made >= retry.attempts) return [ending(code, seen)];
  if (msOf(retry.backoff?.base ?? '25ms') > 1000 * deadlineMs) return [ending('DEADLINE_EXCEEDED', seen)];
  return attempts(course, seen);
}

const refusals = (seen: readonly EndpointName[]) =>
  seen.filter((one) => doesOf(one, 'refuse the stream')).length;

/** docs/l7-proxy.md: "At most 5 times"; gRFC A6: once. */
function mostAgain({ differenceOf }: Course): number {
  const difference = differenceOf('refused');
  return difference === undefined ? 5 : difference === 'impossible' ? 0 : 1;
}

const doesOf = (name: EndpointName, what: string) => {
  const behaviour = behaviourOf(name);
  return 'does' in behaviour && behaviour.does === what;
};
