// A gRPC backend that takes 20 ms for each call and keeps a ledger: a line per call on stdout, with the call's id, when it
// begins. Whoever reads the ledgers of all backends knows what ran twice. On SIGTERM it ends in order.
// Usage: node ledger-backend.mjs HOST PORT
import { Server, ServerCredentials } from '@grpc/grpc-js';

const [host, port] = process.argv.slice(2);
const bytes = (value) => value;
const method = { path: '/echo.EchoServer/SayHello', requestStream: false, responseStream: false };
const codec = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};

const server = new Server();
server.addService(
  { sayHello: { ...method, ...codec } },
  {
    sayHello: (call, reply) => {
      process.stdout.write(`call ${call.request}\n`);
      setTimeout(() => reply(null, call.request), 20);
    },
  },
);
server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
  if (error) throw error;
  process.stdout.write(`listening ${bound}\n`);
});
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
process.stdin.on('close', () => process.exit(0)).resume(); // nothing is left behind when the test dies
