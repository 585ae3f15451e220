import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { differences } from '../differences.ts';
import { evenFrom } from '../measure/call-log.ts';
import { figureKinds, figureOf, type FigureName, type Sample } from '../measure/figures.ts';
import { busyShare, doubtsOf, watchLateness } from '../measure/machine-load.ts';
import { seededRandom, shuffled } from '../measure/statistics.ts';
import type { Scenario } from '../scenario.ts';
import { measureCost } from './cost.ts';
import { figureTable } from './figure-table.ts';
import { recommend } from './recommend.ts';
import { machineFacts, type Report, type ScenarioResult } from './report.ts';
import { onStage, runScenario, type RunOptions } from './run-scenario.ts';

export interface CompareOptions extends Omit<RunOptions, 'random' | 'step' | 'endMs' | 'untilMs' | 'inTurn'> {
  scenarios: readonly Scenario[];
  seed: number;
  /** Time for all of it; see timeFor. */
  withinMs: number;
  /** Scenarios at a time while events are measured; what they cost is measured one at a time. */
  parallel: number;
  progress: CompareProgress;
}

/** Hears how far it is. */
export interface CompareProgress {
  /** The figures of this run cannot be trusted; said before minutes are spent on it. */
  doubt(text: string): void;
  step(scenario: string, text: string): void;
  /** One of the parts (events of a scenario, cost of a scenario) is over. */
  partDone(scenario: string, error?: string): void;
}

/** What cost takes of one scenario, the start of its programs included; on a busy machine it takes longer. */
const costMs = 10_000;
/** A scenario that waits so long for new pods has a worker for itself. */
const longPatienceS = 30;

/** Rolling restarts at the same time: with more of them each takes longer than the ten seconds that it is to take. */
const restartsAtOnce = 2;
/** Between the begins of scenarios that run at the same time: in step, all would restart their pods at once. */
const staggerMs = 5000;

/** Calls a second while cost is measured: enough for a p99 of a second or two to mean something. */
const costRate = 200;

/**
 * Runs all scenarios: their events some at a time, in an order that the seed gives, then what they cost, one at a time.
 * When it is interrupted, the report is partial.
 */
export async function compare(options: CompareOptions): Promise<Report> {
  const { scenarios, seed, signal, rounds, rate } = options;
  const startedAt = new Date();
  const machine = machineFacts();
  const busyBefore = await busyShare(signal);
  for (const doubt of doubtsOf({ busyBefore, lateMs: 0 })) options.progress.doubt(doubt);
  const lateness = watchLateness();
  const random = seededRandom(seed);
  // Each has random numbers of its own: which runs first must not change what another does.
  const seeds = new Map(scenarios.map(({ name }) => [name, Math.floor(random() * 2 ** 32)]));
  // Those that wait longest begin first, so that nothing is left for the end; the rest as the seed says.
  const order = shuffled(scenarios, random).sort((a, b) => (b.patienceS ?? 0) - (a.patienceS ?? 0));

  const results = new Map<string, ScenarioResult>();
  const queue = [...order];
  const inTurn = pLimit(restartsAtOnce);
  const endMs = startedAt.getTime() + options.withinMs;
  const eventsEndMs = endMs - costMs * scenarios.length;
  const worker = async (_: unknown, index: number) => {
    await sleep(index * staggerMs, undefined, { signal }).catch(() => undefined);
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
      const { name } = next;
      const own = {
        random: seededRandom(seeds.get(name)!),
        // For a second round the slices of a scenario's cost may become fewer.
        endMs: eventsEndMs + costMs,
        inTurn,
        untilMs: timeFor(next, queue.length, eventsEndMs, options.parallel),
        step: (text: string) => options.progress.step(name, text),
      };
      const result = await runScenario(next, { ...options, ...own });
      results.set(name, result);
      options.progress.partDone(name, result.error);
    }
  };
  const workers = Math.min(options.parallel, scenarios.length);
  await Promise.all(Array.from({ length: workers }, worker));
  for (const [i, scenario] of order.entries()) {
    if (signal.aborted) break;
    const isLate = Date.now() + costMs * (order.length - i) > endMs;
    await addCost(scenario, results.get(scenario.name)!, { ...options, rounds: isLate ? 1 : rounds });
  }

  const load = { busyBefore, lateMs: lateness() };
  const measured = scenarios.flatMap(({ name }) => results.get(name) ?? []);
  return {
    kind: 'evenly-lab-report',
    version: 2,
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    seed,
    rounds,
    rate,
    partial: signal.aborted,
    machine,
    load,
    doubts: doubtsOf(load),
    table: figureTable(measured),
    recommendations: recommend(measured),
    figureKinds,
    evenFrom,
    differences,
    scenarios: measured,
  };
}

/**
 * Until when a scenario may begin another round, so that all that still wait get as much.
 * @param waiting how many scenarios come after it
 */
function timeFor({ patienceS = 0 }: Scenario, waiting: number, endMs: number, parallel: number): number {
  if (patienceS >= longPatienceS) return endMs;
  const turns = Math.ceil((waiting + 1) / parallel);
  return Date.now() + (endMs - Date.now()) / turns;
}

async function addCost(scenario: Scenario, result: ScenarioResult, options: CompareOptions): Promise<void> {
  const { rounds, signal, progress } = options;
  progress.step(scenario.name, 'cost against a direct connection');
  try {
    const cost = await onStage(scenario, { ...options, rate: 0 }, (lab, stage) =>
      measureCost(lab, stage, { rounds, rate: costRate, signal }),
    );
    for (const [name, values] of Object.entries(cost) as [FigureName, Sample[]][])
      result.figures[name] = figureOf(name, values);
  } catch (error) {
    result.error ??= signal.aborted ? 'interrupted' : (error as Error).message;
  }
  progress.partDone(scenario.name, result.error);
}
