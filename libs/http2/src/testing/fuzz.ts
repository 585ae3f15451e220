import { Connection } from '../connection/connection.ts';
import type { ConnectionEvents } from '../connection/events.ts';
import type { Stream } from '../connection/stream.ts';
import { ErrorCode } from '../errors.ts';
import { CLIENT_PREFACE, Flag, FrameType } from '../frames/constants.ts';
import { headerList } from '../headers/block.ts';
import type { Limits } from '../limits.ts';
import * as wire from './wire.ts';

/** A small generator of pseudo-random numbers (xorshift32): the seed alone makes the run. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 1;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % below;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

const okBlock = headerList(wire.okFields, { reusable: true });
const postBlock = headerList(wire.postFields, { reusable: true });
const trailerBlock = headerList([['grpc-status', '0']], { reusable: true });
const values = [0, 1, 2, 100, 16_384, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** Limits small enough for a short sequence to reach them. */
const limits: Partial<Limits> = {
  maxConcurrentStreams: 10,
  maxHeaderBlockBytes: 20_000,
  maxHeaderListBytes: 8_000,
  maxHeldBytes: 200_000,
  maxQueuedBytesPerStream: 300_000,
  maxUnsentBytes: 300_000,
};

/**
 * Runs one mutated sequence of frames against a connection whose application answers, echoes, resets and drains.
 * Throws what escapes the engine, or when it holds more than its limits allow.
 */
export function fuzzOnce(random: Random): void {
  const role = random.pick(['client', 'server'] as const);
  const fuzzed = new FuzzedApplication(random);
  const connection = new Connection({
    role,
    nowMs: 1,
    limits,
    events: fuzzed.events,
    transport: { onOutput: () => undefined, onFinished: () => fuzzed.finished++ },
  });
  fuzzed.connection = connection;
  let nowMs = 1;
  const opening = [wire.settings(), wire.settingsAck()];
  if (role === 'server') opening.unshift(Buffer.from(CLIENT_PREFACE));
  else for (let count = 0; count < 3; count++) connection.open(postBlock, random.below(2) === 0);
  connection.receive(Buffer.concat(opening), nowMs);
  const peer = new FuzzedPeer(random, role);
  const frames = 5 + random.below(40);
  for (let count = 0; count < frames; count++) {
    feed(connection, mutate(peer.frame(), random), random, (nowMs += random.below(50)));
    if (random.below(20) === 0) connection.tick((nowMs += random.below(5000)));
    if (random.below(10) === 0) connection.setWritable(random.below(2) === 0);
    if (random.below(3) > 0) drainOutput(connection);
    checkBounds(connection);
  }
  connection.transportClosed();
  if (fuzzed.closed !== 1) throw new Error(`onClose came ${fuzzed.closed} times`);
  if (connection.heldBytes !== 0) throw new Error(`${connection.heldBytes} bytes held after the end`);
  if (connection.streamCount !== 0) throw new Error('streams after the end');
}

/** An application that does, by chance, everything an application may do inside the callbacks. */
class FuzzedApplication {
  connection!: Connection;
  closed = 0;
  finished = 0;
  readonly events: ConnectionEvents;
  private readonly over = new Set<Stream>();

  constructor(random: Random) {
    this.events = {
      onHeaders: (stream, _block, kind) => {
        if (this.over.has(stream)) throw new Error('headers after the end of a stream');
        if (kind !== 'request') return;
        if (random.below(2) === 0) this.connection.hold(stream);
        if (random.below(3) > 0) this.connection.sendHeaders(stream, okBlock, random.below(4) === 0);
        if (random.below(10) === 0) this.connection.release(stream);
      },
      onData: (stream, bytes, start, end) => {
        if (this.over.has(stream)) throw new Error('data after the end of a stream');
        const action = random.below(8);
        if (action === 0) this.connection.reset(stream, ErrorCode.CANCEL);
        else if (action > 1) this.connection.consume(stream, end - start);
        if (stream.localEnded || stream.closed || !stream.sentFinal) return;
        if (action < 5) this.connection.sendData(stream, bytes, start, end, false);
        else if (action === 5) this.connection.sendHeaders(stream, trailerBlock, true);
        else if (action === 6) this.connection.sendData(stream, Buffer.alloc(50_000), 0, 50_000, true);
      },
      onReset: (stream) => this.end(stream),
      onStreamEnd: (stream) => this.end(stream),
      onGoaway: () => {
        if (random.below(2) === 0) this.connection.drain(1000);
      },
      onClose: () => this.closed++,
    };
  }

  private end(stream: Stream): void {
    if (!stream.closed) throw new Error('an ended stream that is not closed');
    if (this.over.has(stream)) throw new Error('a stream that ended twice');
    this.over.add(stream);
  }
}

/** The test's side of the conversation: it mostly keeps the rules, so that sequences get deep before they break one. */
class FuzzedPeer {
  private readonly random: Random;
  private readonly role: 'client' | 'server';
  /** The next stream a client would open; of a fuzzed client, 1, 3 and 5 are open. */
  private nextId: number;

  constructor(random: Random, fuzzedRole: 'client' | 'server') {
    this.random = random;
    this.role = fuzzedRole;
    this.nextId = fuzzedRole === 'server' ? 1 : 7;
  }

  frame(): Buffer {
    const { random } = this;
    if (random.below(25) === 0) return this.wildFrame();
    const id = this.knownId();
    const end = random.below(4) === 0;
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
        return wire.data(id, Buffer.alloc(random.pick([0, 1, 5, 1000, 16_384])), end);
      case 3:
      case 4:
      case 5:
        return this.role === 'server' ? this.request(end) : wire.headers(id, wire.okFields, end);
      case 6:
        return wire.headers(id, [['grpc-status', '0']], true);
      case 7:
        return wire.rst(id, random.below(14));
      case 8:
        return wire.windowUpdate(random.below(2) * id, random.pick([1, 63, 100, 16_384, 65_535]));
      case 9:
        return wire.settings([random.pick([1, 3, 4, 6, 9]), random.pick([0, 1, 100, 65_535, 1_000_000])]);
      case 10:
        return wire.ping();
      default:
        return random.below(10) === 0 ? wire.goaway(id, 0) : this.request(end);
    }
  }

  private knownId(): number {
    const opened = Math.max(1, (this.nextId - 1) / 2);
    return this.random.below(Math.min(opened, 12)) * 2 + Math.max(1, this.nextId - 24);
  }

  private request(end: boolean): Buffer {
    if (this.role === 'client') return wire.headers(this.knownId(), [[':status', '103']]);
    const id = this.nextId;
    this.nextId += 2;
    const fields = this.random.pick([
      wire.postFields,
      [...wire.postFields, ['content-length', '5'] as const],
      [...wire.postFields, ['x-id', String(id)] as const],
    ]);
    const list = wire.block(fields);
    if (this.random.below(8) > 0) return wire.headers(id, fields, end);
    return Buffer.concat([
      wire.frame(FrameType.HEADERS, end ? 1 : 0, id, list.subarray(0, 3)),
      wire.frame(FrameType.CONTINUATION, Flag.END_HEADERS, id, list.subarray(3)),
    ]);
  }

  /** Any frame type, flags, stream and values. */
  private wildFrame(): Buffer {
    const { random } = this;
    const id = random.below(8);
    const value = random.pick(values);
    switch (random.below(8)) {
      case 0:
        return wire.rst(id, value);
      case 1:
        return wire.windowUpdate(id, value);
      case 2:
        return wire.settings([random.below(8), value]);
      case 3:
        return wire.goaway(id, value);
      case 4:
        return wire.frame(FrameType.CONTINUATION, random.below(5), id, wire.block(wire.postFields));
      case 5:
        return wire.frame(FrameType.HEADERS, random.below(64), id, wire.block(wire.postFields));
      default:
        return wire.frame(
          random.below(14),
          random.below(256),
          id,
          Buffer.alloc(random.below(20), random.below(256)),
        );
    }
  }
}

/** Leaves most frames as they are; flips, cuts or repeats some. */
function mutate(frame: Buffer, random: Random): Buffer {
  const at = random.below(frame.length);
  switch (random.below(120)) {
    case 0:
      frame[at] = random.below(256);
      return frame;
    case 1:
      frame[at]! ^= 1 << random.below(8);
      return frame;
    case 2:
      return frame.subarray(0, at);
    case 3:
      return Buffer.concat(Array.from({ length: 1 + random.below(200) }, () => frame));
    default:
      return frame;
  }
}

function feed(connection: Connection, bytes: Buffer, random: Random, nowMs: number): void {
  const cut = random.below(3) === 0 ? random.below(bytes.length + 1) : bytes.length;
  connection.receive(bytes.subarray(0, cut), nowMs);
  connection.receive(bytes.subarray(cut), nowMs);
}

function drainOutput(connection: Connection): void {
  while (connection.takeOutput() !== undefined);
  connection.outputDone();
}

function checkBounds(connection: Connection): void {
  // One chunk of frames may be answered before the check; no more than that may pass the limit.
  if (connection.unsentBytes > 2_000_000) throw new Error(`${connection.unsentBytes} bytes unsent`);
  if (connection.heldBytes > 10 * 262_144) throw new Error(`${connection.heldBytes} bytes held`);
  if (connection.streamCount > 10 + 3) throw new Error(`${connection.streamCount} streams`);
}
