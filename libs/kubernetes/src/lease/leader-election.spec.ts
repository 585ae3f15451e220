import { describe, expect, it, onTestFinished } from 'vitest';
import { ApiRefusal } from '../api/api-refusal.ts';
import type { ApiObject } from '../resource-kind.ts';
import { LeaderElection } from './leader-election.ts';

/** An API server that has one Lease, and a clock that goes on when somebody waits. */
class World {
  nowMs = 0;
  lease: ApiObject | undefined;
  answer: 'properly' | 'fails' | 'hangs' = 'properly';
  #version = 0;
  #waits: { atMs: number; go: () => void }[] = [];

  readonly api = {
    get: async () => {
      await this.#answer();
      if (this.lease === undefined) throw new ApiRefusal(404, 'not found');
      return structuredClone(this.lease);
    },
    create: async (_kind: unknown, object: ApiObject) => {
      await this.#answer();
      if (this.lease !== undefined) throw new ApiRefusal(409, 'already exists');
      return this.#store(object);
    },
    replace: async (_kind: unknown, object: ApiObject) => {
      await this.#answer();
      if (object.metadata.resourceVersion !== this.lease?.metadata.resourceVersion)
        throw new ApiRefusal(409, 'the object has been modified');
      return this.#store(object);
    },
  };

  candidate(identity: string) {
    const events: string[] = [];
    const election = new LeaderElection({
      api: this.api,
      lease: { namespace: 'evenly', name: 'one' },
      identity,
      onLeading: () => events.push('leads'),
      onLost: () => events.push('lost'),
      onError: ({ message }) => events.push(message),
      now: () => this.nowMs,
      clock: () => new Date(this.nowMs),
      wait: (ms, signal) => this.#wait(ms, signal),
    });
    onTestFinished(() => election.release());
    return { election, events };
  }

  holder = () => (this.lease?.spec as { holderIdentity?: string } | undefined)?.holderIdentity;

  /** Lets time pass, in steps in which everybody does what is due. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settled();
    while (this.nowMs < endMs) {
      this.nowMs += 500;
      const due = this.#waits.filter(({ atMs }) => atMs <= this.nowMs);
      this.#waits = this.#waits.filter(({ atMs }) => atMs > this.nowMs);
      for (const { go } of due) go();
      await settled();
    }
  }

  async #answer(): Promise<void> {
    if (this.answer === 'fails') throw new Error('no route to host');
    if (this.answer === 'hangs')
      await new Promise<void>((go) => this.#waits.push({ atMs: this.nowMs + 30_000, go }));
    if (this.answer === 'hangs') throw new Error('no answer');
  }

  #store(object: ApiObject): ApiObject {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.#version}` } };
    return (this.lease = stored);
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((go) => {
      signal.addEventListener('abort', () => go());
      this.#waits.push({ atMs: this.nowMs + ms, go });
    });
  }
}

/** All that was to happen without waiting has happened. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('LeaderElection', () => {
  it('lets one lead at a time, and the next at once when it gives the Lease back', async () => {
    const world = new World();
    const [a, b] = [world.candidate('a'), world.candidate('b')];
    await world.pass(60_000);
    const [leader, other] = a.election.leading ? [a, b] : [b, a];
    expect([leader.events, other.events]).toEqual([['leads'], []]);
    await leader.election.release();
    expect(world.holder()).toBe('');
    await world.pass(2500);
    expect([leader.events, other.events]).toEqual([['leads', 'lost'], ['leads']]);
    expect(world.lease?.spec).toMatchObject({ leaseTransitions: 1 });
  });

  it.each(['fails', 'hangs'] as const)(
    'stops to lead before others may begin, while the API server %s',
    async (answer) => {
      const world = new World();
      const { election, events } = world.candidate('a');
      await world.pass(10_000);
      expect(election.leading).toBe(true);
      world.answer = answer;
      await world.pass(12_500);
      expect(election.leading).toBe(false);
      world.answer = 'properly';
      await world.pass(40_000);
      expect(events.filter((one) => one === 'leads' || one === 'lost')).toEqual(['leads', 'lost', 'leads']);
    },
  );

  it('takes over from one that is gone after the duration of its Lease, whatever its clock said', async () => {
    const world = new World();
    world.lease = {
      metadata: { name: 'one', resourceVersion: '0' },
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2999-01-01T00:00:00.000000Z' },
    };
    const { election, events } = world.candidate('a');
    await world.pass(14_000);
    expect(election.leading).toBe(false);
    await world.pass(4000);
    expect(events).toEqual(['leads']);
  });

  it.each([
    ['no spec', {}],
    ['a spec of another form', { spec: 'x' }],
    [
      'fields of other types',
      { spec: { holderIdentity: 7, leaseDurationSeconds: -1, leaseTransitions: {} } },
    ],
  ])('takes a Lease with %s for one that nobody holds', async (_what, fields) => {
    const world = new World();
    world.lease = { metadata: { name: 'one', resourceVersion: '0' }, ...fields };
    const { events } = world.candidate('a');
    await world.pass(1000);
    expect(events).toEqual(['leads']);
  });

  it('says once why it cannot lead, and goes on', async () => {
    const world = new World();
    world.answer = 'fails';
    const { events } = world.candidate('a');
    await world.pass(10_000);
    world.answer = 'properly';
    await world.pass(3000);
    expect(events).toEqual(['no route to host', 'leads']);
  });
});
