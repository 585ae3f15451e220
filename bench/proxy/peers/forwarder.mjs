// What moving bytes costs in Node, and no less: each client's connection is joined to one of its own to a backend, without a look
// at what passes. One read and one write for each piece, into and out of one buffer of its own. It balances nothing.
import { readFileSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';

const [port, tlsPort, ...addresses] = process.argv.slice(2);
const bufferBytes = 65_536;
let next = 0;

/** A connection to the next backend; `pass` gets what was read, and says whether to read on. */
function connectNext(pass) {
  const [host, backendPort] = (addresses[next++ % addresses.length] ?? '').split(':');
  return connect({ host, port: Number(backendPort), noDelay: true, onread: reading(pass) });
}

/** How sockets are told to read into one buffer. */
function reading(pass) {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  return { buffer, callback: (count) => pass(buffer.subarray(0, count)) };
}

/** Writes; what the kernel does not take at once keeps the buffer, so that nothing more is read into it. */
function write(from, to, bytes) {
  to.write(bytes);
  if (to.writableLength === 0) return true;
  to.write('', () => from.resume()); // 'drain' comes only after much has piled up
  return false;
}

function endTogether(one, other) {
  one.on('error', () => other.destroy()).on('close', () => other.destroy());
  other.on('error', () => one.destroy()).on('close', () => one.destroy());
}

createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
  // `onread` is for sockets that connect: an accepted one gives its handle to a new one, as in libs/http2/src/socket.
  const holder = /** @type {{ _handle: unknown }} */ (/** @type {unknown} */ (accepted));
  const handle = holder._handle;
  holder._handle = null;
  const onread = reading((bytes) => write(client, backend, bytes));
  const options = { handle, readable: true, writable: true, onread };
  const client = new Socket(/** @type {import('node:net').SocketConstructorOpts} */ (options));
  client.once('close', () => accepted.destroy());
  const backend = connectNext((bytes) => write(backend, client, bytes));
  endTogether(client, backend);
}).listen(Number(port), '127.0.0.1');

// OpenSSL copies what is written, and what it has read comes in memory of its own.
const certificate = { cert: readFileSync('certificate.pem'), key: readFileSync('key.pem') };
createSecureServer({ ...certificate, noDelay: true, ALPNProtocols: ['h2'] }, (client) => {
  const backend = connectNext((bytes) => {
    client.write(Buffer.from(bytes));
    return true;
  });
  client.on('data', (bytes) => backend.write(bytes));
  endTogether(client, backend);
}).listen(Number(tlsPort), '127.0.0.1');
