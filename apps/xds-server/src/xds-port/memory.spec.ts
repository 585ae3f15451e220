import { lengthPrefixed } from '@evenly/grpc-server';
import { connectHttp2, headerList, SocketLoop, type Connection, type Stream } from '@evenly/http2';
import { DeltaDiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { sendOrder, typeUrlOf } from '@evenly/xds';
import { afterEach, describe, expect, it } from 'vitest';
import { svcConfig, xdsServerProcess } from '../testing/harness.ts';

/** Small enough to be filled at once by a test, and for a test to see that it is not. */
const smallHeap = { NODE_OPTIONS: '--max-old-space-size=192' };

let running: Awaited<ReturnType<typeof xdsServerProcess>>;
const connections: Connection[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await running.stop();
});

async function start(...args: string[]) {
  running = await xdsServerProcess(svcConfig('be1-srv'), args, smallHeap);
  await running.started();
}

const empty = DeltaDiscoveryRequest.decode(new Uint8Array(0));
const method = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

/** A connection that opens streams and writes what a test likes. */
function attacker() {
  const statuses: string[] = [];
  let closed = false;
  const connection = connectHttp2({
    loop: new SocketLoop(),
    host: '127.0.0.1',
    port: running.xdsPort(),
    events: {
      onHeaders: (_stream, block) => {
        const status = block.get('grpc-status');
        if (status !== undefined) statuses.push(status);
      },
      onData: (stream, _bytes, from, to) => connection.consume(stream, to - from),
      onReset: () => undefined,
      onClose: () => (closed = true),
    },
  });
  connections.push(connection);
  const headers = headerList([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', method],
    [':authority', 'test'],
    ['content-type', 'application/grpc'],
  ]);
  return {
    statuses,
    isClosed: () => closed,
    open: () => connection.open(headers, false)!,
    send: (stream: Stream, bytes: Uint8Array) =>
      void connection.sendData(stream, bytes, 0, bytes.length, false),
  };
}

/** Others get what they ask for, and the process lives. */
async function isWell() {
  const client = running.client({ id: 'innocent' });
  client.subscribe('listener', 'be1-srv');
  await expect.poll(() => client.resources('listener'), { timeout: 10_000 }).toBe(1);
  client.close();
  expect(running.server.exit).toBeUndefined();
}

describe('a process with a heap of 192 MB', () => {
  it('survives streams that ask for 10,000 names of 1024 characters of each type', async () => {
    await start();
    const attack = attacker();
    for (let number = 0; number < 8; number++) {
      const stream = attack.open();
      for (const type of sendOrder) {
        const resourceNames = Array.from({ length: 1000 }, (_, index) =>
          `${number}-${type}-${index}-`.padEnd(1020, 'x'),
        );
        // As many as one message takes; the subscription grows with each.
        for (let part = 1; part <= 10; part++) {
          const names = resourceNames.map((name) => `${name}${part}`);
          attack.send(
            stream,
            lengthPrefixed(
              DeltaDiscoveryRequest.encode({
                ...empty,
                typeUrl: typeUrlOf(type),
                resourceNamesSubscribe: names,
              }).finish(),
            ),
          );
        }
      }
    }
    await isWell();
    expect(await running.metric('evenly_xds_client_memory_bytes')).toBeLessThan(
      await running.metric('evenly_xds_client_memory_max_bytes'),
    );
  }, 60_000);

  it('survives hundreds of half-sent messages, ends those of the one who holds most, and serves others', async () => {
    await start();
    const attacks = Array.from({ length: 4 }, attacker);
    const half = lengthPrefixed(Buffer.alloc(1_000_000)).subarray(0, -1);
    for (const attack of attacks) for (let count = 0; count < 100; count++) attack.send(attack.open(), half);
    await expect
      .poll(() => attacks.flatMap(({ statuses }) => statuses).includes('8'), { timeout: 20_000 })
      .toBe(true);
    await isWell();
  }, 60_000);
});

describe('streams of one connection', () => {
  it('are a share of all, and the others find room', async () => {
    await start('--max-streams', '200', '--max-streams-per-connection', '5');
    const attack = attacker();
    for (let count = 0; count < 50; count++) attack.open();
    await expect.poll(() => attack.statuses.filter((status) => status === '8').length).toBe(45);
    await isWell();
  });

  it('end when they ask for nothing in time', async () => {
    await start('--first-request-timeout', '1s');
    const attack = attacker();
    attack.open();
    await expect.poll(() => attack.statuses, { timeout: 10_000 }).toEqual(['4']);
    await isWell();
  });
});
