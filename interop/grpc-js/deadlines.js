// Calls that run into their deadline, from both sides, as ../README.md says.
//   node deadlines.js serve                              prints its port, and serves methods that are never done in time
//   node deadlines.js call TARGET METHOD COUNT TIMEOUT   prints how many calls ended with which status; TIMEOUT in ms, 0 = none
import { Client, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';

const [what, target, method, count, timeoutMs] = process.argv.slice(2);
const concurrency = 100;
const bytes = (value) => value;
process.stdin.on('close', () => process.exit(0)).resume(); // whoever started this program holds it

if (what === 'serve') serve();
else console.log(JSON.stringify(await call()));
if (what === 'call') process.exit(0);

function serve() {
  const stream = {
    requestStream: false,
    responseStream: true,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const methods = ['Heedless', 'Heedful', 'Cancelled', 'Streaming'];
  const server = new Server();
  server.addService(
    Object.fromEntries(methods.map((name) => [name, { ...stream, path: `/deadlines.Slow/${name}` }])),
    {
      Heedless: () => {},
      Heedful: (one) => one.on('cancelled', () => one.emit('error', { code: status.DEADLINE_EXCEEDED })),
      Cancelled: (one) => one.on('cancelled', () => one.emit('error', { code: status.CANCELLED })),
      Streaming: (one) => one.write(Buffer.from('first')),
    },
  );
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(port);
  });
}

async function call() {
  const client = new Client(target, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
  const ended = {};
  let left = Number(count);
  const callOnce = () =>
    new Promise((resolve) => {
      const options = Number(timeoutMs) > 0 ? { deadline: Date.now() + Number(timeoutMs) } : {};
      const stream = client.makeServerStreamRequest(
        method,
        bytes,
        bytes,
        Buffer.from('please'),
        new Metadata(),
        options,
      );
      stream.on('data', () => {});
      stream.on('error', () => {}); // `status` says it too
      stream.on('status', ({ code }) => {
        ended[status[code]] = (ended[status[code]] ?? 0) + 1;
        resolve();
      });
    });
  const work = async () => {
    while (left-- > 0) await callOnce();
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return ended;
}
