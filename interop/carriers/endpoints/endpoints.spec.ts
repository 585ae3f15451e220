import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { prepareTimeoutMs } from '../../testing/clients.ts';
import { Backends } from '../backends.ts';
import type { Program } from '../carriers.ts';
import { ConfigFolder } from '../config-folder.ts';
import { arbitraryService } from './arbitrary-service.ts';
import { Checks } from './bound.ts';
import { startCarriers, type Carrier } from './carriers.ts';
import { ConfigFiles } from './config-files.ts';
import { goodBackends, sickBackends, type Service } from './service.ts';
import { shareDifferences } from './shares.ts';
import { table } from './table.ts';

/**
 * One config, one meaning: the same endpoints get calls, as often, and calls end alike, whoever carries them.
 * `CARRIERS_RUNS` and `CARRIERS_SEED` choose how many services are made up, and which.
 */
const runs = Number(process.env['CARRIERS_RUNS'] ?? 25);
const seed = Number(process.env['CARRIERS_SEED'] ?? Date.now() % 2 ** 31);
const madeUp = fc.sample(arbitraryService, { numRuns: runs, seed });

const settleTimeoutMs = 20_000;
const perCaseMs = 60_000;

const started: AsyncDisposable[] = [];
let carriers: Carrier[];
let programs: Program[];
let files: ConfigFiles;
const checks = new Checks(10_000 + 100 * runs);

function use<T extends AsyncDisposable>(one: T): T {
  started.push(one);
  return one;
}

beforeAll(async () => {
  const backends = use(await Backends.start([...goodBackends, 'marker'], sickBackends));
  const folder = use(await ConfigFolder.create());
  files = new ConfigFiles(folder, backends);
  await files.write(new Map(), 'marker-0');
  ({ carriers, programs } = await startCarriers(folder, files, use));
}, prepareTimeoutMs);

afterAll(async () => {
  for (const one of started.reverse()) await one[Symbol.asyncDispose]();
});

/** Until all proxies have it; clients ask for a service when they are called. */
async function take(services: ReadonlyMap<string, Service>, marker: string): Promise<void> {
  await files.write(services, marker);
  const proxies = carriers.filter(({ takesAll }) => takesAll);
  const reached = async () => {
    const outcomes = await Promise.all(proxies.map(({ make }) => make(marker, { endpoints: [] })));
    return outcomes.map((outcome) => ('from' in outcome ? outcome.from : outcome.code));
  };
  await expect.poll(reached, { timeout: settleTimeoutMs, interval: 20 }).toEqual(proxies.map(() => 'marker'));
}

async function differences(name: string, service: Service): Promise<string[]> {
  const able = carriers.filter(({ whyNot }) => whyNot(service) === undefined);
  const found = await Promise.all(able.map((carrier) => shareDifferences(carrier, name, service, checks)));
  return found.flat();
}

const warningsOf = (log: string) =>
  log
    .split('\n')
    .filter((line) => !line.includes('"level":"info"'))
    .join('\n');

/** All at once, each a service. */
let taken: Promise<void> | undefined;
const takeAll = () =>
  (taken ??= take(new Map([...named('table', table), ...named('made-up', madeUp)]), 'marker-all'));

const named = (kind: string, services: readonly Service[]) =>
  services.map(({ endpoints, policy, locality }, index) => {
    const service = { endpoints, ...(policy && { policy }), ...(locality && { locality }) };
    return [`${kind}-${index}`, service] as const;
  });

async function compare(name: string, service: Service): Promise<void> {
  onTestFailed(() => console.error(programs.map(({ log }) => warningsOf(log())).join('\n')));
  await takeAll();
  expect(await differences(name, service)).toEqual([]);
}

describe('endpoints', () => {
  it.each(table.map((row, index) => ({ ...row, index })))(
    '$name',
    { timeout: perCaseMs },
    ({ index, ...service }) => compare(`table-${index}`, service),
  );
});

describe(`endpoints that are made up, CARRIERS_SEED=${seed}`, () => {
  it.each(madeUp.map((service, index) => [index, JSON.stringify(service), service] as const))(
    '%i: %s',
    { timeout: perCaseMs },
    (index, _, service) => compare(`made-up-${index}`, service),
  );
});
