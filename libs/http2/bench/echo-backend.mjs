// The backend of the bench, on the engine: answers each call with its content, and grpc-status as trailers.
// Usage: node echo-backend.mjs PORT
import { createHttp2Server, headerList, SocketLoop } from '../dist/index.js';

const answer = headerList(
  [
    [':status', '200'],
    ['content-type', 'application/grpc'],
  ],
  { reusable: true },
);
const trailers = headerList([['grpc-status', '0']], { reusable: true });
const server = createHttp2Server({
  loop: new SocketLoop(),
  limits: { maxConcurrentStreams: 1000 },
  accept: (connection) => ({
    onHeaders: (stream, _block, kind, endStream) => {
      if (kind === 'request') connection().sendHeaders(stream, answer, false);
      if (endStream) connection().sendHeaders(stream, trailers, true);
    },
    onData: (stream, bytes, start, end, endStream) => {
      const sent = connection().sendData(stream, bytes, start, end, false);
      if (sent > 0) connection().consume(stream, sent);
      if (endStream) connection().sendHeaders(stream, trailers, true);
    },
    onDataSent: (stream, bytes) => connection().consume(stream, bytes),
    onReset: () => {},
    onClose: () => {},
  }),
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
