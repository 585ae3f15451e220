import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { SpoiledMesh } from './testing/spoiled-mesh.ts';

const goodCall = 'xds:///good';
/** To the bad service: by a listener and a route of its own, or by those that both services have. */
const badCalls = {
  listener: 'xds:///bad',
  route: 'xds:///bad',
  cluster: 'xds:///good#x-to=bad',
  endpoints: 'xds:///good#x-to=bad',
};
const types = ['cluster', 'endpoints', 'listener', 'route'] as const;

/*
 * Clients say what they reject in words only, each in its own: what is named must be held back, and nothing else, in the
 * words of the versions that are installed here.
 */

/** What cannot be tried with a client, by what it does. */
const left: Partial<Record<string, Partial<Record<'later' | 'first', readonly string[]>>>> = {
  // It takes an address that is there twice.
  'grpc-java': { later: ['endpoints'], first: ['endpoints'] },
  // A target waits for the endpoints of all its clusters: calls to the good one wait too, until their deadline.
  'grpc-js': { first: ['endpoints'] },
};

describe.each(['grpc-go', 'grpc-python', 'grpc-js', 'grpc-java'] as const)('%s', (name) => {
  const reason = whyNot(name);
  describe.skipIf(reason !== undefined)(reason ?? 'rejects one resource of two', () => {
    beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);
    let mesh: Awaited<ReturnType<typeof SpoiledMesh.start>>;
    let client: CallingClient | undefined;
    afterEach(async () => {
      await client?.stop();
      await mesh.close();
    });

    const start = async (type: (typeof types)[number]) => {
      const ports = inject('pods').map(({ port }) => port);
      mesh = await SpoiledMesh.start(ports.slice(0, 2), type);
      const call = () =>
        (client = new CallingClient(
          clients[name].command,
          [goodCall, badCalls[type]],
          bootstrapEnv('rejecting', mesh.port),
        ));
      return { call };
    };
    const typesFor = (when: 'later' | 'first') =>
      types.filter((type) => left[name]?.[when]?.includes(type) !== true);

    it.each(typesFor('later'))(
      'it keeps the %s that it had, and gets the updates of the other',
      async (type) => {
        const { call } = await start(type);
        const badCall = badCalls[type];
        const running = call();
        await running.sample([goodCall, badCall], 3);
        mesh.spoil();
        await expect.poll(() => mesh.known).toEqual({ newest: ['good'], rejected: ['bad'] });
        const failures = running.failures(goodCall).length + running.failures(badCall).length;
        await running.sample([goodCall, badCall], 20);
        expect(running.failures(goodCall).length + running.failures(badCall).length).toBe(failures);
        mesh.mend();
        await expect.poll(() => mesh.known).toEqual({ newest: ['good', 'bad'], rejected: [] });
      },
    );

    it.each(typesFor('first'))('it gets the other %s from the start', async (type) => {
      const { call } = await start(type);
      const badCall = badCalls[type];
      mesh.spoil();
      const running = call();
      const outcomes = await running.sample([goodCall], 3);
      expect(outcomes.get(goodCall)!.slice(-1)).toEqual([{ from: expect.any(String) as string }]);
      await expect.poll(() => mesh.known).toEqual({ newest: ['good'], rejected: ['bad'] });
      mesh.mend();
      await expect.poll(() => mesh.known).toEqual({ newest: ['good', 'bad'], rejected: [] });
      await expect.poll(() => running.outcomes(badCall).at(-1)).toHaveProperty('from');
    });
  });
});
