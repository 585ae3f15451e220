import { afterAll, beforeAll, describe, it } from 'vitest';
import { prepareTimeoutMs } from '../../testing/clients.ts';
import type { Program } from '../carriers.ts';
import { ConfigFolder } from '../config-folder.ts';
import { startCarriers, type Carrier } from './carriers.ts';
import { writeConfig } from './config.ts';
import { differenceOf } from './differences.ts';
import { finallyCalled } from './ejection-model.ts';
import { ejectionTable } from './ejection-table.ts';
import { behaviourOf, callHeader, Endpoints } from './endpoints.ts';
import type { Row } from './table.ts';

/** One config, one meaning: the same endpoints are ejected as outliers, whoever carries the calls. */

const perRowMs = 150_000;
const settleTimeoutMs = 90_000;
/** Before it is believed: many times what ejects somebody; and so often the same one after the other. */
const leastCalls = 400;
const settledBatches = 3;
const callsOfEndpoint = 8;
const width = 4;
const noDeadlineMs = 10 * 60_000;

const started: AsyncDisposable[] = [];
let carriers: Carrier[];
let programs: Program[];
let endpoints: Endpoints;
let config: string;
let count = 0;
const underWay = new Map<string, AbortController>();

function use<T extends AsyncDisposable>(one: T): T {
  started.push(one);
  return one;
}

beforeAll(async () => {
  endpoints = use(await Endpoints.start());
  endpoints.onAttempt = (call, name) => {
    const behaviour = behaviourOf(name);
    if ('does' in behaviour && behaviour.does === 'hold') underWay.get(call)?.abort();
  };
  const folder = use(await ConfigFolder.create());
  config = await writeConfig(folder, ejectionTable, endpoints);
  ({ carriers, programs } = await startCarriers(folder, use));
}, prepareTimeoutMs);

afterAll(async () => {
  for (const one of started.reverse()) await one[Symbol.asyncDispose]();
});

/** What a carrier makes of a row where it is not what the model says: empty when they agree. */
async function differences(carrier: Carrier, row: Row, service: string): Promise<string[]> {
  const expected = finallyCalled(row, differenceOf(carrier.balancing, service, config)).map(named);
  const untilMs = Date.now() + settleTimeoutMs;
  let calls = 0;
  for (let settled = 0; ;) {
    const seen = await batch(carrier, row, service);
    calls += callsOfEndpoint * row.endpoints.length;
    settled = expected.includes(seen) ? settled + 1 : 0;
    if (settled >= settledBatches && calls >= leastCalls) return [];
    if (Date.now() > untilMs)
      return [`${carrier.name}: ${seen} after ${calls} calls, should be ${expected.join(' or ')}`];
  }
}

/** Some calls. @returns who had them */
async function batch(carrier: Carrier, row: Row, service: string): Promise<string> {
  const seen = new Set<string>();
  let left = callsOfEndpoint * row.endpoints.length;
  const caller = async () => {
    while (left-- > 0) {
      const call = `${carrier.name}/${service}/${++count}`;
      const controller = new AbortController();
      underWay.set(call, controller);
      const more = { timeoutMs: noDeadlineMs, signal: controller.signal };
      await carrier.make(service, row, [[callHeader, call]], more);
      underWay.delete(call);
      for (const name of endpoints.seen(call)) seen.add(name);
    }
  };
  await Promise.all(Array.from({ length: width }, caller));
  return named([...seen]);
}

const named = (names: readonly string[]) => `(${names.toSorted().join(', ')})`;

describe('ejections', () => {
  it.concurrent.for(ejectionTable.map((row, index) => ({ ...row, index })))(
    '$name',
    { timeout: perRowMs },
    async ({ index, ...row }, { expect, onTestFailed }) => {
      onTestFailed(() => console.error(programs.map(({ log }) => log()).join('\n---\n')));
      const found = await Promise.all(carriers.map((carrier) => differences(carrier, row, `row-${index}`)));
      expect(found.flat()).toEqual([]);
    },
  );
});
