import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as grpc from './index.ts';
import { rawClient, statusOf } from './testing/raw-client.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('the example of the README works as it stands', async () => {
  const code = /```js\n(.*?)\/\/ …/s.exec(readme)![1]!.replace(/^import .*$/gm, '');
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the example's own text, so that it cannot go stale
  const run = new Function(
    ...Object.keys(grpc),
    `return (async () => { ${code} return { server, port }; })()`,
  );
  const { server, port } = (await (run as (...values: unknown[]) => unknown)(...Object.values(grpc))) as {
    server: grpc.GrpcServer;
    port: number;
  };
  const client = rawClient(port);
  for (const path of ['/test.Test/Shout', '/test.Test/Echo']) {
    const call = client.call({ ':path': path });
    client.send(call, grpc.lengthPrefixed(Buffer.from('hello')), true);
    await expect.poll(() => statusOf(call)).toBe(0);
    expect(call.bytes).toBe(10);
  }
  client.close();
  await server.close(AbortSignal.timeout(5000), 1000, 'the end');
});
