import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import type { ConnectionEvents, StreamReset } from '../connection/events.ts';
import type { Stream } from '../connection/stream.ts';
import { errorCodeName, type Http2Error } from '../errors.ts';
import { CLIENT_PREFACE, Flag, FrameType } from '../frames/constants.ts';
import type { HeaderBlock, HeaderInput } from '../headers/block.ts';
import { headerList } from '../headers/block.ts';
import { Decoder } from '../hpack/decoder.ts';
import { Encoder } from '../hpack/encoder.ts';

/** A frame as bytes. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array | number[] = [],
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, 9);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const settings = (...pairs: [id: number, value: number][]): Buffer =>
  frame(
    FrameType.SETTINGS,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.from([0, id, ...uint32(value)]))),
  );
export const settingsAck = (): Buffer => frame(FrameType.SETTINGS, Flag.ACK, 0);
export const data = (id: number, content: string | Uint8Array, endStream = false): Buffer =>
  frame(FrameType.DATA, endStream ? Flag.END_STREAM : 0, id, Buffer.from(content));
export const windowUpdate = (id: number, increment: number): Buffer =>
  frame(FrameType.WINDOW_UPDATE, 0, id, uint32(increment));
export const rst = (id: number, code: number): Buffer => frame(FrameType.RST_STREAM, 0, id, uint32(code));
export const ping = (text = '12345678', flags = 0): Buffer =>
  frame(FrameType.PING, flags, 0, Buffer.from(text));
export const goaway = (last: number, code: number): Buffer =>
  frame(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(last), uint32(code)]));

export const postFields: HeaderInput[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/echo.Echo/Say'],
  [':authority', 'a.example'],
];
export const okFields: HeaderInput[] = [[':status', '200']];

/** Stateless encoding: a table of size 0, so blocks do not depend on each other. */
export function block(fields: HeaderInput[]): Buffer {
  const encoder = new Encoder(4096);
  return Buffer.from(encoder.encode(headerList(fields)));
}

export const headers = (id: number, fields: HeaderInput[] = postFields, endStream = false): Buffer =>
  frame(FrameType.HEADERS, Flag.END_HEADERS | (endStream ? Flag.END_STREAM : 0), id, block(fields));

/** A frame as the engine sent it, in words: `'RST_STREAM 1 CANCEL'`, `'DATA 1 end 5'`, `'HEADERS 1 :status=200'`. */
export function describeFrames(bytes: Buffer, decoder: Decoder): string[] {
  const words: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    const payload = bytes.subarray(at + 9, at + 9 + length);
    words.push(describe(bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5), payload, decoder));
    at += 9 + length;
  }
  return words;
}

function describe(type: number, flags: number, id: number, payload: Buffer, decoder: Decoder): string {
  const name = Object.keys(FrameType)[type] ?? `TYPE_${type}`;
  const end = flags & Flag.END_STREAM ? ' end' : '';
  switch (type) {
    case FrameType.DATA:
      return `DATA ${id}${end} ${payload.length}`;
    case FrameType.HEADERS: {
      const list = decoder.decode(payload, 0, payload.length, { maxFields: 1000, maxListBytes: 1e6 }).fields;
      return `HEADERS ${id}${end} ${list.map((field) => `${field.name}=${field.value}`).join(' ')}`;
    }
    case FrameType.RST_STREAM:
      return `RST_STREAM ${id} ${errorCodeName(payload.readUInt32BE(0))}`;
    case FrameType.GOAWAY:
      return `GOAWAY ${payload.readUInt32BE(0)} ${errorCodeName(payload.readUInt32BE(4))}`;
    case FrameType.WINDOW_UPDATE:
      return `WINDOW_UPDATE ${id} ${payload.readUInt32BE(0)}`;
    case FrameType.SETTINGS:
    case FrameType.PING:
      return `${name}${flags & Flag.ACK ? ' ACK' : ''}`;
    default:
      return `${name} ${id}`;
  }
}

export interface HarnessOptions extends Partial<Pick<ConnectionOptions, 'limits' | 'settings' | 'memory'>> {
  readonly role?: 'client' | 'server';
  /** Skip the peer's preface and SETTINGS: the test sends them. */
  readonly raw?: boolean;
  readonly events?: Partial<ConnectionEvents>;
  /** Of the transport. */
  readonly flush?: () => void;
}

/** A connection whose other side is the test, byte by byte. Time stands until `tick`. */
export class Harness {
  readonly connection: Connection;
  readonly decoder = new Decoder();
  readonly streams: Stream[] = [];
  readonly log: string[] = [];
  readonly resets: StreamReset[] = [];
  nowMs = 1000;
  closedWith: Http2Error | undefined | 'open' = 'open';
  /** Times that output was announced. */
  outputs = 0;
  /** Times that it was announced as output that may wait. */
  patientOutputs = 0;
  finished = false;

  constructor(options: HarnessOptions = {}) {
    const role = options.role ?? 'server';
    const { limits, settings: local, memory } = options;
    this.connection = new Connection({
      role,
      nowMs: this.nowMs,
      ...(limits && { limits }),
      ...(local && { settings: local }),
      ...(memory && { memory }),
      transport: {
        onOutput: () => this.outputs++,
        onPatientOutput: () => this.patientOutputs++,
        onFinished: () => (this.finished = true),
        ...(options.flush && { flush: options.flush }),
      },
      events: { ...this.events(), ...options.events },
    });
    if (options.raw) return;
    this.output();
    if (role === 'server') this.feed(Buffer.from(CLIENT_PREFACE), settings(), settingsAck());
    else this.feed(settings(), settingsAck());
    this.output();
  }

  private events(): ConnectionEvents {
    return {
      onHeaders: (stream, list: HeaderBlock, kind, endStream) => {
        if (!this.streams.includes(stream)) this.streams.push(stream);
        this.log.push(`${kind} ${stream.id}${endStream ? ' end' : ''} ${list.fields.length}`);
      },
      onData: (stream, bytes, start, end, endStream) => {
        this.log.push(
          `data ${stream.id}${endStream ? ' end' : ''} ${bytes.toString('latin1', start, end).slice(0, 20)}`,
        );
      },
      onReset: (stream, reset) => {
        this.resets.push(reset);
        this.log.push(`reset ${stream.id} ${errorCodeName(reset.code)} ${reset.cause}`);
      },
      onStreamEnd: (stream) => this.log.push(`ended ${stream.id}`),
      onGoaway: (last, code) => this.log.push(`goaway ${last} ${errorCodeName(code)}`),
      onClose: (error) => (this.closedWith = error),
    };
  }

  /** Gives the connection these frames in one chunk. */
  feed(...frames: Uint8Array[]): this {
    this.connection.receive(Buffer.concat(frames), this.nowMs);
    return this;
  }

  tick(milliseconds: number): this {
    this.nowMs += milliseconds;
    this.connection.tick(this.nowMs);
    return this;
  }

  /** What the connection sent since the last call, in words. */
  output(): string[] {
    return describeFrames(this.take(), this.decoder);
  }

  take(): Buffer {
    const pieces: Buffer[] = [];
    for (
      let piece = this.connection.takeOutput();
      piece !== undefined;
      piece = this.connection.takeOutput()
    ) {
      pieces.push(Buffer.from(piece));
    }
    this.connection.outputDone();
    const bytes = Buffer.concat(pieces);
    return bytes.subarray(0, 24).toString('latin1') === CLIENT_PREFACE ? bytes.subarray(24) : bytes;
  }

  /** The code the connection ended with, or `'open'`. */
  get closeCode(): string {
    if (this.closedWith === 'open') return 'open';
    return this.closedWith === undefined ? 'NO_ERROR' : errorCodeName(this.closedWith.http2Code);
  }
}
