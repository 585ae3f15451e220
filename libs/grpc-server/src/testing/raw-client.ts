import {
  connectHttp2,
  headerList,
  SocketLoop,
  type Connection,
  type HeaderBlock,
  type Stream,
} from '@evenly/http2';

const path = '/test.Test/Echo';

/** What a client saw of one call. */
export interface RawCall {
  stream: Stream<RawCall>;
  /** Header blocks, the last one with the status. */
  blocks: HeaderBlock[];
  bytes: number;
  reset: number | undefined;
}

/** A client that sends what a test likes, and reads no more than the test lets it. */
export function rawClient(port: number, options: { windowBytes?: number; reads?: boolean } = {}) {
  const { windowBytes = 65_535, reads = true } = options;
  const goaways: number[] = [];
  let closed = false;
  const connection: Connection<RawCall> = connectHttp2({
    loop: new SocketLoop(),
    host: '127.0.0.1',
    port,
    settings: { initialWindowSize: windowBytes },
    events: {
      onHeaders: (stream, block) => void stream.user!.blocks.push(block),
      onData: (stream, _bytes, start, end) => {
        stream.user!.bytes += end - start;
        if (reads) connection.consume(stream, end - start);
      },
      onReset: (stream, { code }) => (stream.user!.reset = code),
      onGoaway: (lastStreamId) => goaways.push(lastStreamId),
      onClose: () => (closed = true),
    },
  });
  return {
    connection,
    goaways,
    isClosed: () => closed,
    call: (overrides: Record<string, string | undefined> = {}, endStream = false): RawCall => {
      const headers = {
        ':method': 'POST',
        ':scheme': 'http',
        ':path': path,
        ':authority': 'test',
        'content-type': 'application/grpc',
        ...overrides,
      };
      const fields = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]],
      );
      const stream = connection.open(headerList(fields), endStream)!;
      const call = { stream, blocks: [], bytes: 0, reset: undefined };
      stream.user = call;
      return call;
    },
    send: ({ stream }: RawCall, bytes: Uint8Array, endStream = false) =>
      void connection.sendData(stream, bytes, 0, bytes.length, endStream),
    close: () => connection.close(),
  };
}

/** The status of a call; undefined while it has none. */
export const statusOf = ({ blocks }: RawCall) => {
  const code = blocks.at(-1)?.get('grpc-status');
  return code === undefined ? undefined : Number(code);
};

export const messageOf = ({ blocks }: RawCall) =>
  decodeURIComponent(blocks.at(-1)?.get('grpc-message') ?? '');
