import type { Lab } from '../lab.ts';
import type { Programs } from '../programs.ts';
import type { Progress } from '../progress.ts';

/** What a scenario may use. */
export interface ScenarioContext {
  lab: Lab;
  programs: Programs;
  progress: Progress;
  /** Loopback address of everything. */
  host: string;
  /** Environment for the programs. */
  env: Readonly<Record<string, string>>;
  /** Wanted ports, 0 = any. */
  ports: { frontend: number; xds: number };
  /** How often the control plane looks for endpoints. */
  refreshMs: number;
}

/** What to tell the person once all runs: what can be reached where, and what is worth trying. */
export interface Guide {
  running: { what: string; where: string }[];
  tries: { command: string; why: string }[];
}
