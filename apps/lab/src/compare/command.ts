import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exitCodes, readOptions } from '@evenly/service';
import { childEnvironment } from '../environment.ts';
import { LabError, exitCodeOf, messageOf } from '../errors.ts';
import { builtPrograms, type Programs } from '../programs.ts';
import { reportPage } from '../report/page.ts';
import { scenarioNamed, scenarios } from '../scenarios.ts';
import { watchSignals } from '../signals.ts';
import type { LabHost } from '../start.ts';
import { compare } from './compare.ts';
import { compareDisplay } from './display.ts';
import { compareOptions } from './options.ts';
import { reportTable } from './table.ts';

/**
 * `lab compare`: runs scenarios, prints the table, writes the report. A signal ends it with what was run until then.
 * @returns the exit code: 0; 64 for bad options or an unknown scenario; 69 when a scenario could not be run;
 *   130 when it was interrupted
 */
export async function runCompare(
  argv: readonly string[],
  host: LabHost,
  programs?: Programs,
): Promise<number> {
  const describe = 'Runs scenarios on this machine, measures each, and writes a report.';
  const result = readOptions({ name: 'lab compare', describe, options: compareOptions }, argv, host.env);
  if (result.kind === 'text') {
    host.stdout.write(result.text);
    return exitCodes.ok;
  }
  if (result.kind === 'faults') {
    const lines = result.faults.map(({ where, reason }) => `  ${where}: ${reason}\n`);
    host.stderr.write(`lab: cannot compare with these options:\n${lines.join('')}`);
    return exitCodes.usage;
  }
  const { config } = result;
  const interrupt = new AbortController();
  const signals = watchSignals(host);
  void signals.first.then(() => interrupt.abort());
  try {
    const wanted = config.scenarios.length === 0 ? scenarios : config.scenarios.map(scenarioNamed);
    await prepare(config.output);
    const display = compareDisplay(host.stdout, wanted.length * 2);
    const report = await compare({
      ...config,
      scenarios: wanted,
      refreshMs: config.refresh,
      withinMs: config.within,
      seed: config.seed ?? Math.floor(Math.random() * 2 ** 32),
      progress: display,
      programs: programs ?? builtPrograms(host.execPath),
      env: childEnvironment(host.env),
      host: '127.0.0.1',
      pid: host.pid,
      signal: interrupt.signal,
    }).finally(() => display.end());
    const files = await writeReport(config.output, report);
    host.stdout.write(`\n${reportTable(report)}\n\n${files.map((file) => `wrote ${file}\n`).join('')}`);
    if (report.partial) return 130;
    return report.scenarios.some(({ error }) => error !== undefined) ? exitCodes.unavailable : exitCodes.ok;
  } catch (error) {
    host.stderr.write(`lab: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Before minutes are spent on what cannot be written then. @throws LabError BAD_REQUEST */
async function prepare(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (cause) {
    const message = `--output: cannot write to ${directory}: ${(cause as Error).message}`;
    throw new LabError('BAD_REQUEST', message, { cause });
  }
}

async function writeReport(directory: string, report: Parameters<typeof reportPage>[0]): Promise<string[]> {
  const [json, html] = [path.join(directory, 'report.json'), path.join(directory, 'index.html')];
  await writeFile(json, `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(html, await reportPage(report));
  return [json, html];
}
