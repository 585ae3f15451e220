import { ConfigError, readMeshConfig } from '@evenly/mesh-config';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { prepareTimeoutMs } from '../testing/clients.ts';
import { arbitraryCase } from './arbitrary-routing.ts';
import type { Outcome } from './asked-client.ts';
import { Backends } from './backends.ts';
import type { Carrier, Program } from './carriers.ts';
import { ConfigFolder, configOf } from './config-folder.ts';
import { renamed, renamedCall, type Call, type Routing } from './routing.ts';
import { isNamed, serviceOf } from './model.ts';
import { startCarriers } from './start-carriers.ts';
import { table } from './table.ts';

/**
 * One config, one meaning: the same calls go to the same services, whoever carries them.
 * `CARRIERS_RUNS` and `CARRIERS_SEED` choose how many configs are made up, and which.
 */
const runs = Number(process.env['CARRIERS_RUNS'] ?? 25);
const seed = Number(process.env['CARRIERS_SEED'] ?? Date.now() % 2 ** 31);

const settleTimeoutMs = 20_000;
const perCaseMs = 30_000;

const started: AsyncDisposable[] = [];
let programs: Program[];
let backends: Backends;
let config: ConfigFolder;
let carriers: Carrier[];
let count = 0;

function use<T extends AsyncDisposable>(one: T): T {
  started.push(one);
  return one;
}

beforeAll(async () => {
  backends = use(await Backends.start(['be1', 'be2', 'can', 'marker']));
  config = use(await ConfigFolder.create());
  await config.write(configOf({ services: [], routes: [] }, backends, '', 'marker-0'));
  ({ carriers, programs } = await startCarriers(config, use));
}, prepareTimeoutMs);

afterAll(async () => {
  for (const one of started.reverse()) await one[Symbol.asyncDispose]();
});

/** What each carrier made of the calls where it is not what the model says: empty when all agree. */
async function differences(routing: Routing, calls: readonly Call[]): Promise<string[]> {
  const suffix = `-${++count}`;
  const old = carriers.filter(({ renewAfter }) => count % renewAfter === 0);
  await Promise.all(old.map(({ renew }) => renew()));
  const own = renamed(routing, suffix);
  await takeConfig(configOf(own, backends, suffix, `marker${suffix}`), `marker${suffix}`);
  const compared = calls.flatMap((call) =>
    carriers.map(async ({ name, make, canTarget, isProxyless, manyHeaders, noRoute }) => {
      const renamedOne = renamedCall(call, suffix);
      const withoutTarget: Call = { ...renamedOne };
      delete withoutTarget.target;
      const made = isProxyless ? renamedOne : withoutTarget;
      // Without a listener of that name Go waits for 15 s, and Node up to the deadline.
      const target = made.target ?? made.authority;
      if (!canTarget(target) || (isProxyless && !isNamed(own, target))) return [];
      const service = serviceOf(own, made, manyHeaders);
      const expected = service?.slice(0, -suffix.length) ?? noRoute;
      const outcome = await make(made);
      const actual = 'from' in outcome ? outcome.from : outcome.code.replace(/^unavailable$/i, 'UNAVAILABLE');
      return actual === expected
        ? []
        : [`${name}: ${JSON.stringify(call)} should be ${expected}, is ${JSON.stringify(outcome)}`];
    }),
  );
  return (await Promise.all(compared)).flat();
}

/** A config in which one route takes all calls of another is refused: such a one is no case. */
function isTaken(routing: Routing): boolean {
  try {
    readMeshConfig(configOf(routing, backends, '', 'marker'), 'made up');
    return true;
  } catch (error) {
    if (error instanceof ConfigError && error.message.includes('can never match')) return false;
    throw error;
  }
}

/** Until every carrier has taken it; a proxyless client that has not heard of a name yet asks for it. */
async function takeConfig(text: string, marker: string): Promise<void> {
  await config.write(text);
  const call = { authority: marker, path: '/a/b', headers: [] };
  const proxies = carriers.filter(({ isProxyless }) => !isProxyless);
  const missing = async () => {
    const outcomes = await Promise.all(proxies.map(({ make }) => make(call)));
    const missed = (outcome: Outcome) => !('from' in outcome && outcome.from === 'marker');
    return outcomes.flatMap((outcome, index) =>
      missed(outcome) ? `${proxies[index]!.name}: ${JSON.stringify(outcome)}` : [],
    );
  };
  await expect.poll(missing, { timeout: settleTimeoutMs, interval: 20 }).toEqual([]);
}

describe('routing', () => {
  it.each(table)('$name', { timeout: perCaseMs }, async ({ calls, ...routing }) => {
    onTestFailed(() => console.error(programs.map(({ log }) => log()).join('\n---\n')));
    expect(await differences(routing, calls)).toEqual([]);
  });

  it(`${runs} configs made up with the seed ${seed}`, { timeout: runs * perCaseMs }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryCase, async ({ routing, calls }) => {
        fc.pre(isTaken(routing));
        expect(await differences(routing, calls)).toEqual([]);
      }),
      { numRuns: runs, seed, endOnFailure: true },
    );
  });
});
