import type { TestMesh } from './testing/mesh.ts';
import type { Shares } from './testing/shares.ts';

/** One step of what every client goes through. */
export interface Step {
  name: string;
  /** What the control plane is told to serve from now on. */
  mesh: TestMesh;
  /**
   * - `config`: the config file is rewritten under the running server; the default
   * - `bad-config`: what is written cannot be read; the mesh of the step before must stay
   * - `restart`: the server is stopped, the file rewritten, and the server started again
   */
  by?: 'config' | 'bad-config' | 'restart';
  /** Who must answer the client's calls then. Calls with `x-canary: always` go the same way where nothing else is said. */
  shares: Shares;
  canaryShares?: Shares;
  /** Who must answer calls to `late-srv`; without it that service does not exist yet, and calls to it fail. */
  lateShares?: Shares;
}

/**
 * What every client goes through, one step after the other, while it calls without a pause. In no step may a call fail
 * that goes to a service that exists.
 */
export const scenario: readonly Step[] = [
  {
    name: 'two endpoints share the calls',
    mesh: { endpoints: 2 },
    shares: { 'be1-srv': 100 },
  },
  {
    name: 'ten endpoints share the calls after a scale-out',
    mesh: { endpoints: 10 },
    shares: { 'be1-srv': 100 },
  },
  {
    name: 'a canary gets 5 % of the calls',
    mesh: { endpoints: 10, canaryPercent: 5 },
    shares: { 'be1-srv': 95, 'be2-srv': 5 },
  },
  {
    name: 'the canary gets 50 %',
    mesh: { endpoints: 10, canaryPercent: 50 },
    shares: { 'be1-srv': 50, 'be2-srv': 50 },
  },
  {
    name: 'calls with x-canary all go to the canary, the others as before',
    mesh: { endpoints: 10, canaryPercent: 50, canaryHeader: true },
    shares: { 'be1-srv': 50, 'be2-srv': 50 },
    canaryShares: { 'be2-srv': 100 },
  },
  {
    name: 'a bad config is refused, and calls go on as before',
    mesh: { endpoints: 10, canaryPercent: 50, canaryHeader: true },
    by: 'bad-config',
    shares: { 'be1-srv': 50, 'be2-srv': 50 },
    canaryShares: { 'be2-srv': 100 },
  },
  {
    name: 'the server restarts under calls, and its updates after that arrive: four endpoints, no canary',
    mesh: { endpoints: 4 },
    by: 'restart',
    shares: { 'be1-srv': 100 },
  },
  {
    name: 'a service appears that the client has asked for since it started',
    mesh: { endpoints: 4, late: true },
    shares: { 'be1-srv': 100 },
    lateShares: { 'be2-srv': 100 },
  },
];
