import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from './connection/connection.ts';
import { headerList } from './headers/block.ts';
import { connectHttp2 } from './socket/connect.ts';
import { SocketLoop } from './socket/loop.ts';
import { call, clientEvents, type PendingCall } from './testing/client-call.ts';
import { echoing, startServer, type RunningServer } from './testing/responding-server.ts';
import {
  anyName,
  anyValue,
  nodeCall,
  nodeEchoServer,
  pattern,
  type NodeAnswer,
} from './testing/node-peer.ts';

/*
 * The same valid calls through the engine and through node:http2, in both roles, several at a time on connections that go
 * on: they have to end the same. TEST_SEED makes the run again; `npm run fuzz` has many more (DIFFERENTIAL_COUNT).
 */
const seed = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env['DIFFERENTIAL_COUNT'] ?? 40);

const anyCall = fc.record({
  method: fc.constantFrom('POST', 'PUT', 'PATCH'),
  fields: fc.dictionary(anyName, anyValue, { maxKeys: 5 }),
  pieces: fc.array(fc.constantFrom<number[]>(0, 1, 999, 16_384, 16_385, 70_000), { maxLength: 6 }),
  declare: fc.boolean(),
});
type AnyCall = typeof anyCall extends fc.Arbitrary<infer T> ? T : never;
/** What is under way at a time on a connection. */
const anyBatch = fc.array(anyCall, { minLength: 1, maxLength: 8 });

function headersOf({ method, fields, pieces, declare }: AnyCall): Record<string, string> {
  const length = pieces.reduce((sum, piece) => sum + piece, 0);
  return {
    ':method': method,
    ':path': '/echo',
    ...fields,
    ...(declare && { 'content-length': `${length}` }),
  };
}

let reference: http2.Http2Server;
let ours: RunningServer;
let ports: [number, number];
beforeAll(async () => {
  reference = nodeEchoServer();
  await once(reference.listen(0, '127.0.0.1'), 'listening');
  ours = await startServer(echoing);
  ports = [(reference.address() as AddressInfo).port, ours.port];
});
afterAll(async () => {
  reference.close();
  await ours.close();
});

const batches = () => fc.sample(anyBatch, { numRuns: count, seed });
const nodeClient = (port: number) => http2.connect(`http://127.0.0.1:${port}`).on('error', () => undefined);

describe(
  `${count} batches of calls end the same as with node:http2 (TEST_SEED=${seed})`,
  { timeout: 600_000 },
  () => {
    test('the engine as server', async () => {
      const sessions = ports.map(nodeClient);
      for (const batch of batches()) {
        const [expected, actual] = await Promise.all(
          sessions.map((session) =>
            Promise.all(batch.map((one) => nodeCall(session, headersOf(one), one.pieces.map(pattern)))),
          ),
        );
        expectSame(actual!, expected!);
      }
      for (const session of sessions) session.close();
    });

    test('the engine as client', async () => {
      const session = nodeClient(ports[0]);
      const connection: Connection<PendingCall> = connectHttp2({
        loop: new SocketLoop(),
        host: '127.0.0.1',
        port: ports[0],
        events: clientEvents(() => connection),
      });
      for (const batch of batches()) {
        const [expected, actual] = await Promise.all([
          Promise.all(batch.map((one) => nodeCall(session, headersOf(one), one.pieces.map(pattern)))),
          Promise.all(batch.map((one) => engineCall(connection, one))),
        ]);
        expectSame(actual, expected);
      }
      connection.close();
      session.close();
    });
  },
);

async function engineCall(connection: Connection<PendingCall>, one: AnyCall): Promise<NodeAnswer> {
  const fields = Object.entries({ ':scheme': 'http', ':authority': 'a.example', ...headersOf(one) });
  // Pseudo-fields come first (RFC 9113 §8.3).
  const block = headerList(
    fields.toSorted(([a], [b]) => Number(b.startsWith(':')) - Number(a.startsWith(':'))),
  );
  const { status, content, trailers, reset } = await call(
    connection,
    block,
    Buffer.concat(one.pieces.map(pattern)),
  );
  return {
    status,
    content: content.toString('latin1'),
    trailers: Object.fromEntries(trailers?.fields.map(({ name, value }) => [name, value]) ?? []),
    error: reset?.reason ?? '',
  };
}

/** Content by its length first: a difference in megabytes is nothing to print. */
function expectSame(actual: readonly NodeAnswer[], expected: readonly NodeAnswer[]): void {
  const short = (answers: readonly NodeAnswer[]) =>
    answers.map(({ content, trailers, ...rest }) => ({
      ...rest,
      trailers: Object.entries(trailers), // node:http2 keeps a symbol among them
      length: content.length,
    }));
  expect(short(actual)).toEqual(short(expected));
  expect(actual.every(({ content }, index) => content === expected[index]!.content)).toBe(true);
}
