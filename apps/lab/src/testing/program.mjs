// Stands for any of the lab's programs in tests: takes their options, listens on what it is told to stand for.
//   node program.mjs WHAT [--port N] [--fault crash] …
import { createServer } from 'node:http';

const [what, ...args] = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const host = option('--host') ?? '127.0.0.1';
const log = (fields) => console.log(JSON.stringify({ app: what, ...fields }));
const behaviour = { healthy: true };

process.stdin.on('close', () => process.exit(0)).resume();
process.on('SIGTERM', () => process.exit(0));

if (process.env.FAULT === what) {
  console.error(`${what} is out of order`);
  process.exit(1);
}
listen(what, Number(option('--port')), (_body, request) => ({
  args,
  bootstrap: process.env.GRPC_XDS_BOOTSTRAP,
  url: request.url,
}));
listen('admin', 0, (body, request) => {
  if (request.method !== 'PATCH') return behaviour;
  if (typeof body.healthy !== 'boolean') throw new Error('healthy: expected true or false');
  return Object.assign(behaviour, body);
});

function listen(name, port, answer) {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    try {
      const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
      response.end(JSON.stringify(answer(body, request)));
    } catch (error) {
      response.writeHead(400).end(error instanceof Error ? error.message : String(error));
    }
  });
  server.listen(port, host, () =>
    log({
      event: 'listening',
      what: name,
      .../** @type {import('node:net').AddressInfo} */ (server.address()),
    }),
  );
}
