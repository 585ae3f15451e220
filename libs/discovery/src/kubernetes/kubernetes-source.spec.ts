import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sliceObject, testKube } from '../testing/kube.ts';
import { compliesAsSource, observe } from '@evenly/endpoints/testing';
import { text } from '../testing/text.ts';
import { KubernetesApi, tokenAccess } from '@evenly/kubernetes';
import { EndpointSlices } from './endpoint-slices.ts';
import { kubernetesSource } from './kubernetes-source.ts';

let kube: Awaited<ReturnType<typeof testKube>>;
const stops: (() => void)[] = [];
beforeEach(async () => (kube = await testKube()));
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await kube.server.stop();
});

const be1 = { namespace: 'default', service: 'be1-srv', port: 'grpc' };

function watching(options: Partial<Parameters<typeof kubernetesSource>[0]> = {}) {
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const source = kubernetesSource({ slices: kube.slices, ...be1, onWarning, ...options });
  const observed = observe(source);
  stops.push(observed.stop);
  return { ...observed, warnings, last: () => observed.sets.at(-1) };
}

describe('kubernetesSource', () => {
  compliesAsSource(() => {
    kube.put('a', '10.0.0.1', '10.0.0.2');
    return {
      source: kubernetesSource({ slices: kube.slices, ...be1 }),
      change: () => kube.put('a', '10.0.0.1'),
      fail: () => kube.server.stop(),
      heal: () => kube.server.start(),
    };
  });

  it('follows a service from none to many and to none again, over all its slices', async () => {
    const { sets, errors, last } = watching();
    await expect.poll(last).toEqual([]);
    kube.put('a', '10.0.0.1');
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    kube.put('b', '10.0.0.2', '10.0.0.3');
    await expect.poll(last).toEqual(['10.0.0.1:50051', '10.0.0.2:50051', '10.0.0.3:50051']);
    kube.put('a');
    kube.server.store.delete('default', 'b');
    await expect.poll(last).toEqual([]);
    expect(sets.length).toBeLessThanOrEqual(5);
    expect(errors).toEqual([]);
  });

  it('follows a headless service without ports by the number of the pods', async () => {
    const headless = (name: string, address: string, ports: object[] | null) =>
      kube.server.store.put(sliceObject(name, { endpoints: [{ addresses: [address] }], ports: ports as [] }));
    headless('a', '10.0.0.1', null);
    headless('b', '10.0.0.2', []);
    headless('c', '10.0.0.3', [{ name: '' }]);
    const { last, errors, warnings } = watching({ port: 8080 });
    await expect.poll(last).toEqual(['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080']);
    expect([...errors, ...warnings]).toEqual([]);
    const byName = watching({ port: 'grpc' });
    await expect.poll(() => byName.errors).toEqual(['NO_PORT']);
  });

  it('asks for the slices of its service only, with one list and one watch', async () => {
    kube.put('a', '10.0.0.1');
    const other = sliceObject('z', { endpoints: [{ addresses: ['10.9.9.9'] }] });
    kube.server.store.put({ ...other, metadata: { ...other.metadata, labels: {} } });
    const { last } = watching();
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    await expect.poll(() => kube.server.watches).toBe(1);
    expect(kube.server.counters).toEqual({ lists: 1, watches: 1, refused: 0 });
  });

  it('lists more slices than fit on a page', async () => {
    for (let index = 0; index < 600; index++)
      kube.put(`a${index}`, `10.1.${Math.floor(index / 100)}.${index % 100}`);
    const { last } = watching();
    await expect.poll(() => last()?.length).toBe(600);
    expect(kube.server.counters.lists).toBe(2);
  });

  it('resumes where it was when a watch ends or breaks, without a word and without a list', async () => {
    kube.put('a', '10.0.0.1');
    const { last, errors } = watching();
    for (const [index, end] of [() => kube.server.endWatches(), () => kube.server.cutWatches()].entries()) {
      await expect.poll(() => kube.server.watches).toBe(1);
      kube.put('b', `10.0.1.${index}`); // a watch that told nothing would count as a failure
      await expect.poll(last).toContain(`10.0.1.${index}:50051`);
      end();
      kube.put('c', `10.0.2.${index}`);
      await expect.poll(last).toContain(`10.0.2.${index}:50051`);
    }
    expect(kube.server.counters.lists).toBe(1);
    expect(errors).toEqual([]);
  });

  it.each(['event', 'response'] as const)(
    'lists again when the history is gone (said by an %s), and drops what was deleted meanwhile',
    async (goneAs) => {
      kube.server.faults.goneAs = goneAs;
      kube.put('a', '10.0.0.1');
      const { last, log } = watching();
      await expect.poll(() => kube.server.watches).toBe(1);
      kube.put('b', '10.0.0.2');
      await expect.poll(last).toHaveLength(2);
      kube.server.cutWatches();
      kube.server.store.delete('default', 'a');
      kube.server.expireHistory();
      await expect.poll(last).toEqual(['10.0.0.2:50051']);
      expect(kube.server.counters.lists).toBe(2);
      expect(log).not.toContain('UNREACHABLE');
    },
  );

  it('needs no list after a pause when a bookmark told how far it was', async () => {
    kube.put('a', '10.0.0.1');
    const { last } = watching();
    await expect.poll(() => kube.server.watches).toBe(1);
    await expect.poll(last).toHaveLength(1);
    const other = sliceObject('z');
    for (let index = 0; index < 1100; index++)
      kube.server.store.put({ ...other, metadata: { ...other.metadata, labels: {} } }); // more than the history holds
    kube.server.bookmark();
    kube.server.endWatches(); // behind the bookmark, on the same connection
    kube.put('b', '10.0.0.2');
    await expect.poll(last).toEqual(['10.0.0.1:50051', '10.0.0.2:50051']);
    expect(kube.server.counters.lists).toBe(1);
  });

  it.each([[['list']], [['watch']], [['list', 'watch']]] as const)(
    'names the RBAC rule that is missing, once, and goes on when it is there: %j',
    async (verbs) => {
      kube.server.faults.forbid = verbs;
      kube.put('a', '10.0.0.1');
      const { failures, log, last } = watching();
      await expect.poll(() => kube.server.counters.refused).toBeGreaterThan(3);
      expect(failures.map(({ code }) => code)).toEqual(['FORBIDDEN']);
      expect(failures[0]!.message).toContain(
        `RBAC allows no "${verbs[0]}" of endpointslices (API group discovery.k8s.io) in namespace "default"; ` +
          'a Role there needs the rule {apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}',
      );
      kube.server.faults.forbid = [];
      await expect.poll(() => log.at(-1)).toBe('recovered');
      expect(last()).toEqual(['10.0.0.1:50051']);
    },
  );

  it('still follows by lists while the watch is refused', async () => {
    kube.server.faults.forbid = ['watch'];
    kube.put('a', '10.0.0.1');
    const { last, recoveries } = watching();
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    kube.put('a', '10.0.0.2');
    await expect.poll(last).toEqual(['10.0.0.2:50051']);
    expect(recoveries()).toBe(0);
  });

  it('says that it is not known, and goes on with another token', async () => {
    const tokens = new Set(['right']);
    const closed = await testKube({ tokens });
    closed.put('a', '10.0.0.1');
    const { failures, log, last, stop } = watching({ slices: closed.slices });
    await expect
      .poll(() => failures[0]?.message)
      .toBe('the API server does not accept the credentials (401)');
    expect(failures[0]!.code).toBe('UNAUTHORIZED');
    tokens.add('');
    await expect.poll(() => log.at(-1)).toBe('recovered');
    expect(last()).toEqual(['10.0.0.1:50051']);
    stop();
    await closed.server.stop();
  });

  it('says that a page came instead of the API, and goes on when that is over', async () => {
    kube.server.faults.answer = 'html';
    kube.put('a', '10.0.0.1');
    const { failures, log, last } = watching();
    await expect.poll(() => log).toEqual(['INVALID']);
    expect(failures[0]!.message).toBe(
      'the API server answers text/html instead of JSON: "<html><body>Sign in</body></html>"',
    );
    kube.server.faults.answer = 'properly';
    await expect.poll(() => log).toEqual(['INVALID', 'set', 'recovered']);
    expect(last()).toEqual(['10.0.0.1:50051']);
  });

  it.each([
    '<html>Sign in</html>\n',
    '{"type":"ADDED","object":{"metadata":{"resourceVersion":"5"}}}\n',
    '[]\n',
  ])('says that a watch speaks nonsense, and lists again: %j', async (nonsense) => {
    kube.put('a', '10.0.0.1');
    const { log, sets } = watching();
    await expect.poll(() => kube.server.watches).toBe(1);
    await expect.poll(() => log).toEqual(['set']);
    kube.server.garble(nonsense);
    await expect.poll(() => log).toEqual(['set', 'INVALID', 'recovered']);
    expect(kube.server.counters.lists).toBe(2);
    expect(sets).toHaveLength(1);
  });

  it('gives up a server that does not answer, and one that is too busy, and asks again', async () => {
    const server = kube.server;
    kube.put('a', '10.0.0.1');
    const access = tokenAccess({ server: server.url });
    const api = new KubernetesApi(access, { requestTimeoutMs: 50, backoff: { initialMs: 5, maxMs: 20 } });
    server.faults.answer = 'hang';
    const { failures, log, last } = watching({ slices: new EndpointSlices(api) });
    await expect.poll(() => failures[0]?.message).toBe(`API server ${server.url}: no response within 50 ms`);
    server.faults.answer = 'busy';
    await expect
      .poll(() => failures.at(-1)?.message)
      .toEqual(text(/answers 429 to list .*too many requests/));
    server.faults.answer = 'properly';
    await expect.poll(() => log.at(-1)).toBe('recovered');
    expect(last()).toEqual(['10.0.0.1:50051']);
  });

  it('asks a server whose watch says nothing whether it is still there, and lists again when it hangs', async () => {
    const server = kube.server;
    kube.put('a', '10.0.0.1');
    const access = tokenAccess({ server: server.url });
    const limits = { quietMs: 20, requestTimeoutMs: 2000, backoff: { initialMs: 5, maxMs: 20 } };
    const { failures, log, last } = watching({
      slices: new EndpointSlices(new KubernetesApi(access, limits)),
    });
    await expect.poll(() => server.watches).toBe(1);
    // It refuses to tell its version, which is an answer.
    await expect.poll(() => server.counters.refused).toBeGreaterThan(2);
    expect(log).toEqual(['set']);
    expect(server.counters.watches).toBe(1);
    server.faults.answer = 'hang';
    await expect
      .poll(() => failures[0]?.message)
      .toBe(`API server ${server.url}: no response within 2000 ms`);
    server.faults.answer = 'properly';
    await expect.poll(() => log.at(-1)).toBe('recovered');
    expect(last()).toEqual(['10.0.0.1:50051']);
  });

  it('says an outage once, however often it tries', async () => {
    kube.put('a', '10.0.0.1');
    const { failures, log } = watching();
    await expect.poll(() => kube.server.watches).toBe(1);
    await expect.poll(() => log).toEqual(['set']);
    const { url } = kube.server;
    await kube.server.stop();
    await expect.poll(() => failures.at(-1)?.message).toBe(`API server ${url}: ECONNREFUSED`);
    await kube.server.start();
    await expect.poll(() => log.at(-1)).toBe('recovered');
    expect(failures.filter(({ message }) => message.includes('ECONNREFUSED'))).toHaveLength(1);
  });

  it('says that no slice has the port and keeps the last set; warns when only some have it', async () => {
    const http = [{ name: 'http', protocol: 'TCP', port: 8080 }];
    const endpoints = [{ addresses: ['10.0.0.2'] }];
    kube.put('a', '10.0.0.1');
    const { failures, log, warnings, last } = watching();
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    kube.server.store.put(sliceObject('b', { endpoints, ports: http }));
    const said =
      'service default/be1-srv: EndpointSlices without TCP port "grpc": b; their TCP ports: http (8080)';
    await expect.poll(() => warnings).toEqual([said]);
    expect(failures).toEqual([]);
    kube.server.store.delete('default', 'a');
    await expect.poll(() => failures.map(({ message }) => message)).toEqual([said]);
    expect(failures[0]!.code).toBe('NO_PORT');
    expect(last()).toEqual(['10.0.0.1:50051']);
    kube.put('a', '10.0.0.1');
    await expect.poll(() => log.at(-1)).toBe('recovered');
  });

  it('warns that a service has no slice at all: it may be spelled wrongly', async () => {
    const { warnings, sets } = watching({ service: 'be1-svr' });
    await expect.poll(() => sets).toEqual([[]]);
    expect(warnings).toEqual([
      'there is no EndpointSlice of service default/be1-svr: does the service exist?',
    ]);
  });

  it('shares one watch among all that watch a service, whatever their port, and ends it with the last', async () => {
    const slice = sliceObject('a', { endpoints: [{ addresses: ['10.0.0.1'] }] });
    kube.server.store.put({ ...slice, ports: [...slice.ports!, { name: 'http', port: 8080 }] });
    const watchers = [watching(), watching(), watching({ port: 8080 })];
    await expect
      .poll(() => watchers.map(({ last }) => last()?.[0]))
      .toEqual([...['10.0.0.1:50051', '10.0.0.1:50051', '10.0.0.1:8080']]);
    await expect.poll(() => kube.server.watches).toBe(1);
    expect(kube.server.counters).toMatchObject({ lists: 1, watches: 1 });
    watching({ service: 'be2-srv' });
    await expect.poll(() => kube.server.watches).toBe(2);
    expect(kube.client.watches).toBe(2);
    for (const { stop } of watchers) stop();
    await expect.poll(() => kube.server.watches).toBe(1);
    expect(kube.client.watches).toBe(1);
  });

  it('tells one who joins during an outage both the last set and the outage', async () => {
    kube.put('a', '10.0.0.1');
    const first = watching();
    await expect.poll(() => kube.server.watches).toBe(1);
    await kube.server.stop();
    await expect.poll(() => first.errors).toContain('UNREACHABLE');
    const late = watching();
    await expect.poll(() => late.log.slice(0, 2)).toEqual(['set', 'UNREACHABLE']);
    await kube.server.start();
    await expect.poll(() => late.log.at(-1)).toBe('recovered');
  });

  it('takes a service with too many endpoints for an error, until there are fewer', async () => {
    const large = Array.from(
      { length: 20_001 },
      (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    );
    kube.put('a', '10.0.0.1');
    const { failures, log, last } = watching();
    await expect.poll(last).toEqual(['10.0.0.1:50051']);
    kube.put('b', ...large);
    await expect.poll(() => failures[0]?.message).toContain('2 EndpointSlices with 20002 endpoints');
    expect(failures[0]!.code).toBe('TOO_MANY');
    kube.put('b', '10.0.0.2');
    await expect.poll(() => log.at(-1)).toBe('recovered');
    expect(last()).toEqual(['10.0.0.1:50051', '10.0.0.2:50051']);
  });
});

describe.each(['namespace', 'cluster'] as const)('one watch for a %s', (scope) => {
  const of = (service: string, name: string, address: string) => {
    const slice = sliceObject(name, { endpoints: [{ addresses: [address] }] });
    kube.server.store.put({
      ...slice,
      metadata: { ...slice.metadata, labels: { 'kubernetes.io/service-name': service } },
    });
  };
  beforeEach(async () => {
    await kube.server.stop();
    kube = await testKube({ scope });
    of('be1-srv', 'a', '10.0.0.1');
    of('be2-srv', 'b', '10.0.0.2');
  });

  it('serves all services of it, and tells each only of its own', async () => {
    const be1 = watching();
    const be2 = watching({ service: 'be2-srv' });
    await expect.poll(be2.last).toEqual(['10.0.0.2:50051']);
    expect(be1.last()).toEqual(['10.0.0.1:50051']);
    const late = watching({ service: 'be2-srv' });
    const nobody = watching({ service: 'be3-srv' });
    await expect.poll(() => late.log).toEqual(['set']);
    await expect.poll(() => nobody.sets).toEqual([[]]);
    await expect.poll(() => kube.server.watches).toBe(1);
    expect(kube.server.counters).toEqual({ lists: 1, watches: 1, refused: 0 });
    of('be2-srv', 'b', '10.0.0.3');
    await expect.poll(late.last).toEqual(['10.0.0.3:50051']);
    expect(be1.log).toEqual(['set']);
    for (const { stop } of [be1, be2, late, nobody]) stop();
    await expect.poll(() => kube.server.watches).toBe(0);
  });

  it('follows a slice that goes from one service to another, and one that belongs to none', async () => {
    const be1 = watching();
    const be2 = watching({ service: 'be2-srv' });
    await expect.poll(be2.last).toEqual(['10.0.0.2:50051']);
    of('be2-srv', 'a', '10.0.0.1');
    await expect.poll(be2.last).toEqual(['10.0.0.1:50051', '10.0.0.2:50051']);
    await expect.poll(be1.last).toEqual([]);
    const orphan = sliceObject('a', { endpoints: [{ addresses: ['10.0.0.1'] }] });
    kube.server.store.put({ ...orphan, metadata: { ...orphan.metadata, labels: {} } });
    await expect.poll(be2.last).toEqual(['10.0.0.2:50051']);
  });

  it('has all services back at once after an outage', async () => {
    const both = [watching(), watching({ service: 'be2-srv' })];
    await expect.poll(() => both.map(({ sets }) => sets.length)).toEqual([1, 1]);
    await expect.poll(() => kube.server.watches).toBe(1);
    await kube.server.stop();
    await expect.poll(() => both.map(({ log }) => log.at(-1))).toEqual(['UNREACHABLE', 'UNREACHABLE']);
    await kube.server.start();
    await expect.poll(() => both.map(({ log }) => log.at(-1))).toEqual(['recovered', 'recovered']);
    expect(kube.server.counters.lists).toBe(2);
  });
});

it('follows namespaces where the whole cluster is forbidden, and nobody hears of that', async () => {
  await kube.server.stop();
  kube = await testKube({ scope: 'cluster' });
  kube.server.faults.forbidCluster = true;
  kube.put('a', '10.0.0.1');
  const { last, errors } = watching();
  await expect.poll(last).toEqual(['10.0.0.1:50051']);
  expect(errors).toEqual([]);
  await expect.poll(() => kube.server.watches).toBe(1);
});
