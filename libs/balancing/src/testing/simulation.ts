import type { Balancer } from '../balancer.ts';
import type { Host } from '../host.ts';
import type { CallOutcome } from '../call-outcome.ts';
import type { Random } from '../picker.ts';

export interface Load {
  callsPerSecond: number;
  durationMs: number;
  random: Random;
  /** How long a call on this host takes now, and how it ends. */
  serve: (host: Host, nowMs: number) => { latencyMs: number; outcome: CallOutcome };
}

export interface Report {
  calls: number;
  counts: Map<string, number>;
  /** Ascending. */
  latenciesMs: number[];
  failed: number;
  /** Most calls that were active on one host at a time, by key. */
  peaks: Map<string, number>;
}

interface Running {
  host: Host;
  startedAtMs: number;
  endsAtMs: number;
  outcome: CallOutcome;
}

/** Open-loop load (Poisson arrivals) on a balancer under a simulated clock, with a tick a second. */
export function simulate(balancer: Balancer, { callsPerSecond, durationMs, random, serve }: Load): Report {
  const report: Report = { calls: 0, counts: new Map(), latenciesMs: [], failed: 0, peaks: new Map() };
  const running: Running[] = [];
  let nextTickMs = 1_000;
  for (let nowMs = 0; nowMs < durationMs; nowMs += (-Math.log(1 - random()) * 1_000) / callsPerSecond) {
    endCalls(balancer, running, nowMs, report);
    for (; nextTickMs <= nowMs; nextTickMs += 1_000) balancer.tick(nextTickMs);
    const host = balancer.pick(nowMs)!;
    balancer.callStarted(host);
    const { latencyMs, outcome } = serve(host, nowMs);
    insert(running, { host, startedAtMs: nowMs, endsAtMs: nowMs + latencyMs, outcome });
    report.calls++;
    report.counts.set(host.key, (report.counts.get(host.key) ?? 0) + 1);
    report.peaks.set(host.key, Math.max(report.peaks.get(host.key) ?? 0, host.stats.active));
  }
  endCalls(balancer, running, Infinity, report);
  report.latenciesMs.sort((a, b) => a - b);
  return report;
}

export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))]!;
}

function endCalls(balancer: Balancer, running: Running[], untilMs: number, report: Report): void {
  while (running.length > 0 && running[0]!.endsAtMs <= untilMs) {
    const { host, startedAtMs, endsAtMs, outcome } = running.shift()!;
    balancer.callEnded(host, endsAtMs, endsAtMs - startedAtMs, outcome);
    report.latenciesMs.push(endsAtMs - startedAtMs);
    if (outcome === 'failure') report.failed++;
  }
}

function insert(running: Running[], call: Running): void {
  let place = running.length;
  while (place > 0 && running[place - 1]!.endsAtMs > call.endsAtMs) place--;
  running.splice(place, 0, call);
}
