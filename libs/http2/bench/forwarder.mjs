// A plain forwarder on the engine: every call of a client connection goes to one upstream connection.
// Usage: node forwarder.mjs LISTEN_PORT UPSTREAM_PORT
import { connectHttp2, createHttp2Server, ErrorCode, SocketLoop } from '../dist/index.js';

const [listenPort, upstreamPort] = [Number(process.argv[2]), Number(process.argv[3])];
const loop = new SocketLoop();
const limits = { maxConcurrentStreams: 1000 };

/** Upstream connection, replaced when it is exhausted. `stream.user` is the other half: { connection, stream }. */
let upstream = connectUpstream();

function connectUpstream() {
  const connection = connectHttp2({
    loop,
    host: '127.0.0.1',
    port: upstreamPort,
    limits,
    events: {
      onHeaders: (stream, block, kind, endStream) => {
        const { connection: client, stream: other } = stream.user;
        client.sendHeaders(other, block, endStream);
      },
      onData: (stream, bytes, start, end, endStream) => {
        const { connection: client, stream: other } = stream.user;
        const sent = client.sendData(other, bytes, start, end, endStream);
        if (sent > 0) connection.consume(stream, sent);
      },
      onDataSent: (stream, bytes) => stream.user.connection.consume(stream.user.stream, bytes),
      onReset: (stream, { code }) => stream.user.connection.reset(stream.user.stream, code),
      onClose: () => {},
    },
  });
  return connection;
}

const server = createHttp2Server({
  loop,
  limits,
  accept: (client) => ({
    onHeaders: (stream, block, kind, endStream) => {
      if (kind === 'trailers') return stream.user.connection.sendHeaders(stream.user.stream, block, true);
      if (upstream.exhausted) upstream = connectUpstream();
      const other = upstream.open(block, endStream);
      if (other === undefined) return client().reset(stream, ErrorCode.REFUSED_STREAM);
      stream.user = { connection: upstream, stream: other };
      other.user = { connection: client(), stream };
    },
    onData: (stream, bytes, start, end, endStream) => {
      const { connection, stream: other } = stream.user;
      const sent = connection.sendData(other, bytes, start, end, endStream);
      if (sent > 0) client().consume(stream, sent);
    },
    onDataSent: (stream, bytes) => stream.user.connection.consume(stream.user.stream, bytes),
    onReset: (stream, { code }) => stream.user?.connection.reset(stream.user.stream, code),
    onClose: () => {},
  }),
});
server.listen(listenPort, '127.0.0.1', () => console.log('ready'));
