// The same forwarder on node:http2. Usage: node node-forwarder.mjs LISTEN_PORT UPSTREAM_PORT
import http2 from 'node:http2';

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number);
const upstream = http2.connect(`http://127.0.0.1:${upstreamPort}`);
const server = http2.createServer();
server.on('stream', (stream, headers) => {
  const call = upstream.request(headers);
  call.on('response', (answer) => stream.respond(answer, { waitForTrailers: true }));
  /** @type {http2.IncomingHttpHeaders | undefined} */
  let trailers;
  call.on('trailers', (came) => (trailers = came));
  stream.on('wantTrailers', () => (trailers ? stream.sendTrailers(trailers) : stream.close()));
  call.on('error', () => stream.close());
  stream.on('error', () => call.close());
  stream.pipe(call);
  call.pipe(stream);
});
server.listen(listenPort, '127.0.0.1', () => console.log('ready'));
