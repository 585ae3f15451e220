// The same job on node:http2 in and out: every call to the next of two backends, headers and trailers passed on.
import { connect, createServer } from 'node:http2';

const sessions = process.argv.slice(3).map((address) => connect(`http://${address}`));
let next = 0;
const server = createServer({ settings: { maxConcurrentStreams: 1000 } });
server.on('stream', (stream, headers) => {
  const upstream = sessions[next++ % sessions.length].request(headers);
  upstream.on('response', (answer) => stream.respond(answer, { waitForTrailers: true }));
  let trailers = {};
  upstream.on('trailers', (fields) => (trailers = fields));
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  upstream.on('error', () => stream.close());
  stream.on('error', () => upstream.close());
  stream.pipe(upstream);
  upstream.pipe(stream);
});
server.listen(Number(process.argv[2]), '127.0.0.1');
