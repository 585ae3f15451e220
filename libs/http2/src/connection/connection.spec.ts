import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../errors.ts';
import { CLIENT_PREFACE, Flag, FrameType } from '../frames/constants.ts';
import { headerList } from '../headers/block.ts';
import * as wire from '../testing/wire.ts';
import { Harness } from '../testing/wire.ts';

const { frame, headers, data, settings, windowUpdate, rst, ping, goaway, postFields, okFields } = wire;
const ok = headerList(okFields);
const post = headerList(postFields);
const trailers = headerList([['grpc-status', '0']]);
const bytes = (count: number): Buffer => Buffer.alloc(count, 'x');

test('both prefaces say who we are', () => {
  expect(new Harness({ raw: true }).output()).toEqual(['SETTINGS', 'WINDOW_UPDATE 0 983041']);
  const client = new Harness({ raw: true, role: 'client' });
  expect(client.output()).toEqual(['SETTINGS', 'WINDOW_UPDATE 0 983041']);
});

test('the preface and PING answers leave first, and in one piece with what else is small', () => {
  const harness = new Harness({ raw: true });
  harness.feed(Buffer.from(CLIENT_PREFACE), settings(), headers(1, postFields, true), ping());
  harness.connection.sendHeaders(harness.streams[0]!, ok, true);
  const first = Buffer.from(harness.connection.takeOutput()!);
  expect(harness.connection.takeOutput()).toBeUndefined();
  expect(wire.describeFrames(first, harness.decoder)).toEqual([
    'SETTINGS',
    'PING ACK',
    'WINDOW_UPDATE 0 983041',
    'SETTINGS ACK',
    'HEADERS 1 end :status=200',
  ]);
  harness.connection.outputDone();
  harness.feed(headers(3), ping());
  const stream = harness.streams[1]!;
  harness.connection.sendHeaders(stream, ok, false);
  for (let count = 0; count < 8; count++) harness.connection.sendData(stream, bytes(1000), 0, 1000, false);
  expect(harness.connection.takeOutput()).toHaveLength(17);
  expect(harness.output()).toEqual(['HEADERS 3 :status=200', ...Array<string>(8).fill('DATA 3 1000')]);
});

test('a unary call, with trailers, byte by byte', () => {
  const harness = new Harness();
  const request = Buffer.concat([headers(1), data(1, 'hello'), data(1, '', true)]);
  for (const byte of request) harness.feed(Buffer.of(byte));
  expect(harness.log).toEqual(['request 1 4', 'data 1 hello', 'data 1 end ']);
  const stream = harness.streams[0]!;
  harness.connection.sendHeaders(stream, ok, false);
  harness.connection.sendData(stream, Buffer.from('..world..'), 2, 7, false);
  harness.connection.sendHeaders(stream, trailers, true);
  expect(harness.output()).toEqual(['HEADERS 1 :status=200', 'DATA 1 5', 'HEADERS 1 end grpc-status=0']);
  expect(harness.log.at(-1)).toBe('ended 1');
  expect(harness.connection.streamCount).toBe(0);
});

test('a client call: 1xx, response, trailers; padding and priority are taken off', () => {
  const harness = new Harness({ role: 'client' });
  harness.connection.open(post, true);
  const fields = Buffer.from([2, 0, 0, 0, 0, 16, ...wire.block(okFields), 0, 0]);
  harness.feed(
    headers(1, [[':status', '103']]),
    frame(FrameType.HEADERS, Flag.PADDED | Flag.PRIORITY | Flag.END_HEADERS, 1, fields),
    frame(FrameType.DATA, Flag.PADDED, 1, [2, 104, 105, 0, 0]),
    headers(1, [['grpc-status', '0']], true),
  );
  expect(harness.log).toEqual([
    'informational 1 1',
    'response 1 1',
    'data 1 hi',
    'trailers 1 end 1',
    'ended 1',
  ]);
});

test('answers to HEAD and 304 may announce content that they do not have', () => {
  const harness = new Harness({ role: 'client' });
  harness.connection.open(headerList([[':method', 'HEAD'], ...postFields.slice(1)]), true);
  harness.connection.open(post, true);
  harness.feed(
    headers(
      1,
      [
        [':status', '200'],
        ['content-length', '5'],
      ],
      true,
    ),
    headers(
      3,
      [
        [':status', '304'],
        ['content-length', '5'],
      ],
      true,
    ),
  );
  expect(harness.log).toEqual(['response 1 end 2', 'ended 1', 'response 3 end 2', 'ended 3']);
});

test('the same bytes give the same block while the table stands, another when it moved', () => {
  const seen: unknown[] = [];
  const harness = new Harness({ events: { onHeaders: (_stream, block) => void seen.push(block) } });
  for (const id of [1, 3, 5, 7]) harness.feed(headers(id));
  expect(seen[2]).toBe(seen[3]);
  harness.feed(
    frame(FrameType.HEADERS, Flag.END_HEADERS, 9, [0x40, 1, 0x78, 1, 0x79, ...wire.block(postFields)]),
  );
  harness.feed(headers(11));
  expect(seen.at(-1)).not.toBe(seen[3]);
});

test('a block above the peer’s frame size goes on in CONTINUATION frames, and comes back in one piece', () => {
  const large = headerList([...postFields, ['x-large', '\x7f'.repeat(40_000)]]);
  const client = new Harness({ role: 'client' });
  client.connection.open(large, true);
  const server = new Harness();
  server.connection.receive(client.take(), 1);
  expect(server.log).toEqual(['request 1 end 5']);
});

describe('flow control', () => {
  test('DATA is split by frame size, stream window and connection window, and goes on as they open', () => {
    const sent: number[] = [];
    const harness = new Harness({ events: { onDataSent: (_stream, count) => void sent.push(count) } });
    harness.feed(headers(1));
    const stream = harness.streams[0]!;
    harness.connection.sendHeaders(stream, ok, false);
    expect(harness.connection.sendData(stream, bytes(100_000), 0, 100_000, false)).toBe(65_535);
    harness.connection.sendHeaders(stream, trailers, true);
    expect(harness.output().slice(1)).toEqual([
      'DATA 1 16384',
      'DATA 1 16384',
      'DATA 1 16384',
      'DATA 1 16383',
    ]);
    harness.feed(windowUpdate(1, 30_000));
    expect(harness.output()).toEqual([]);
    harness.feed(windowUpdate(0, 10_000));
    expect(harness.output()).toEqual(['DATA 1 10000']);
    harness.feed(windowUpdate(0, 1_000_000), windowUpdate(1, 1_000_000));
    expect(harness.output()).toEqual([
      'DATA 1 16384',
      'DATA 1 3616',
      'DATA 1 4465',
      'HEADERS 1 end grpc-status=0',
    ]);
    expect(sent.reduce((sum, count) => sum + count)).toBe(100_000 - 65_535);
  });

  test('a SETTINGS change moves the window of open streams, below zero too', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    const stream = harness.streams[0]!;
    harness.connection.sendHeaders(stream, ok, false);
    harness.connection.sendData(stream, bytes(70_000), 0, 70_000, true);
    harness.output();
    harness.feed(settings([4, 10]), windowUpdate(0, 100_000));
    expect(stream.sendWindow).toBe(10 - 65_535);
    expect(harness.output()).toEqual(['SETTINGS ACK']);
    harness.feed(windowUpdate(1, 65_525 + 1000));
    expect(harness.output()).toEqual(['DATA 1 1000']);
    harness.feed(settings([4, 65_535]));
    expect(harness.output()).toEqual(['SETTINGS ACK', 'DATA 1 end 3465']);
  });

  test('streams take turns when the connection’s window opens', () => {
    const harness = new Harness();
    harness.feed(settings([4, 1_000_000]), headers(1), headers(3), headers(5));
    for (const stream of harness.streams) {
      harness.connection.sendHeaders(stream, ok, false);
      harness.connection.sendData(stream, bytes(66_000), 0, 66_000, true);
    }
    harness.output();
    harness.feed(windowUpdate(0, 3 * 16_384));
    expect(harness.output()).toEqual(['DATA 1 end 465', 'DATA 3 16384', 'DATA 5 16384', 'DATA 3 15919']);
  });

  test('stream credit goes back as the application consumes, connection credit at once', () => {
    const local = { initialWindowSize: 65_535, connectionWindowSize: 65_535 };
    const harness = new Harness({ settings: local });
    harness.feed(headers(1), data(1, bytes(16_384)), data(1, bytes(16_384)), data(1, bytes(16_384)));
    expect(harness.output()).toEqual(['WINDOW_UPDATE 0 32768']);
    harness.connection.consume(harness.streams[0]!, 32_767);
    expect(harness.output()).toEqual([]);
    harness.connection.consume(harness.streams[0]!, 1);
    expect(harness.output()).toEqual(['WINDOW_UPDATE 1 32768']);
  });

  test('padding costs the window and comes back by itself; DATA for reset streams costs the connection’s', () => {
    const local = { initialWindowSize: 400, connectionWindowSize: 65_535 };
    const harness = new Harness({ settings: local });
    harness.feed(headers(1), frame(FrameType.DATA, Flag.PADDED, 1, [254, 1, ...new Uint8Array(254)]));
    expect(harness.output()).toEqual(['WINDOW_UPDATE 1 255']);
    harness.connection.reset(harness.streams[0]!, ErrorCode.CANCEL);
    for (let count = 0; count < 4; count++) harness.feed(data(1, bytes(16_000)));
    expect(harness.output()).toEqual(['RST_STREAM 1 CANCEL', 'WINDOW_UPDATE 0 48256']);
  });

  test('empty DATA is dropped unless it ends the stream', () => {
    const harness = new Harness();
    harness.feed(headers(1), data(1, ''));
    expect(harness.log).toEqual(['request 1 4']);
    const stream = harness.streams[0]!;
    harness.connection.sendHeaders(stream, ok, false);
    harness.connection.sendData(stream, bytes(0), 0, 0, false);
    harness.connection.sendData(stream, bytes(0), 0, 0, true);
    expect(harness.output()).toEqual(['HEADERS 1 :status=200', 'DATA 1 end 0']);
  });

  test('a transport that is not drained keeps DATA in the queue: nothing counts as sent', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    const stream = harness.streams[0]!;
    harness.connection.sendHeaders(stream, ok, false);
    harness.connection.setWritable(false);
    expect(harness.connection.sendData(stream, bytes(10), 0, 10, false)).toBe(0);
    expect(harness.connection.sendData(stream, bytes(0), 0, 0, true)).toBe(0);
    expect(harness.output()).toEqual(['HEADERS 1 :status=200']);
    harness.connection.setWritable(true);
    expect(harness.output()).toEqual(['DATA 1 end 10']);
  });

  test('output waits for the transport: at most 128 KiB of DATA is written ahead', () => {
    const harness = new Harness();
    harness.feed(settings([4, 0x7fff_ffff]), windowUpdate(0, 0x7000_0000), headers(1));
    const stream = harness.streams[0]!;
    harness.connection.sendHeaders(stream, ok, false);
    harness.connection.sendData(stream, bytes(1_000_000), 0, 1_000_000, true);
    expect(harness.connection.unsentBytes).toBeLessThan(150_000);
    expect(harness.take().length).toBeGreaterThan(1_000_000);
  });
});

describe('streams', () => {
  test('beyond the limit are refused, and late frames for them are not taken for attacks', () => {
    const harness = new Harness({ limits: { maxConcurrentStreams: 1 } });
    harness.feed(
      headers(1),
      headers(3),
      data(3, 'late'),
      headers(3, [['x', 'y']], true),
      rst(3, 8),
      windowUpdate(3, 9),
    );
    expect(harness.output()).toEqual(['RST_STREAM 3 REFUSED_STREAM']);
    expect(harness.closeCode).toBe('open');
  });

  test('of a client wait for the peer’s limit, which may change, to 0 too', () => {
    let capacity = 0;
    const harness = new Harness({ role: 'client', events: { onCapacity: () => capacity++ } });
    harness.feed(settings([3, 1]));
    expect(harness.connection.open(post, true)?.id).toBe(1);
    expect(harness.connection.open(post, true)).toBeUndefined();
    harness.feed(headers(1, okFields, true));
    expect(capacity).toBe(1);
    harness.feed(settings([3, 0]));
    expect(harness.connection.availableStreams).toBe(0);
    harness.feed(settings([3, 5]));
    expect(capacity).toBe(2);
    expect(harness.connection.availableStreams).toBe(5);
  });

  test('reset by either side keep their meaning', () => {
    const harness = new Harness({ role: 'client' });
    const [first, second] = [harness.connection.open(post, false)!, harness.connection.open(post, false)!];
    harness.output();
    harness.feed(rst(1, ErrorCode.REFUSED_STREAM));
    expect(harness.resets).toMatchObject([
      { code: ErrorCode.REFUSED_STREAM, cause: 'peer', unprocessed: true },
    ]);
    expect(first.closed).toBe(true);
    harness.connection.reset(second, ErrorCode.CANCEL);
    expect(harness.output()).toEqual(['RST_STREAM 3 CANCEL']);
    expect(harness.connection.sendData(second, bytes(5), 0, 5, false)).toBe(5);
  });

  test('NO_ERROR after an early answer waits until the answer has left; late content is not an attack', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    const stream = harness.streams[0]!;
    harness.connection.sendHeaders(stream, ok, false);
    harness.connection.sendData(stream, bytes(70_000), 0, 70_000, false);
    harness.connection.sendHeaders(stream, trailers, true);
    harness.connection.reset(stream, ErrorCode.NO_ERROR);
    harness.output();
    harness.feed(data(1, 'more'), windowUpdate(0, 10_000), windowUpdate(1, 10_000));
    expect(harness.output()).toEqual(['DATA 1 4465', 'HEADERS 1 end grpc-status=0', 'RST_STREAM 1 NO_ERROR']);
    harness.feed(data(1, 'late'), headers(1, [['x', 'y']], true));
    expect(harness.output()).toEqual([]);
    expect(harness.closeCode).toBe('open');
  });

  test('misuse is the application’s error, not the peer’s', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    const stream = harness.streams[0]!;
    const usage = expect.objectContaining({ code: 'H2_USAGE' }) as Error;
    expect(() => harness.connection.sendData(stream, bytes(1), 0, 1, false)).toThrow(usage);
    harness.connection.sendHeaders(stream, ok, false);
    expect(() => harness.connection.sendHeaders(stream, trailers, false)).toThrow(usage);
    harness.connection.sendHeaders(stream, trailers, true);
    expect(() => harness.connection.sendData(stream, bytes(1), 0, 1, false)).toThrow(usage);
    expect(harness.closeCode).toBe('open');
  });
});

describe('the end of a connection', () => {
  test('draining goes in two phases: requests on their way are served, later ones ignored', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    harness.connection.drain(30_000);
    expect(harness.output()).toEqual(['GOAWAY 2147483647 NO_ERROR', 'PING']);
    harness.feed(headers(3));
    harness.feed(ping('\x02\0\0\0\0\0\0\0', Flag.ACK));
    expect(harness.output()).toEqual(['GOAWAY 3 NO_ERROR']);
    harness.feed(headers(5), data(5, 'ignored'));
    for (const stream of harness.streams) {
      harness.connection.sendHeaders(stream, ok, true);
      harness.connection.reset(stream, ErrorCode.NO_ERROR);
    }
    expect(harness.log).not.toContain('request 5 4');
    expect(harness.closeCode).toBe('NO_ERROR');
    expect(harness.finished).toBe(true);
  });

  test('an idle connection says when it wants the next tick, a busy one wants it soon', () => {
    const quiet = (idleTimeoutMs: number) => new Harness({ limits: { idleTimeoutMs } });
    const next = (harness: Harness) => harness.connection.tick(harness.nowMs);
    expect(next(quiet(0))).toBe(Infinity);
    const harness = quiet(60_000);
    const dueMs = harness.nowMs + 60_000;
    expect(next(harness)).toBe(dueMs);
    harness.feed(headers(1));
    expect(next(harness)).toBe(Infinity);
    harness.feed(ping('12345678').subarray(0, 12));
    expect(next(harness)).toBe(harness.nowMs);
    harness.connection.close();
    expect(next(harness)).toBe(Infinity);
  });

  test('a drain has one deadline', () => {
    const harness = new Harness();
    harness.feed(headers(1));
    harness.connection.drain(30_000);
    harness.tick(29_999);
    expect(harness.closeCode).toBe('open');
    harness.tick(1);
    expect(harness.closeCode).toBe('NO_ERROR');
    expect(harness.resets).toMatchObject([{ cause: 'connection' }]);
  });

  test('GOAWAY(NO_ERROR) is no error: streams below go on, those above may be sent again', () => {
    const harness = new Harness({ role: 'client' });
    for (let count = 0; count < 3; count++) harness.connection.open(post, true);
    harness.output();
    harness.feed(goaway(3, ErrorCode.NO_ERROR));
    expect(harness.log).toEqual(['goaway 3 NO_ERROR', 'reset 5 REFUSED_STREAM goaway']);
    expect(harness.resets[0]!.unprocessed).toBe(true);
    expect(harness.connection.exhausted).toBe(true);
    expect(harness.connection.open(post, true)).toBeUndefined();
    harness.feed(headers(1, okFields, true), headers(3, okFields, true));
    expect(harness.closeCode).toBe('NO_ERROR');
    expect(harness.output()).toEqual(['GOAWAY 0 NO_ERROR']);
  });

  test('a transport that dies tells which streams never left', () => {
    const harness = new Harness({ role: 'client' });
    harness.connection.open(post, true);
    harness.take();
    harness.connection.open(post, true);
    harness.connection.transportClosed('ECONNRESET');
    expect(harness.resets.map((reset) => reset.unprocessed)).toEqual([false, true]);
    expect(harness.resets[0]!.reason).toBe('ECONNRESET');
  });
});

test('the encoder obeys a smaller table of the peer, and says so in the next block', () => {
  const harness = new Harness();
  harness.feed(settings([1, 0]), headers(1));
  harness.connection.sendHeaders(harness.streams[0]!, ok, false);
  const output = harness.take();
  expect(output.subarray(-2).toString('hex')).toBe('2088');
});
