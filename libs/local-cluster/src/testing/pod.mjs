// A pod for tests: listens on `grpc` and `admin`, and misbehaves when told to.
//   node pod.mjs --name NAME --host HOST [--fault crash|silent|ignore-sigterm|shout|wrong-lines]
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    name: { type: 'string', default: 'pod' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    fault: { type: 'string', default: '' },
  },
});
const { name, host, port, fault } = options;
const log = (fields) => console.log(JSON.stringify({ app: 'pod', name, ...fields }));

process.stdin.on('close', () => process.exit(0)).resume();
process.on('SIGTERM', () => {
  log({ msg: 'SIGTERM' });
  if (fault !== 'ignore-sigterm') process.exit(0);
});

if (fault === 'crash') {
  console.error('no license for flux compensator');
  process.exit(3);
}
if (fault === 'shout') process.stdout.write(`${'A'.repeat(100_000)}\n`);
if (fault === 'wrong-lines')
  console.log('{"event":"listening"\n{"event":"listening","what":7}\nnull "listening"');
if (fault !== 'silent') serve();

function serve() {
  const behaviour = { healthy: true };
  listen(
    'grpc',
    createServer((socket) => socket.end(name)),
  );
  listen(
    'admin',
    createHttpServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.method === 'PATCH') {
        const { healthy } = JSON.parse(body);
        if (typeof healthy !== 'boolean') {
          response.writeHead(400).end('healthy: expected true or false');
          return;
        }
        behaviour.healthy = healthy;
      }
      response.end(JSON.stringify(behaviour));
    }),
  );
}

function listen(what, server) {
  server.listen(what === 'grpc' ? Number(port) : 0, host, () =>
    log({ event: 'listening', what, ...server.address() }),
  );
}
