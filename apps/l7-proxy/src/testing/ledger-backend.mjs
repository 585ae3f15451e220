// A gRPC backend that takes 20 ms for each call and keeps a ledger: a line per call with its id, written before it begins.
// Whoever reads the ledgers of all backends knows what ran twice. On SIGTERM it ends in order, as grpc-js does.
// On node:http2 alone, which is not our engine. It calls itself first: code that has not run yet is ten times as slow, and a
// backend that gets 1,000 calls a second the moment it listens would be behind for a second.
// Usage: node ledger-backend.mjs HOST PORT LEDGER-FILE
import { openSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';

const [host, port, file = ''] = process.argv.slice(2);
const workMs = 20;
const warmUpCalls = 500;
const ledger = openSync(file, 'a');
const sessions = new Set();
const server = createServer();

server.on('session', (session) => {
  sessions.add(session);
  session.on('close', () => sessions.delete(session)).on('error', () => {});
});
server.on('stream', (stream) => {
  let message = Buffer.alloc(0);
  stream.on('error', () => {}); // the caller has gone
  stream.on('data', (/** @type {Buffer} */ bytes) => (message = Buffer.concat([message, bytes])));
  stream.on('end', () => {
    const id = message.subarray(5).toString();
    if (id !== '') writeSync(ledger, `${id}\n`);
    setTimeout(() => answer(stream, message), id === '' ? 0 : workMs);
  });
});

function answer(stream, message) {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(message);
}

async function warmUp() {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${portOf(server)}`);
  for (let count = 0; count < warmUpCalls; count += 50) {
    await Promise.all(
      Array.from({ length: 50 }, () => once(session.request(post).resume().end(noMessage), 'end')),
    );
  }
  session.close();
  await new Promise((resolve) => server.close(resolve));
}

const portOf = (listening) => /** @type {import('node:net').AddressInfo} */ (listening.address()).port;

const post = { ':method': 'POST', ':path': '/', 'content-type': 'application/grpc' };
const noMessage = Buffer.alloc(5);

await warmUp();
server.listen(Number(port), host); // throws if the port is taken
await once(server, 'listening');
process.stdout.write('listening\n');
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  for (const session of sessions) session.close();
});
process.stdin.on('close', () => process.exit(0)).resume(); // nothing is left behind when the test dies
