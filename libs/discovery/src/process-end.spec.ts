import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { testDns } from './testing/dns.ts';
import { echoServer } from './testing/echo-server.ts';
import { sliceObject, testKube } from './testing/kube.ts';

const directory = fileURLToPath(new URL('..', import.meta.url));

/** A program that makes one call over each target, closes nothing, and should end all the same. */
const program = `
  import { credentials } from '@grpc/grpc-js';
  import { EchoServerClient } from '@evenly/proto/echo/echo';
  import { tokenAccess } from '@evenly/discovery';
  import { register } from '@evenly/discovery/grpc-js';
  const [server, ...targets] = process.argv.slice(1);
  register({ kubernetes: { access: tokenAccess({ server }) } });
  const options = { 'grpc.service_config': JSON.stringify({ healthCheckConfig: { serviceName: '' } }) };
  for (const target of targets) {
    const client = new EchoServerClient(target, credentials.createInsecure(), options);
    client.sayHello({ name: '' }, (error, reply) => console.log(error?.message ?? reply.message));
  }
`;

it('does not keep a process alive: watches, timers, connections and health checks let go', async () => {
  const pod = await echoServer({ health: true });
  pod.behaviour.delayMs = 200; // calls that run do keep it alive
  const dns = await testDns();
  dns.publish(['127.0.0.1', pod.endpoint.port]);
  const { server: api } = await testKube();
  api.store.put(
    sliceObject('a', {
      endpoints: [{ addresses: ['127.0.0.1'] }],
      ports: [{ name: 'grpc', protocol: 'TCP', port: pod.endpoint.port }],
    }),
  );
  const at = `127.0.0.1:${dns.server.status.port}`;
  const targets = ['k8s:///be1-srv.default:grpc', `dns+srv://${at}/${dns.name}`];
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, api.url, ...targets], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect({ code, printed }).toEqual({ code: 0, printed: `${pod.name}\n`.repeat(2) });
  pod.stop();
  await dns.server.stop();
  await api.stop();
});
