import { Lab } from '../lab.ts';
import { CallLog } from '../measure/call-log.ts';
import { figureOf, type FigureName } from '../measure/figures.ts';
import { percentile } from '../measure/statistics.ts';
import { mainService } from '../main-service.ts';
import type { Scenario } from '../scenario.ts';
import { Stage, type StageContext } from '../stage/stage.ts';
import type { ScenarioResult, ShareResult } from './report.ts';
import { runRound, type Mark, type RoundContext, type RoundResult } from './round.ts';
import { proxyService, scaledProxiesMs, scaleProxies, type ScaledProxies } from './scaled-proxies.ts';
import { runShares, sharesMs } from './shares.ts';

/** What all scenarios of a comparison share. */
export interface RunOptions extends Pick<StageContext, 'programs' | 'env' | 'host' | 'refreshMs'> {
  pid: number;
  rate: number;
  rounds: number;
  /** No second round begins that would probably not end by then. */
  endMs: number;
  /** The same for third and later rounds, so that all scenarios get their second. */
  untilMs: number;
  inTurn: RoundContext['inTurn'];
  random: () => number;
  signal: AbortSignal;
  /** Hears of each step. */
  step: (text: string) => void;
}

const defaultPatienceS = 6;
const seriesStepMs = 500;

/**
 * Brings a scenario up on a small cluster of its own, hands it to `use`, and ends it in any case.
 * @param rate of the client that runs all the time; 0 = none
 */
export async function onStage<T>(
  scenario: Scenario,
  options: Pick<RunOptions, 'programs' | 'env' | 'host' | 'refreshMs' | 'pid' | 'signal'> & { rate: number },
  use: (lab: Lab, stage: Stage) => Promise<T>,
): Promise<T> {
  const { pid, host, signal, rate } = options;
  let lost: string | undefined;
  const lab = new Lab({
    scenario: scenario.name,
    pid,
    host,
    dnsPort: 0,
    onLost: ({ message }) => (lost = message),
  });
  const stop = () => void lab.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const ports = { frontend: 0, xds: 0, proxy: 0 };
    const progress = {
      step: <T>(_: string, run: () => Promise<T>) => run(),
      say: () => undefined,
      ready: () => undefined,
    };
    const stage = new Stage({ ...options, lab, progress, ports, rate, frontend: false });
    await lab.cluster.dns.start();
    await scenario.start(stage);
    const result = await use(lab, stage);
    if (lost !== undefined) throw new Error(lost);
    return result;
  } catch (error) {
    throw lost === undefined ? error : new Error(lost, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    await lab.stop();
  }
}

/** Runs the rounds of events of one scenario. An error ends it; the rounds before it count. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const { rounds, step, random, signal, inTurn } = options;
  const { name, about, use, differs, patienceS = defaultPatienceS } = scenario;
  const log = new CallLog();
  const done: RoundResult[] = [];
  let shares: ShareResult[] | undefined;
  let scaledProxies: ScaledProxies | undefined;
  let error: string | undefined;
  try {
    await onStage(scenario, options, async (lab, stage) => {
      lab.calls.listen((call) => call.client === 'client' && log.add(call));
      const service = lab.cluster.service(mainService);
      const { reaches = () => true } = scenario;
      const peakEwma =
        stage.peakEwma ?? scenario.withoutPeakEwma ?? 'nobody in between chooses pods call by call';
      const patienceMs = patienceS * 1000;
      const context = { service, log, reaches, patienceMs, peakEwma, random, signal, inTurn };
      const beganMs = Date.now();
      const proxies = lab.cluster.services.find(({ name }) => name === proxyService);
      const afterMs = (lab.status.shares ? sharesMs : 0) + (proxies ? scaledProxiesMs : 0);
      const fits = () => {
        if (done.length === 0) return true;
        const nextMs = (Date.now() - beganMs) / done.length + afterMs;
        return Date.now() + nextMs <= (done.length === 1 ? options.endMs : options.untilMs);
      };
      while (done.length < rounds && fits()) {
        const round = done.length + 1;
        const freshClient = async () => {
          if (round > 1) await lab.app('client').restart();
        };
        const own = { freshClient, step: (text: string) => step(`round ${round}: ${text}`) };
        done.push(await runRound({ ...context, ...own }));
      }
      if (lab.status.shares) shares = await runShares(scenario, lab, stage, options);
      if (proxies) scaledProxies = await scaleProxies(proxies, options);
    });
  } catch (cause) {
    error = signal.aborted ? 'interrupted' : (cause as Error).message;
  }
  const named = { name, about, use, differs, patienceS };
  return {
    ...named,
    ...resultOf(done, log),
    ...(shares && { shares }),
    ...(scaledProxies && { scaledProxies }),
    ...(error !== undefined && { error }),
  };
}

function resultOf(done: readonly RoundResult[], log: CallLog) {
  const figures: ScenarioResult['figures'] = {};
  const names = new Set(done.flatMap((round) => Object.keys(round.figures) as FigureName[]));
  for (const name of names)
    figures[name] = figureOf(
      name,
      done.map((round) => round.figures[name] ?? { missing: 'the round did not come so far' }),
    );
  return {
    figures,
    rounds: done.length,
    ...pictureOf(done[0]?.marks ?? [], log),
    convergence: done[0]?.convergence ?? [],
  };
}

/** The first round over time, for the charts. */
function pictureOf(marks: readonly Mark[], log: CallLog) {
  const beginMs = marks[0]?.atMs ?? 0;
  const endMs = (marks.at(-1)?.atMs ?? 0) + 1000;
  const calls = log.between(beginMs, endMs);
  const seconds = (atMs: number) => Math.round((atMs - beginMs) / 10) / 100;
  const counts = new Map<string, { s: number; pod: string; calls: number }>();
  const failures = new Map<number, number>();
  for (const { atMs, pod, code } of calls) {
    const s = (Math.floor((atMs - beginMs) / seriesStepMs) * seriesStepMs) / 1000;
    if (code !== 'OK' || pod === undefined) {
      failures.set(s, (failures.get(s) ?? 0) + 1);
      continue;
    }
    const point = counts.get(`${s} ${pod}`) ?? { s, pod, calls: 0 };
    point.calls++;
    counts.set(`${s} ${pod}`, point);
  }
  const latencies = log.latencies(beginMs, endMs);
  return {
    series: [...counts.values()],
    failures: [...failures].map(([s, calls]) => ({ s, calls })),
    marks: marks.map(({ atMs, text }) => ({ s: seconds(atMs), text })),
    latencies:
      latencies.length === 0
        ? []
        : Array.from({ length: 101 }, (_, i) => round2(percentile(latencies, i / 100)!)),
  };
}

const round2 = (value: number) => Math.round(value * 100) / 100;
