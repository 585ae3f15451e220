import ora from 'ora';
import pc from 'picocolors';
import type { CompareProgress } from './compare.ts';

type Output = NodeJS.WriteStream & { fd: 1 };

/** How far a comparison is: one line that changes in a terminal, a line for each part elsewhere. */
export function compareDisplay(stdout: Output, parts: number): CompareProgress & { end(): void } {
  const beganMs = performance.now();
  const steps = new Map<string, string>();
  let done = 0;
  const share = () => `${Math.round((done / parts) * 100)} %`.padStart(5);
  const seconds = () => `${Math.round((performance.now() - beganMs) / 1000)} s`;
  const isTerminal = stdout.isTTY && stdout.columns > 0;
  const spinner = isTerminal ? ora({ stream: stdout, discardStdin: false }).start() : undefined;
  const show = () => {
    const now = [...steps].map(([name, text]) => `${name}: ${text}`).join(' · ');
    if (spinner) spinner.text = `${share()}  ${seconds()}  ${now}`.slice(0, Math.max(20, stdout.columns - 4));
  };
  return {
    doubt: (text) => say(pc.yellow(`Figures of this run cannot be trusted: ${text}.`)),
    step(scenario, text) {
      steps.set(scenario, text);
      show();
    },
    partDone(scenario, error) {
      done++;
      const last = steps.get(scenario) ?? '';
      steps.delete(scenario);
      if (error !== undefined) say(`${scenario}: ${error}`);
      else if (!spinner) say(`${share()}  ${seconds()}  ${scenario}: done (${last})`);
      show();
    },
    end: () => void spinner?.stop(),
  };

  function say(text: string): void {
    spinner?.clear();
    stdout.write(`${text}\n`);
  }
}
