// The same job on node:http2 in and out: every call to the next of two backends, headers and trailers passed on.
import { readFileSync } from 'node:fs';
import { connect, createSecureServer, createServer } from 'node:http2';

const [port, tlsPort, ...addresses] = process.argv.slice(2);
const sessions = addresses.map((address) => connect(`http://${address}`));
let next = 0;
const onStream = (stream, headers) => {
  const upstream = sessions[next++ % sessions.length]?.request(headers);
  if (upstream === undefined) throw new Error('no backend was given');
  upstream.on('response', (answer) => stream.respond(answer, { waitForTrailers: true }));
  let trailers = {};
  upstream.on('trailers', (fields) => (trailers = fields));
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  upstream.on('error', () => stream.close());
  stream.on('error', () => upstream.close());
  stream.pipe(upstream);
  upstream.pipe(stream);
};
const settings = { maxConcurrentStreams: 1000 };
const certificate = { cert: readFileSync('certificate.pem'), key: readFileSync('key.pem') };
createServer({ settings }).on('stream', onStream).listen(Number(port), '127.0.0.1');
createSecureServer({ settings, ...certificate })
  .on('stream', onStream)
  .listen(Number(tlsPort), '127.0.0.1');
