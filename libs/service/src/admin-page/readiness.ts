import type { WaitingGate } from '../readiness.ts';
import { firstOf } from './format-text.ts';
import { html, type Html } from './html.ts';

/** Gates that are named; `/readyz` has all. */
const maxNamed = 5;

/** That the program is not ready, and what for. */
export function* readinessProblems(waiting: readonly WaitingGate[]): Generator<Html> {
  const [first] = waiting;
  if (first === undefined) return;
  const names = waiting.map(({ gate }) => gate);
  yield html`<a href="/readyz">Not ready</a>: waits for ${firstOf(names, maxNamed)}. <b>${first.gate}</b>:
    <q>${first.reason}</q>`;
}
