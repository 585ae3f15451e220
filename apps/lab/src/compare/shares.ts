import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab.ts';
import { CallLog } from '../measure/call-log.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage/stage.ts';
import type { ShareResult } from './report.ts';

export interface SharesOptions {
  /** Calls a second of a client. */
  rate: number;
  /** Hears of each step. */
  step: (text: string) => void;
  signal: AbortSignal;
}

const windowMs = 3000;
const settleMs = 800;
/** Percent for the new version, as S1's tour has them. */
const steps = [0, 1, 50, 100];
/** What all of it takes, about. */
export const sharesMs = (steps.length + 1) * (windowMs + settleMs);

/**
 * Changes the shares step by step, and counts who got the calls. Then, where the scenario has a header for that, what calls
 * with it get while all others go to the old version.
 */
export async function runShares(
  scenario: Scenario,
  lab: Lab,
  stage: Stage,
  { rate, step, signal }: SharesOptions,
): Promise<ShareResult[]> {
  const results: ShareResult[] = [];
  const [first = '', second = ''] = Object.keys(lab.status.shares ?? {});
  const set = async (percent: number) => {
    step(`shares ${100 - percent}/${percent}`);
    await lab.setShares({ [first]: 100 - percent, [second]: percent });
  };
  const gotBy = async (client: string) => {
    await sleep(settleMs, undefined, { signal });
    const log = new CallLog();
    const unlisten = lab.calls.listen(
      (call) => call.client === client && call.code === 'OK' && log.add(call),
    );
    await sleep(windowMs, undefined, { signal }).finally(unlisten);
    const calls = log.all.filter(({ pod }) => pod?.startsWith(`${second}-`)).length;
    return log.all.length === 0 ? null : Math.round((calls / log.all.length) * 1000) / 10;
  };
  for (const wanted of steps) {
    await set(wanted);
    results.push({ wanted, got: await gotBy('client') });
  }
  if (scenario.header !== undefined) {
    await set(0);
    step(`calls with ${scenario.header}`);
    await stage.client('by-header', rate, { args: ['--headers', scenario.header] });
    results.push({ wanted: 100, got: await gotBy('by-header'), header: scenario.header });
  }
  return results;
}
