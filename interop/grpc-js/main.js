// Calls echo.EchoServer/SayHello in a loop and prints who answered, as ../README.md says.
// The bootstrap for xds targets comes from GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG, as always in grpc-js-xds.
// --through ADDRESS: all calls go to a proxy there, with what the target names as authority.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EchoServerClient } from '@evenly/proto/echo/echo';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import { register, XdsChannelCredentials } from '@grpc/grpc-js-xds';

const callTimeoutMs = 10_000;
const pauseAfterResponseMs = 3;
const pauseAfterFailureMs = 100;

const { values, positionals: calls } = parseArgs({
  options: { through: { type: 'string' } },
  allowPositionals: true,
});

register();
const clients = new Map();
for (const call of calls) {
  const [target, header = ''] = call.split('#');
  if (!clients.has(target)) clients.set(target, connect(target));
  void callForever(clients.get(target), call, metadataOf(header));
}
// Whoever started this program holds its stdin: when that closes, nobody is left to read the answers.
process.stdin.resume().on('end', () => process.exit(0));

function connect(target) {
  // Plaintext, but for xds targets whose service wants something else.
  const xds = () => new XdsChannelCredentials(credentials.createInsecure());
  if (values.through === undefined)
    return new EchoServerClient(target, target.startsWith('xds:') ? xds() : credentials.createInsecure());
  const options = { 'grpc.default_authority': target.replace(/^.*\//, '') };
  return new EchoServerClient(values.through, credentials.createInsecure(), options);
}

/** @param header NAME=VALUE, or empty */
function metadataOf(header) {
  const metadata = new Metadata();
  const [name, value] = header.split('=');
  if (value !== undefined) metadata.set(name, value);
  return metadata;
}

async function callForever(client, call, metadata) {
  for (;;) {
    const answer = await sayHello(client, metadata);
    process.stdout.write(`${JSON.stringify({ call, ...answer })}\n`);
    await delay('error' in answer ? pauseAfterFailureMs : pauseAfterResponseMs);
  }
}

function sayHello(client, metadata) {
  return new Promise((resolve) => {
    const deadline = Date.now() + callTimeoutMs;
    client.sayHello({ name: 'JavaScript' }, metadata, { deadline }, (error, reply) => {
      if (error) resolve({ error: `${status[error.code]}: ${error.details}` });
      else resolve({ from: reply.message.split(' ').at(-1) });
    });
  });
}
