import http2 from 'node:http2';
import fc from 'fast-check';

/* node:http2 as the other side: the peer, and the oracle, of tests. */

export interface NodeAnswer {
  status: number;
  content: string;
  trailers: Record<string, unknown>;
  error: string;
}

/** One call of a node:http2 client, its content written in pieces. */
export function nodeCall(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  pieces: readonly Buffer[],
): Promise<NodeAnswer> {
  return new Promise((resolve) => {
    const answer: NodeAnswer = { status: 0, content: '', trailers: {}, error: '' };
    const request = session.request(
      { ':method': 'POST', ':path': '/echo', ...headers },
      { endStream: false },
    );
    const content: Buffer[] = [];
    request.on('response', (response: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader) => {
      answer.status = response[':status'] ?? 0;
    });
    request.on('trailers', (trailers: http2.IncomingHttpHeaders) => (answer.trailers = { ...trailers }));
    request.on('data', (chunk: Buffer) => content.push(chunk));
    request.on('error', (error: Error) => (answer.error = error.message));
    request.on('close', () => resolve({ ...answer, content: Buffer.concat(content).toString('latin1') }));
    for (const piece of pieces) request.write(piece);
    request.end();
  });
}

/** Bytes that tell where they are. */
export function pattern(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
}

/** Echoes content and says grpc-status in trailers, as `echoing` does. */
export function nodeEchoServer(): http2.Http2Server {
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.pipe(stream);
  });
  return server;
}

export const anyName = fc.stringMatching(/^x-[a-z0-9_.-]{1,20}$/);
export const anyValue = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,40}[\x21-\x7e])?$/),
  fc.constantFrom('', 'same', 'x'.repeat(300)),
);
