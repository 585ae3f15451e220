import { MemoryBudget } from '@evenly/http2';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bidi,
  firstMessageWithin,
  GrpcServer,
  lengthPrefixed,
  limitCallsPerConnection,
  Status,
  type GrpcServerOptions,
  type Method,
} from './index.ts';
import { messageOf, rawClient, statusOf, type RawCall } from './testing/raw-client.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const text = { requestDeserialize: (bytes: Buffer) => bytes.toString() };
/** Answers with what it gets; `throw` is a fault of its own, and so is `throw late` at the call's end. */
const echo = bidi<string>(text, (call) => {
  let late = false;
  return {
    onRequest: (request) => {
      if (request === 'throw') throw new TypeError('a fault');
      late ||= request === 'throw late';
      call.send(Buffer.from(request));
    },
    onClose: () => {
      if (late) throw new TypeError('a late fault');
    },
  };
});

async function start(options: Partial<GrpcServerOptions> = {}, method: Method = echo) {
  const server = new GrpcServer({ methods: new Map([['/test.Test/Echo', method]]), ...options });
  const port = await server.listen('127.0.0.1', 0);
  closers.push(() => server.close(AbortSignal.abort(), 1, 'the end'));
  const connect = () => {
    const client = rawClient(port);
    closers.push(() => client.close());
    return client;
  };
  return { connect };
}

const isWell = async (client: ReturnType<typeof rawClient>) => {
  const call = client.call();
  client.send(call, lengthPrefixed(Buffer.from('hello')));
  await expect.poll(() => call.bytes).toBe(10);
  // An open call holds its header block.
  client.connection.reset(call.stream, 8);
};

/** The beginning of a message of this length, without its end. */
function sendHalf(client: ReturnType<typeof rawClient>, call: RawCall, length: number): void {
  const half = lengthPrefixed(Buffer.alloc(length));
  client.send(call, half.subarray(0, half.length - 1));
}

describe('half a message', () => {
  it('is held in the budget, and comes back with the call', async () => {
    const budget = new MemoryBudget(10_000_000);
    const client = (await start({ budget })).connect();
    const call = client.call();
    sendHalf(client, call, 30_000);
    await expect.poll(() => budget.usedBytes).toBeGreaterThanOrEqual(30_000);
    client.connection.reset(call.stream, 8);
    await isWell(client);
    await expect.poll(() => budget.usedBytes).toBeLessThan(1000);
  });

  it('of a hundred calls ends those of the largest holder with RESOURCE_EXHAUSTED, and nobody else notices', async () => {
    const budget = new MemoryBudget(1_000_000);
    const { connect } = await start({ budget });
    const [greedy, other] = [connect(), connect()];
    await isWell(other);
    const calls = Array.from({ length: 100 }, () => {
      const call = greedy.call();
      sendHalf(greedy, call, 40_000);
      return call;
    });
    const refused = () => calls.filter((call) => statusOf(call) === Status.RESOURCE_EXHAUSTED);
    await expect.poll(() => refused().length).toBeGreaterThan(50);
    expect(messageOf(refused()[0]!)).toContain('short of memory');
    expect(budget.usedBytes).toBeLessThan(budget.maxBytes);
    await isWell(other);
    greedy.close();
    await expect.poll(() => budget.usedBytes).toBeLessThan(1000);
  });
});

describe('a fault of a method', () => {
  it('ends its call with INTERNAL, is told, and is none of the other calls', async () => {
    const faults: unknown[] = [];
    const { connect } = await start({ onFault: (error) => faults.push((error as Error).message) });
    const client = connect();
    const [good, bad, late] = [client.call(), client.call(), client.call()];
    client.send(good, lengthPrefixed(Buffer.from('hello')));
    client.send(bad, lengthPrefixed(Buffer.from('throw')));
    client.send(late, lengthPrefixed(Buffer.from('throw late')), true);
    await expect.poll(() => statusOf(bad)).toBe(Status.INTERNAL);
    expect(messageOf(bad)).toBe('a fault of this server ended the call');
    await expect.poll(() => statusOf(late)).toBe(Status.OK);
    expect(faults).toEqual(['a fault', 'a late fault']);
    expect(statusOf(good)).toBeUndefined();
    await isWell(client);
  });
});

describe('calls of one connection', () => {
  it('are limited, and those of others are not', async () => {
    const { connect } = await start({}, limitCallsPerConnection(2)(echo));
    const [greedy, other] = [connect(), connect()];
    const calls = [greedy.call(), greedy.call(), greedy.call()];
    await expect.poll(() => statusOf(calls[2]!)).toBe(Status.RESOURCE_EXHAUSTED);
    await isWell(other);
    greedy.send(calls[0]!, Buffer.alloc(0), true);
    await expect.poll(() => statusOf(calls[0]!)).toBe(Status.OK);
    await isWell(greedy);
  });

  it('end when their first message does not come in time', async () => {
    const { connect } = await start({}, firstMessageWithin(50, echo));
    const client = connect();
    const [silent, asking] = [client.call(), client.call()];
    client.send(asking, lengthPrefixed(Buffer.from('hello')));
    await expect.poll(() => statusOf(silent)).toBe(Status.DEADLINE_EXCEEDED);
    expect(statusOf(asking)).toBeUndefined();
  });
});
