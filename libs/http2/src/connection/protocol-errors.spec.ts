import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../errors.ts';
import { CLIENT_PREFACE, Flag, FrameType } from '../frames/constants.ts';
import { headerList, type HeaderInput } from '../headers/block.ts';
import * as wire from '../testing/wire.ts';
import { Harness } from '../testing/wire.ts';

const { frame, headers, data, settings, windowUpdate, rst, ping, goaway, postFields } = wire;
const {
  DATA,
  HEADERS,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  PUSH_PROMISE,
  PING,
  GOAWAY,
  WINDOW_UPDATE,
  CONTINUATION,
} = FrameType;
const selfPriority = [0, 0, 0, 1, 16];

describe('a client ends the connection with', () => {
  test.each<[string, string, Buffer[]]>([
    ['FRAME_SIZE_ERROR', 'a frame above the maximum', [frame(DATA, 0, 1, Buffer.alloc(16_385))]],
    ['PROTOCOL_ERROR', 'DATA on stream 0', [data(0, 'x')]],
    ['PROTOCOL_ERROR', 'DATA on an idle stream', [data(1, 'x')]],
    ['PROTOCOL_ERROR', 'padding longer than DATA', [headers(1), frame(DATA, Flag.PADDED, 1, [5, 1, 2])]],
    ['FRAME_SIZE_ERROR', 'padded DATA without a length', [headers(1), frame(DATA, Flag.PADDED, 1)]],
    ['PROTOCOL_ERROR', 'HEADERS on stream 0', [headers(0)]],
    ['PROTOCOL_ERROR', 'HEADERS on an even stream', [headers(2)]],
    ['PROTOCOL_ERROR', 'a stream identifier that goes back', [headers(5), headers(3)]],
    [
      'PROTOCOL_ERROR',
      'padding longer than HEADERS',
      [frame(HEADERS, Flag.PADDED | Flag.END_HEADERS, 1, [9, 0x82])],
    ],
    ['FRAME_SIZE_ERROR', 'HEADERS without their priority', [frame(HEADERS, Flag.PRIORITY | 4, 1, [0, 0])]],
    [
      'COMPRESSION_ERROR',
      'a block that HPACK cannot read',
      [frame(HEADERS, Flag.END_HEADERS, 1, [0xff, 0xff])],
    ],
    ['STREAM_CLOSED', 'HEADERS after both sides ended', [headers(1, postFields, true), headers(1)]],
    ['STREAM_CLOSED', 'DATA after both sides ended', [headers(1, postFields, true), data(1, 'x')]],
    ['PROTOCOL_ERROR', 'PRIORITY on stream 0', [frame(PRIORITY, 0, 0, selfPriority)]],
    ['PROTOCOL_ERROR', 'an idle stream that depends on itself', [frame(PRIORITY, 0, 1, selfPriority)]],
    ['PROTOCOL_ERROR', 'RST_STREAM on stream 0', [rst(0, 8)]],
    ['PROTOCOL_ERROR', 'RST_STREAM on an idle stream', [rst(1, 8)]],
    ['FRAME_SIZE_ERROR', 'RST_STREAM of 3 bytes', [headers(1), frame(RST_STREAM, 0, 1, [0, 0, 0])]],
    ['PROTOCOL_ERROR', 'SETTINGS on a stream', [frame(SETTINGS, 0, 1)]],
    ['FRAME_SIZE_ERROR', 'SETTINGS of 5 bytes', [frame(SETTINGS, 0, 0, [0, 1, 0, 0, 0])]],
    ['FRAME_SIZE_ERROR', 'a SETTINGS ACK with a payload', [frame(SETTINGS, Flag.ACK, 0, [0, 1, 0, 0, 0, 0])]],
    ['PROTOCOL_ERROR', 'ENABLE_PUSH of 2', [settings([2, 2])]],
    ['FLOW_CONTROL_ERROR', 'INITIAL_WINDOW_SIZE of 2^31', [settings([4, 0x8000_0000])]],
    ['PROTOCOL_ERROR', 'MAX_FRAME_SIZE of 16,383', [settings([5, 16_383])]],
    ['PROTOCOL_ERROR', 'MAX_FRAME_SIZE of 2^24', [settings([5, 16_777_216])]],
    ['PROTOCOL_ERROR', 'PUSH_PROMISE', [headers(1), frame(PUSH_PROMISE, Flag.END_HEADERS, 1, [0, 0, 0, 2])]],
    ['PROTOCOL_ERROR', 'PING on a stream', [frame(PING, 0, 1, Buffer.alloc(8))]],
    ['FRAME_SIZE_ERROR', 'PING of 7 bytes', [frame(PING, 0, 0, Buffer.alloc(7))]],
    ['PROTOCOL_ERROR', 'GOAWAY on a stream', [frame(GOAWAY, 0, 1, Buffer.alloc(8))]],
    ['FRAME_SIZE_ERROR', 'GOAWAY of 7 bytes', [frame(GOAWAY, 0, 0, Buffer.alloc(7))]],
    ['PROTOCOL_ERROR', 'GOAWAY that raises its last stream', [headers(1), goaway(0, 0), goaway(2, 0)]],
    ['FRAME_SIZE_ERROR', 'WINDOW_UPDATE of 3 bytes', [frame(WINDOW_UPDATE, 0, 0, [0, 0, 1])]],
    ['PROTOCOL_ERROR', 'WINDOW_UPDATE of 0 on the connection', [windowUpdate(0, 0)]],
    ['PROTOCOL_ERROR', 'WINDOW_UPDATE on an idle stream', [windowUpdate(1, 1)]],
    ['FLOW_CONTROL_ERROR', "the connection's window above 2^31-1", [windowUpdate(0, 0x7fff_ffff)]],
    [
      'FLOW_CONTROL_ERROR',
      "SETTINGS that move a stream's window above 2^31-1",
      [headers(1), windowUpdate(1, 0x7fff_0000), settings([4, 0x7fff_ffff])],
    ],
    ['PROTOCOL_ERROR', 'CONTINUATION without HEADERS', [frame(CONTINUATION, Flag.END_HEADERS, 1, [0x82])]],
    ['PROTOCOL_ERROR', 'another frame inside a block', [frame(HEADERS, 0, 1, [0x82]), ping()]],
    ['PROTOCOL_ERROR', 'an unknown frame inside a block', [frame(HEADERS, 0, 1, [0x82]), frame(99, 0, 0)]],
    [
      'PROTOCOL_ERROR',
      'CONTINUATION of another stream',
      [frame(HEADERS, 0, 1, [0x82]), frame(CONTINUATION, Flag.END_HEADERS, 3, [0x86])],
    ],
  ])('%s for %s', (code, _name, frames) => {
    const events = { onHeaders: (stream: { id: number; remoteEnded: boolean }) => answer(stream) };
    const harness = new Harness({ events: events });
    const answer = (stream: { remoteEnded: boolean }): void => {
      if (stream.remoteEnded)
        harness.connection.sendHeaders(stream as never, headerList(wire.okFields), true);
    };
    harness.feed(...frames);
    expect(harness.closeCode).toBe(code);
    expect(harness.output().at(-1)).toMatch(new RegExp(`^GOAWAY \\d ${code}$`));
    expect(harness.finished).toBe(true);
    expect(harness.connection.streamCount).toBe(0);
  });

  test.each([
    ['a wrong preface', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n')],
    ['no SETTINGS first', Buffer.concat([Buffer.from(CLIENT_PREFACE), ping()])],
    ['an ACK as its first SETTINGS', Buffer.concat([Buffer.from(CLIENT_PREFACE), wire.settingsAck()])],
  ])('PROTOCOL_ERROR for %s', (_name, bytes) => {
    expect(new Harness({ raw: true }).feed(bytes).closeCode).toBe('PROTOCOL_ERROR');
  });
});

describe('only the stream ends with', () => {
  const malformed = (fields: HeaderInput[]): Buffer => {
    // The test's encoder refuses these: they are written as literals here.
    const bytes = fields.flatMap(([name, value]) => [
      0,
      name.length,
      ...Buffer.from(name),
      value.length,
      ...Buffer.from(value),
    ]);
    return frame(HEADERS, Flag.END_HEADERS, 1, bytes);
  };
  test.each<[string, string, Buffer[]]>([
    ['PROTOCOL_ERROR', 'upper case in a name', [malformed([...postFields, ['X', 'y']])]],
    ['PROTOCOL_ERROR', 'a connection-specific field', [malformed([...postFields, ['connection', 'close']])]],
    ['PROTOCOL_ERROR', 'a request without :path', [malformed(postFields.slice(0, 2))]],
    ['PROTOCOL_ERROR', 'trailers without END_STREAM', [headers(1), headers(1, [['x', 'y']])]],
    ['PROTOCOL_ERROR', 'pseudo-headers in trailers', [headers(1), headers(1, postFields, true)]],
    [
      'PROTOCOL_ERROR',
      'content beyond content-length',
      [headers(1, [...postFields, ['content-length', '1']]), data(1, 'xy')],
    ],
    [
      'PROTOCOL_ERROR',
      'content short of content-length',
      [headers(1, [...postFields, ['content-length', '3']]), data(1, 'xy', true)],
    ],
    [
      'PROTOCOL_ERROR',
      'content-length without content',
      [headers(1, [...postFields, ['content-length', '3']], true)],
    ],
    [
      'PROTOCOL_ERROR',
      'trailers short of content-length',
      [headers(1, [...postFields, ['content-length', '3']]), headers(1, [['x', 'y']], true)],
    ],
    ['PROTOCOL_ERROR', 'a stream that depends on itself', [headers(1), frame(PRIORITY, 0, 1, selfPriority)]],
    ['FRAME_SIZE_ERROR', 'PRIORITY of 4 bytes', [headers(1), frame(PRIORITY, 0, 1, [0, 0, 0, 0])]],
    ['PROTOCOL_ERROR', 'WINDOW_UPDATE of 0', [headers(1), windowUpdate(1, 0)]],
    ['FLOW_CONTROL_ERROR', 'a window above 2^31-1', [headers(1), windowUpdate(1, 0x7fff_ffff)]],
    ['STREAM_CLOSED', 'DATA after its end', [headers(1, postFields, true), data(1, 'x')]],
    ['STREAM_CLOSED', 'HEADERS after its end', [headers(1, postFields, true), headers(1, postFields, true)]],
    ['STREAM_CLOSED', 'DATA after its reset', [headers(1), rst(1, 8), data(1, 'x')]],
  ])('%s for %s', (code, _name, frames) => {
    const harness = new Harness().feed(...frames);
    expect(harness.output()).toContain(`RST_STREAM 1 ${code}`);
    expect(harness.closeCode).toBe('open');
    harness.feed(headers(3, postFields, true));
    expect(harness.log).toContain('request 3 end 4');
  });

  test("FLOW_CONTROL_ERROR for DATA beyond the stream's window, and its bytes return to the connection", () => {
    const harness = new Harness({ settings: { initialWindowSize: 65_535, connectionWindowSize: 131_070 } });
    harness.feed(headers(1), ...Array.from({ length: 5 }, () => data(1, Buffer.alloc(16_000))));
    expect(harness.output()).toEqual(['RST_STREAM 1 FLOW_CONTROL_ERROR', 'WINDOW_UPDATE 0 80000']);
  });
});

test("FLOW_CONTROL_ERROR ends the connection for DATA beyond the connection's window", () => {
  const harness = new Harness({ settings: { connectionWindowSize: 65_535 }, limits: { maxHeldBytes: 0 } });
  harness.feed(headers(1), ...Array.from({ length: 5 }, () => data(1, Buffer.alloc(16_000))));
  expect(harness.closeCode).toBe('FLOW_CONTROL_ERROR');
});

describe('a server ends', () => {
  const client = (...frames: Buffer[]): Harness => {
    const harness = new Harness({ role: 'client' });
    harness.connection.open(headerList(postFields), true);
    harness.output();
    return harness.feed(...frames);
  };
  test.each<[string, string, Buffer[]]>([
    ['PROTOCOL_ERROR', 'a response nobody asked for', [headers(3, wire.okFields)]],
    ['PROTOCOL_ERROR', 'a stream of its own', [headers(2, postFields)]],
    ['PROTOCOL_ERROR', 'ENABLE_PUSH', [settings([2, 1])]],
    ['PROTOCOL_ERROR', 'PUSH_PROMISE', [frame(PUSH_PROMISE, Flag.END_HEADERS, 1, [0, 0, 0, 2])]],
  ])('the connection with %s by %s', (code, _name, frames) => {
    expect(client(...frames).closeCode).toBe(code);
  });
  test.each<[string, Buffer[]]>([
    ['DATA before the response', [data(1, 'x')]],
    ['a 1xx that ends the stream', [headers(1, [[':status', '103']], true)]],
    ['HEADERS in mid-stream that do not end it', [headers(1, wire.okFields), headers(1, wire.okFields)]],
    ['status 101', [headers(1, [[':status', '101']])]],
  ])('only the stream by %s', (_name, frames) => {
    const harness = client(...frames);
    expect(harness.output()).toEqual(['RST_STREAM 1 PROTOCOL_ERROR']);
    expect(harness.resets[0]).toMatchObject({ code: ErrorCode.PROTOCOL_ERROR, cause: 'violation' });
    expect(harness.closeCode).toBe('open');
  });
});
