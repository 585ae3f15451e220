import os from 'node:os';
import { version } from 'node:process';
import type { figureKinds, Figure, FigureName } from '../measure/figures.ts';
import type { MachineLoad } from '../measure/machine-load.ts';
import type { FigureTable } from './figure-table.ts';
import type { Recommendation } from './recommend.ts';
import type { Mark } from './round.ts';
import type { ScaledProxies } from './scaled-proxies.ts';

/** Of the machine and the moment: figures mean something only beside these. */
export interface MachineFacts {
  cpu: string;
  cores: number;
  memoryGib: number;
  os: string;
  node: string;
}

export function machineFacts(): MachineFacts {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: version,
  };
}

/** Calls of one pod in one step of the time line. */
export interface SeriesPoint {
  /** Seconds since the first round began. */
  s: number;
  pod: string;
  calls: number;
}

/** One change of weights, and what came of it. */
export interface ShareResult {
  wanted: number;
  /** Null when no call succeeded: that is no share. */
  got: number | null;
  /** Of calls with this metadata alone, while all others went to the old version. */
  header?: string;
}

export interface ScenarioResult {
  name: string;
  about: string;
  use: string;
  differs: string;
  patienceS: number;
  figures: Partial<Record<FigureName, Figure>>;
  /** Of scenarios with shares: percent of the calls that the new version was to get, and got. */
  shares?: ShareResult[];
  /** Of scenarios whose proxies are a service of their own. */
  scaledProxies?: ScaledProxies;
  /** The first round over time. */
  series: SeriesPoint[];
  failures: { s: number; calls: number }[];
  marks: { s: number; text: string }[];
  /** Jain's index over the pods in the first round, in the seconds since the new ones listen (3 → 5). */
  convergence: { s: number; jain: number }[];
  /** All calls of the first round that are counted, in milliseconds: 101 percentiles. */
  latencies: number[];
  /** Rounds that were run to their end. */
  rounds: number;
  /** Why there is less than there should be. */
  error?: string;
}

export interface Report {
  kind: 'evenly-lab-report';
  version: 2;
  startedAt: string;
  seconds: number;
  seed: number;
  rounds: number;
  rate: number;
  /** True when it was interrupted: what had not been run yet is missing. */
  partial: boolean;
  machine: MachineFacts;
  load: MachineLoad;
  /** Why the figures cannot be trusted; empty when nothing speaks against them. */
  doubts: string[];
  table: FigureTable;
  recommendations: Recommendation[];
  figureKinds: typeof figureKinds;
  /** Jain's index from which on shares count as even. */
  evenFrom: number;
  /** Where the lab is unlike a real cluster, whatever the scenario. */
  differences: readonly string[];
  scenarios: ScenarioResult[];
}

export type { Mark };
