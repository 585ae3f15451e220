import { setTimeout as sleep } from 'node:timers/promises';
import { jainIndex } from '@evenly/balancing';
import type { LocalService, PodStatus } from '@evenly/local-cluster';
import type { Call } from '../calls.ts';
import type { CallLog } from '../measure/call-log.ts';
import { sampleOf, type FigureName, type Sample } from '../measure/figures.ts';
import { maxToMin, percentile } from '../measure/statistics.ts';

/** What happened, for the charts. */
export interface Mark {
  atMs: number;
  text: string;
}

export interface RoundContext {
  service: LocalService;
  log: CallLog;
  /** Which pods are to get calls. */
  reaches: (pod: PodStatus) => boolean;
  /** Each round begins with a client that knows nothing of the one before. */
  freshClient: () => Promise<void>;
  /** Runs it when not too many restarts of other scenarios are under way. */
  inTurn: <T>(restart: () => Promise<T>) => Promise<T>;
  patienceMs: number;
  /** Has whoever chooses the pods do so by peak EWMA, and back; in words why not, where that cannot be. */
  peakEwma: ((on: boolean) => Promise<unknown>) | string;
  random: () => number;
  signal: AbortSignal;
  step: (text: string) => void;
}

export interface RoundResult {
  figures: Partial<Record<FigureName, Sample>>;
  marks: Mark[];
  /** Evenness over the five pods, in the seconds since the new ones listen. */
  convergence: { s: number; jain: number }[];
}

const few = 3;
const many = 5;
const steadyMs = 2000;
const slowMs = 2500;
/** What peak EWMA has to learn who is slow: a few calls to each pod. */
const learnMs = 2000;
const settleMs = 500;
const settleAtMostMs = 5000;
const afterKillMs = 2000;
const afterRestartMs = 1500;

/** One round of events: 3 pods, 5 pods, one of them slow, one killed, 3 again, all of them replaced. */
export async function runRound(context: RoundContext): Promise<RoundResult> {
  const { service, log, random, signal, step } = context;
  const marks: Mark[] = [];
  const mark = (text: string) => {
    const atMs = Date.now();
    marks.push({ atMs, text });
    step(text);
    return atMs;
  };
  const wait = (ms: number) => sleep(ms, undefined, { signal });

  await service.scale(few);
  await context.freshClient();
  const fewAtMs = Date.now();
  await wait(settleMs);
  // Those who look for pods now and then have to look first; some never will.
  while (log.evenSince(namesOf(context), fewAtMs) === undefined && Date.now() - fewAtMs < settleAtMostMs)
    await wait(100);
  const steadyAtMs = mark('steady, 3 pods');
  await wait(steadyMs);
  const steady = log.counts(namesOf(context), steadyAtMs, Date.now());

  const known = new Set(namesOf(context));
  mark('3 → 5 pods');
  await service.scale(many);
  const all = namesOf(context);
  const added = podsOf(context).filter(({ name }) => !known.has(name));
  const readyAtMs = Math.max(...added.map((pod) => pod.readyAtMs ?? Date.now()));
  const joined = await joinTimes(context, added, readyAtMs);

  const slow = podNamed(context, pick(inUse(context), random));
  const slowAtMs = mark('one pod +200 ms') + settleMs;
  await slow.behaviour({ delay: '200ms' });
  await wait(settleMs + slowMs);
  const p99SlowMs = percentile(log.latencies(slowAtMs, Date.now()), 0.99);
  const p99EwmaMs = await p99WithPeakEwma(context, mark, wait);
  await slow.behaviour({ delay: '0s' });
  await wait(settleMs);

  const victim = podNamed(context, pick(inUse(context), random));
  const killedAtMs = mark('a pod is killed');
  victim.kill();
  const convergence = log.evenness(all, readyAtMs, killedAtMs);
  await wait(afterKillMs);
  const fewerAtMs = mark('5 → 3 pods');
  await service.scale(few);
  // Of three, not five: what clients have to cope with is the same, and the machine starts a third fewer processes.
  const { restartedAtMs, restartMs } = await context.inTurn(async () => {
    const restartedAtMs = mark('rolling restart');
    await service.restart();
    return { restartedAtMs, restartMs: Date.now() - restartedAtMs };
  });
  await wait(afterRestartMs);
  const endMs = mark('end');

  return {
    marks,
    convergence,
    figures: {
      jain: sampleOf(jainIndex(steady), noneSucceeded),
      maxToMin: ratioOf(steady),
      ...joined,
      p99SlowMs: sampleOf(p99SlowMs, noneSucceeded),
      p99EwmaMs,
      lostKill: sampleOf(log.lost(killedAtMs, fewerAtMs), noCalls),
      restartMs,
      lostRestart: sampleOf(log.lost(restartedAtMs, endMs), noCalls),
    },
  };
}

/** What is lost of nothing, or how even it is, is no result. */
const noCalls = 'the client made no calls';
const noneSucceeded = 'no call succeeded';

/** The most calls against the fewest. */
function ratioOf(counts: readonly number[]): Sample {
  const most = Math.max(0, ...counts);
  if (most === 0) return { missing: noneSucceeded };
  const ratio = maxToMin(counts)!;
  return Number.isFinite(ratio) ? ratio : { beyond: `${most}:0` };
}

/** While one pod is slow. */
async function p99WithPeakEwma(
  { peakEwma, log }: RoundContext,
  mark: (text: string) => number,
  wait: (ms: number) => Promise<void>,
): Promise<Sample> {
  if (typeof peakEwma === 'string') return { missing: peakEwma };
  // A client with another policy is another process, whose first calls take their time.
  const change = async (on: boolean) => {
    await peakEwma(on);
    const sinceMs = Date.now();
    while (log.latencies(sinceMs, Infinity).length === 0 && Date.now() - sinceMs < settleAtMostMs)
      await wait(100);
  };
  mark('peak EWMA');
  await change(true);
  await wait(learnMs);
  const fromMs = Date.now();
  await wait(slowMs);
  const p99Ms = percentile(log.latencies(fromMs, Date.now()), 0.99);
  await change(false);
  return sampleOf(p99Ms, noneSucceeded);
}

/** Waits until new pods have had calls and all have even shares, as long as patience lasts. */
async function joinTimes(context: RoundContext, added: readonly PodStatus[], readyAtMs: number) {
  const { log, signal, patienceMs } = context;
  const names = namesOf(context);
  for (;;) {
    const first = added.map(({ name }) => log.firstResponseOf(name));
    const evenAtMs = log.evenSince(names, readyAtMs);
    const all = first.every((atMs) => atMs !== undefined);
    if ((all && evenAtMs !== undefined) || Date.now() - readyAtMs > patienceMs) {
      const late = lateness(log.between(readyAtMs, Infinity), patienceMs);
      const delays = added.map(({ readyAtMs = 0 }, i) => Math.max(0, (first[i] ?? Infinity) - readyAtMs));
      const firstCallMs: Sample = all ? Math.max(...delays) : late;
      const evenMs: Sample = evenAtMs === undefined ? late : Math.max(0, evenAtMs - readyAtMs);
      return { firstCallMs, evenMs };
    }
    await sleep(100, undefined, { signal });
  }
}

/** That something did not come in time is a result only if somebody called, and was answered. */
function lateness(calls: readonly Call[], patienceMs: number): Sample {
  if (calls.length === 0) return { missing: noCalls };
  if (calls.every(({ code }) => code !== 'OK')) return { missing: noneSucceeded };
  return { beyond: `> ${patienceMs / 1000} s` };
}

const podsOf = ({ service, reaches }: RoundContext) =>
  service.status.pods.filter((pod) => pod.state === 'running' && reaches(pod));
const podNamed = ({ service }: RoundContext, wanted: string) =>
  service.pods.find(({ name }) => name === wanted)!;
const namesOf = (context: RoundContext) => podsOf(context).map(({ name }) => name);

/** Pods that had calls just now: what happens to one that nobody calls shows nothing. */
function inUse(context: RoundContext): string[] {
  const names = namesOf(context);
  const counts = context.log.counts(names, Date.now() - 1000, Date.now());
  const used = names.filter((_, i) => counts[i]! > 0);
  return used.length > 0 ? used : names;
}

const pick = <T>(items: readonly T[], random: () => number): T => items[Math.floor(random() * items.length)]!;
