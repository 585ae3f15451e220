// Answers SayHello with a name, as the control plane of the bootstrap says: arguments are HOST:PORT and the name.
import { EchoServerService } from '@evenly/proto/echo/echo';
import { ServerCredentials } from '@grpc/grpc-js';
import { XdsServer, XdsServerCredentials } from '@grpc/grpc-js-xds';

const [address, name] = process.argv.slice(2);
const server = new XdsServer();
server.addService(EchoServerService, {
  sayHello: (_call, done) => done(null, { message: `Hello from ${name}` }),
});
const creds = new XdsServerCredentials(ServerCredentials.createInsecure());
server.bindAsync(address, creds, (error) => {
  if (error) throw error;
});
server.addServingStateListener?.(address, ({ code, details }) =>
  process.stderr.write(`${code} ${details}\n`),
);
process.stdin.resume().on('end', () => process.exit(0));
