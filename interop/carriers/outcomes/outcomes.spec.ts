import { afterAll, beforeAll, describe, it } from 'vitest';
import { prepareTimeoutMs } from '../../testing/clients.ts';
import type { Program } from '../carriers.ts';
import { ConfigFolder } from '../config-folder.ts';
import { Checks } from '../endpoints/bound.ts';
import { startCarriers, type Carrier } from './carriers.ts';
import { codeOf } from './code-of.ts';
import { writeConfig } from './config.ts';
import { differenceOf } from './differences.ts';
import { behaviourOf, callHeader, Endpoints } from './endpoints.ts';
import { ending, endings, faultShares } from './model.ts';
import { table, type Row } from './table.ts';

/** One config, one meaning: calls end alike, after as many attempts, whoever carries them. */

const perRowMs = 60_000;
const settleTimeoutMs = 20_000;
/** Enough for each endpoint to be the first of some. */
const callsOfEndpoint = 4;
/** Of a fault of some calls, by which a share is told from one that is a third off; and those under way at a time. */
const callsOfShare = 300;
const width = 50;
const noDeadlineMs = 10 * 60_000;

const started: AsyncDisposable[] = [];
let carriers: Carrier[];
let programs: Program[];
let endpoints: Endpoints;
let config: string;
let count = 0;
const checks = new Checks(200);

function use<T extends AsyncDisposable>(one: T): T {
  started.push(one);
  return one;
}

beforeAll(async () => {
  endpoints = use(await Endpoints.start());
  const folder = use(await ConfigFolder.create());
  config = await writeConfig(folder, table, endpoints);
  ({ carriers, programs } = await startCarriers(folder, use));
}, prepareTimeoutMs);

afterAll(async () => {
  for (const one of started.reverse()) await one[Symbol.asyncDispose]();
});

/** What a carrier makes of a row where it is not what the model says: empty when they agree. */
async function differences(carrier: Carrier, row: Row, service: string): Promise<string[]> {
  const { deadlineMs = noDeadlineMs } = row;
  const expected = endings(row, deadlineMs, differenceOf(carrier.client, service, config));
  const make = async () => {
    const call = `${carrier.name}/${service}/${++count}`;
    const outcome = await carrier.make(service, row, [[callHeader, call]], { timeoutMs: deadlineMs });
    return ending(codeOf(outcome), endpoints.seen(call));
  };
  await settle(make, row, expected);
  const shares = faultShares(row, deadlineMs);
  const isShared = shares.size > 0;
  const calls = isShared ? callsOfShare : callsOfEndpoint * Math.max(1, row.endpoints.length);
  const seen = await tallied(make, calls, isShared ? width : 1);
  const strange = [...seen]
    .filter(([one]) => !expected.has(one))
    .map(([one, times]) => `${one} (${times} of ${calls}), should be ${[...expected].join(' or ')}`);
  const unlikely = [...shares]
    .filter(([one, share]) => !checks.isLikely(seen.get(one) ?? 0, calls, share))
    .map(([one, share]) => `${one} (${seen.get(one) ?? 0} of ${calls}), should be ${share} of them`);
  return [...strange, ...unlikely].map((what) => `${carrier.name}: ${what}`);
}

/** How many of so many calls ended in which way. */
async function tallied(make: () => Promise<string>, calls: number, width: number) {
  const seen = new Map<string, number>();
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      const one = await make();
      seen.set(one, (seen.get(one) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: width }, caller));
  return seen;
}

/** Until it has the config, and a connection to every endpoint that can be reached. */
async function settle(make: () => Promise<string>, row: Row, expected: Set<string>): Promise<void> {
  const reachable = row.endpoints.filter((name) => {
    const behaviour = behaviourOf(name);
    return !('does' in behaviour && behaviour.does === 'not listen');
  });
  const wanted = new Set(reachable.filter((name) => [...expected].some((one) => one.includes(name))));
  const untilMs = Date.now() + settleTimeoutMs;
  while (wanted.size > 0 && Date.now() < untilMs) {
    const one = await make();
    if (expected.has(one)) for (const name of wanted) if (one.includes(name)) wanted.delete(name);
  }
}

describe('outcomes', () => {
  it.concurrent.for(table.map((row, index) => ({ ...row, index })))(
    '$name',
    { timeout: perRowMs },
    async ({ index, ...row }, { expect, onTestFailed }) => {
      onTestFailed(() => console.error(programs.map(({ log }) => log()).join('\n---\n')));
      const able = carriers.filter(({ whyNot }) => whyNot(row) === undefined);
      const found = await Promise.all(able.map((carrier) => differences(carrier, row, `row-${index}`)));
      expect(found.flat()).toEqual([]);
    },
  );
});
