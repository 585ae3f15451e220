import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { GrpcClient } from './testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from './testing/harness.ts';
import { scriptedBackend, type ScriptedBackend } from './testing/scripted-backend.ts';

/*
 * Configs that must not be put to use. Each is refused with file, line and field by `check`, at the start (exit 64), and on
 * a reload, where the last good one stays.
 */

const service = `services:
  echo:
    source: { static: { endpoints: ['127.0.0.1:1'] } }
`;

const bad: readonly [string, string, RegExp][] = [
  [
    'a service that is not there',
    `${service}routes:
  - match: {}
    to: [{ service: echo }, { service: nobody }]
`,
    /:6: routes\[0\]\.to\[1\]: leads to the service "nobody", which is not in the config; known: echo/,
  ],
  [
    'a subset that is not there',
    `${service}routes:
  - to: [{ service: echo, subset: v2 }]
`,
    /:5: routes\[0\]\.to\[0\]: leads to the subset "v2" of "echo"/,
  ],
  [
    'a route that can never match',
    `${service}routes:
  - match: { path: { prefix: /echo. } }
    to: [{ service: echo }]
  - match: { path: { exact: /echo.EchoServer/SayHello } }
    to: [{ service: echo }]
`,
    /:7: routes\[1\]: can never match: .*:5: routes\[0\] comes first and takes all of its calls/,
  ],
  [
    'weights that sum to 0',
    `${service}routes:
  - to: [{ service: echo, weight: 0 }]
`,
    /:5: routes\[0\]: has weights that are all 0/,
  ],
  [
    'a certificate of a listener that does not parse',
    `${service}listeners:
  - name: secure
    port: 0
    tls: { cert: bad.pem, key: bad.pem }
`,
    /:7: listeners\[0\]\.tls\.cert: .*bad\.pem: .*no certificate in PEM/,
  ],
  [
    'an authority of a service that does not parse',
    `${service}    tls:
      ca: bad.pem
`,
    /:5: services\.echo\.tls\.ca: .*bad\.pem: .*no certificate in PEM/,
  ],
  [
    'retry and hedge together',
    `${service}routes:
  - to: [{ service: echo }]
    retry: { attempts: 2 }
    hedge: { attempts: 2 }
`,
    /:7: routes\[0\]\.hedge: must have one of retry and hedge, not both/,
  ],
];

let directory: string;
let backend: ScriptedBackend;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'l7-proxy-'));
  await writeFile(join(directory, 'bad.pem'), 'no certificate');
  backend = await scriptedBackend({ onEnd: (call) => call.reply() });
});
afterAll(async () => {
  await backend.close();
  await rm(directory, { recursive: true });
});

const main = new URL('../dist/main.js', import.meta.url).pathname;
async function run(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

async function fileOf(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

describe.each(bad)('%s', (_, text, fault) => {
  const named = new RegExp(`mesh\\.yaml${fault.source}`);

  it('is said by `check`', async () => {
    const lines: string[] = [];
    const code = await check([await fileOf('mesh.yaml', text)], (line) => lines.push(line));
    expect({ code, lines }).toEqual({ code: 64, lines: [expect.stringMatching(named)] });
  });

  it('is refused at the start', async () => {
    const outcome = await run(
      '--config',
      await fileOf('mesh.yaml', text),
      '--host',
      '127.0.0.1',
      '--port',
      '0',
    );
    expect(outcome).toEqual({ code: 64, output: expect.stringMatching(named) as string });
  });

  it('is refused on a reload, and the last good config stays', async () => {
    await using proxy = await startProxy(oneService([backend.address]));
    await proxy.write(text.replaceAll('bad.pem', join(directory, 'bad.pem')));
    const refusals = () => proxy.log.filter(({ message }) => message.startsWith('config refused'));
    await expect.poll(() => refusals().length).toBe(1);
    expect(refusals()[0]!.fields['reason']).toMatch(named);
    await answers(proxy);
  });
});

it('`check` warns of what is hardly meant, and is content', async () => {
  const lines: string[] = [];
  const guarded = oneService([]).replace('match: {}', 'match: { method: GET }');
  expect(await check([await fileOf('guarded.yaml', guarded)], (line) => lines.push(line))).toBe(0);
  expect(lines).toEqual([
    expect.stringContaining('good (services: 1'),
    expect.stringMatching(/^warning: .*guarded\.yaml:2: services\.echo: has an implicit route/),
  ]);
});

async function answers(proxy: RunningProxy): Promise<void> {
  const client = new GrpcClient(proxy.address);
  expect(await client.unary()).toMatchObject({ code: 'OK' });
  client.close();
}

it('`check` starts nothing: no port is opened, nobody is called, and it ends', async () => {
  const taken = createServer(() => {}).listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const before = backend.connections;
  // The proxy itself could not start with this: the port is taken.
  const config = `${oneService([backend.address])}listeners:\n  - { name: in, address: 127.0.0.1, port: ${port} }\n`;
  expect(await run('check', await fileOf('good.yaml', config))).toEqual({
    code: 0,
    output: expect.stringContaining('good.yaml: good (services: 1, routes: 1, listeners: 1)') as string,
  });
  expect(backend.connections).toBe(before);
  taken.close();
});
