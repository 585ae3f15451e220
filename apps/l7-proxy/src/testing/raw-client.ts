import {
  connectHttp2,
  HeaderBlock,
  SocketLoop,
  type Connection,
  type Stream,
  type StreamReset,
} from '@evenly/http2';

export type RawFields = readonly (readonly [name: string, value: string])[];

/** All that came back of a request. */
export interface RawResponse {
  status: number;
  fields: [string, string][];
  /** Statuses of 1xx that came before. */
  informational: number[];
  informationalFields: [string, string][][];
  content: string;
  trailers: [string, string][] | undefined;
  reset: StreamReset | undefined;
  get(name: string): string | undefined;
}

/** What a stream knows: who waits for its response. */
export interface Waiting {
  answer: RawResponse;
  done: (answer: RawResponse) => void;
}

/** A client that sends any fields, also those that no client library would. */
export class RawClient {
  readonly connection: Connection<Waiting>;

  constructor(port: number) {
    this.connection = connectHttp2({
      host: '127.0.0.1',
      port,
      loop: new SocketLoop(),
      events: {
        onHeaders: (stream, block, kind) => {
          const { answer } = stream.user!;
          const fields = block.fields.map(({ name, value }): [string, string] => [name, value]);
          const status = Number(block.get(':status') ?? 0);
          if (kind === 'informational') {
            answer.informational.push(status);
            answer.informationalFields.push(fields);
          } else if (kind === 'trailers') answer.trailers = fields;
          else Object.assign(answer, { status, fields });
        },
        onData: (stream, bytes, start, end) => {
          stream.user!.answer.content += bytes.toString('latin1', start, end);
          this.connection.consume(stream, end - start);
        },
        onReset: (stream, reset) => {
          const { answer, done } = stream.user!;
          answer.reset = reset;
          done(answer);
        },
        onStreamEnd: (stream) => {
          const { answer, done } = stream.user!;
          done(answer);
        },
        onClose: () => {},
      },
    });
  }

  /** @param content undefined: the header block ends the request */
  request(fields: RawFields, content?: Buffer, trailers?: RawFields): Promise<RawResponse> {
    const isWhole = content === undefined && trailers === undefined;
    const { stream, answer } = this.open(fields, isWhole);
    if (content !== undefined)
      this.connection.sendData(stream, content, 0, content.length, trailers === undefined);
    if (trailers !== undefined) this.connection.sendHeaders(stream, blockOf(trailers), true);
    return answer;
  }

  /** A request that may go on. */
  open(fields: RawFields, endStream = false): { stream: Stream<Waiting>; answer: Promise<RawResponse> } {
    const stream = this.connection.open(blockOf(fields), endStream)!;
    const answer = new Promise<RawResponse>((resolve) => {
      const empty: RawResponse = {
        status: 0,
        fields: [],
        informational: [],
        informationalFields: [],
        content: '',
        trailers: undefined,
        reset: undefined,
        get: (name) => empty.fields.find(([one]) => one === name)?.[1],
      };
      stream.user = { answer: empty, done: resolve };
    });
    return { stream, answer };
  }

  /** Statuses of 1xx so far. */
  informationalOf(stream: Stream<Waiting>): number[] {
    return stream.user!.answer.informational;
  }

  close(): void {
    this.connection.close();
  }
}

/** Unchecked, unlike `headerList`. */
export function blockOf(fields: RawFields): HeaderBlock {
  return new HeaderBlock(
    fields.map(([name, value]) => ({ name, value, sensitive: false })),
    0,
    false,
  );
}

/** A request of gRPC, or with `type: ''` a plain one. Fields of a name that is there already replace it; `undefined` removes. */
export function requestOf(
  change: Record<string, string | undefined> = {},
  more: RawFields = [],
): [string, string][] {
  const all: Record<string, string | undefined> = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/echo.EchoServer/SayHello',
    ':authority': 'echo',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...change,
  };
  const known = Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined);
  return [...known, ...more.map(([name, value]): [string, string] => [name, value])];
}

/** A plain GET. */
export const getOf = (change: Record<string, string | undefined> = {}, more: RawFields = []) =>
  requestOf({ ':method': 'GET', 'content-type': undefined, te: undefined, ...change }, more);
