// A grpc-js client as anybody would write it: calls at a steady rate, each result a JSON line. A process of its own,
// since the environment decides on DNS and xDS. Ends when its stdin closes.
//   node caller.mjs '{"target": …, "ratePerS": 200, "deadlineMs": 1000, "serviceConfig": {…}, "kubeApi": …, "dns": {…}}'
import { credentials, Metadata } from '@grpc/grpc-js';
import { EchoServerClient } from '@evenly/proto/echo/echo';

const { target, ratePerS, deadlineMs, serviceConfig, kubeApi, authority, dns, use } = JSON.parse(
  process.argv[2] ?? '',
);

if (use === 'evenly') {
  const { tokenAccess } = await import('@evenly/discovery');
  const { register } = await import('@evenly/discovery/grpc-js');
  register({ dns, kubernetes: { access: tokenAccess({ server: kubeApi }) } });
}
if (use === 'xds') (await import('@grpc/grpc-js-xds')).register();

const options = {
  ...(serviceConfig && { 'grpc.service_config': JSON.stringify(serviceConfig) }),
  ...(authority && { 'grpc.default_authority': authority }),
};
const client = new EchoServerClient(target, credentials.createInsecure(), options);
const now = () => performance.timeOrigin + performance.now();

function call() {
  const startedMs = now();
  client.sayHello({ name: '' }, new Metadata(), { deadline: Date.now() + deadlineMs }, (error, reply) => {
    // Hello <name>  from hostname <pod>
    const result = error
      ? { error: `${error.code} ${error.details}` }
      : { pod: reply.message.split(' ').at(-1) };
    process.stdout.write(`${JSON.stringify({ startedMs, endedMs: now(), ...result })}\n`);
  });
}

// Open loop: what should have been sent by now is sent now, however late the timer is.
const beganMs = performance.now();
let sent = 0;
setInterval(() => {
  const due = ((performance.now() - beganMs) / 1000) * ratePerS;
  for (; sent < due; sent++) call();
}, 2);
process.stdin.on('close', () => process.exit(0)).resume();
