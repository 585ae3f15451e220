// One arm: a grpc-js client process that makes unary calls, a fixed number at a time, and says how many it got done and
// what CPU that took. A process of its own, so that no arm inherits another one's warm code.
//   node arm.mjs '{"target": …, "policy": {…}, "concurrency": 50, "warmupMs": …, "measureMs": …}'
import { credentials } from '@grpc/grpc-js';
import { EchoServerClient } from '@evenly/proto/echo/echo';

const { target, policy, concurrency, warmupMs, measureMs } = JSON.parse(process.argv[2] ?? '');
if (Object.keys(policy).some((name) => name.startsWith('evenly_'))) await import('@evenly/discovery/grpc-js');

const serviceConfig = JSON.stringify({ loadBalancingConfig: [policy] });
const client = new EchoServerClient(target, credentials.createInsecure(), {
  'grpc.service_config': serviceConfig,
});

let done = 0;
let failed = 0;
let stopped = false;
function next() {
  client.sayHello({ name: '' }, (error) => {
    if (error) failed++;
    else done++;
    if (!stopped) next();
  });
}
for (let index = 0; index < concurrency; index++) next();

setTimeout(() => {
  const before = { done, cpu: process.cpuUsage(), atMs: performance.now() };
  setTimeout(() => {
    stopped = true;
    const cpu = process.cpuUsage(before.cpu);
    const calls = done - before.done;
    const seconds = (performance.now() - before.atMs) / 1000;
    const cpuUsPerCall = (cpu.user + cpu.system) / calls;
    console.log(JSON.stringify({ callsPerS: calls / seconds, cpuUsPerCall, failed }));
    client.close();
  }, measureMs);
}, warmupMs);
