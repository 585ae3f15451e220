import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { prepareTimeoutMs } from '../../testing/clients.ts';
import type { Program } from '../carriers.ts';
import { ConfigFolder } from '../config-folder.ts';
import { startCarriers, type Carrier } from './carriers.ts';
import { endingsOfRetries, mostUnderWay } from './circuit-breaker-model.ts';
import { heldTable, retriedTable } from './circuit-breaker-table.ts';
import { codeOf } from './code-of.ts';
import { writeConfig } from './config.ts';
import { differenceOf } from './differences.ts';
import { callHeader, Endpoints } from './endpoints.ts';
import { ending } from './model.ts';
import type { Row } from './table.ts';

/** One config, one meaning: as many calls and retries may be under way, whoever carries them. */

const perRowMs = 180_000;
const settleTimeoutMs = 20_000;
const deadlineMs = 60_000;
const refused = ending('UNAVAILABLE', []);
const held = 'held by the endpoint';
const retriedAtOnce = 60;

const table = [...heldTable, ...retriedTable];
const started: AsyncDisposable[] = [];
let carriers: Carrier[];
let programs: Program[];
let endpoints: Endpoints;
let config: string;
let count = 0;
const arrivals = new Map<string, () => void>();

function use<T extends AsyncDisposable>(one: T): T {
  started.push(one);
  return one;
}

beforeAll(async () => {
  endpoints = use(await Endpoints.start());
  endpoints.onAttempt = (call) => arrivals.get(call)?.();
  const folder = use(await ConfigFolder.create());
  config = await writeConfig(folder, table, endpoints);
  ({ carriers, programs } = await startCarriers(folder, use));
}, prepareTimeoutMs);

afterAll(async () => {
  for (const one of started.reverse()) await one[Symbol.asyncDispose]();
});

const serviceOf = (row: Row) => `row-${table.findIndex(({ name }) => name === row.name)}`;

interface UnderWay {
  arrived: Promise<string>;
  ended: Promise<string>;
  cancel: () => void;
}

function begin(carrier: Carrier, row: Row): UnderWay {
  const service = serviceOf(row);
  const call = `${carrier.name}/${service}/${++count}`;
  const controller = new AbortController();
  const more = { timeoutMs: deadlineMs, signal: controller.signal };
  const arrived = new Promise<string>((resolve) => arrivals.set(call, () => resolve(held)));
  const ended = carrier.make(service, row, [[callHeader, call]], more).then((outcome) => {
    arrivals.delete(call);
    return ending(codeOf(outcome), endpoints.seen(call));
  });
  return { arrived, ended, cancel: () => controller.abort() };
}

/** Whether it is held, or else how it ended. */
const stateOf = ({ arrived, ended }: UnderWay) => Promise.race([arrived, ended]);

/** One after the other where there is a limit: some clients let calls pass it that begin in one go. */
async function heldDifferences(carrier: Carrier, row: Row, calls: number): Promise<string[]> {
  const most = Math.min(calls, mostUnderWay(row));
  const all: UnderWay[] = [];
  const states: Promise<string>[] = [];
  for (let made = 0; made < calls; made++) {
    const one = begin(carrier, row);
    all.push(one);
    states.push(stateOf(one));
    if (most < calls) await states.at(-1);
  }
  const wrong = (await Promise.all(states)).flatMap((state, index) => {
    const expected = index < most ? held : refused;
    return state === expected
      ? []
      : [`${carrier.name}: call ${index + 1} is ${state}, should be ${expected}`];
  });
  if (0 < most && most < calls) {
    all[0]!.cancel();
    await all[0]!.ended;
    all.push(await untilHeld(carrier, row));
  }
  for (const { cancel } of all) cancel();
  await Promise.all(all.map(({ ended }) => ended));
  return wrong;
}

/** One is over, so that another one may begin. */
async function untilHeld(carrier: Carrier, row: Row): Promise<UnderWay> {
  const untilMs = Date.now() + settleTimeoutMs;
  for (;;) {
    const one = begin(carrier, row);
    if ((await stateOf(one)) === held) return one;
    if (Date.now() > untilMs) throw new Error(`${carrier.name}: a call that is over counts as under way`);
  }
}

/** The l7-proxy has the same limits by a file as by xDS. */
async function retriedDifferences(carrier: Carrier, row: Row): Promise<string[]> {
  const expected = endingsOfRetries(row, differenceOf(carrier.client ?? 'proxy', serviceOf(row), config));
  const all = Array.from({ length: retriedAtOnce }, () => begin(carrier, row).ended);
  const wrong = (await Promise.all(all)).filter((how) => !expected.has(how));
  if (wrong.length === 0) return [];
  const should = [...expected].join(' or ');
  return [`${carrier.name}: ${wrong[0]} (${wrong.length} of ${retriedAtOnce}), should be ${should}`];
}

/** Carriers one after the other: together they would have too many calls under way for one machine. */
async function compare(row: Row, differences: (carrier: Carrier) => Promise<string[]>): Promise<void> {
  onTestFailed(() => console.error(programs.map(({ log }) => log()).join('\n---\n')));
  const found: string[] = [];
  for (const carrier of carriers.filter(({ whyNot }) => whyNot(row) === undefined))
    found.push(...(await differences(carrier)));
  expect(found).toEqual([]);
}

describe('circuit breakers', { timeout: perRowMs }, () => {
  it.each(heldTable)('$name', (row) => compare(row, (carrier) => heldDifferences(carrier, row, row.calls)));
  it.each(retriedTable)('$name', (row) => compare(row, (carrier) => retriedDifferences(carrier, row)));
});
