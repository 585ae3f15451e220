import { request } from 'node:http';
import { eventually, isAlive } from '@evenly/local-cluster/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli.ts';
import type { LabStatus } from '../lab.ts';
import { start } from '../start.ts';
import { TestHost, testPrograms } from '../testing/index.ts';

const host = new TestHost();
let exit: Promise<number>;
let port: number;

beforeAll(async () => {
  const args = [
    '--port',
    '0',
    '--lab-port',
    '0',
    '--xds-port',
    '0',
    '--refresh',
    '100ms',
    '--output',
    'json',
  ];
  exit = start(args, host.for(), testPrograms);
  await eventually(() => expect(host.out).toContain('"what":"lab"'));
  port = host.events.at(-1)!.port as number;
});
afterAll(async () => {
  host.signal('SIGTERM');
  await exit;
});

/** A request with any headers, which fetch would not allow. */
async function send(method: string, path: string, body = '', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      void response.toArray().then((chunks) => {
        const text = Buffer.concat(chunks as Buffer[]).toString();
        resolve({
          status: response.statusCode!,
          body: response.headers['content-type']?.includes('json') ? JSON.parse(text) : text,
        });
      }, reject);
    });
    outgoing.on('error', reject).end(body);
  });
}
const json = { 'content-type': 'application/json' };
const status = async () => (await send('GET', '/status')).body as LabStatus;
const podNames = async (service: string) =>
  (await status()).services.find(({ name }) => name === service)!.pods.map(({ name }) => name);

afterEach(async () => {
  await send('POST', '/services/be1-srv/scale', '{"replicas":2}', json);
});

describe('the REST API', () => {
  it('scales', async () => {
    const { status, body } = await send('POST', '/services/be1-srv/scale', '{"replicas":4}', json);
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'be1-srv', replicas: 4 });
    expect(await podNames('be1-srv')).toHaveLength(4);
  });

  it('restarts a service and an app, which keeps its port', async () => {
    const before = await podNames('be2-srv');
    const app = (await status()).apps[0]!;
    await send('POST', '/services/be2-srv/restart');
    const { body } = await send('POST', '/apps/xds-server/restart');
    expect((await podNames('be2-srv')).filter((name) => before.includes(name))).toEqual([]);
    expect(body).toMatchObject({ state: 'running', restarts: 1, ports: { xds: app.ports.xds } });
    expect((body as { pid: number }).pid).not.toBe(app.pid);
  });

  it('changes pods', async () => {
    const [pod] = await podNames('be1-srv');
    expect(await send('POST', `/pods/${pod}/unhealthy`)).toEqual({
      status: 200,
      body: { pod, behaviour: { healthy: false } },
    });
    expect((await send('POST', `/pods/${pod}/healthy`)).body).toMatchObject({ behaviour: { healthy: true } });
    expect((await send('POST', `/pods/${pod}/behaviour`, '{"healthy":false}', json)).status).toBe(200);
    expect((await send('GET', `/pods/${pod}/log`)).body).toContain('"listening"');
    expect((await send('POST', `/pods/${pod}/kill`)).body).toEqual({ pod, killed: true });
    await eventually(async () => expect(await podNames('be1-srv')).toHaveLength(2));
    expect(await podNames('be1-srv')).not.toContain(pod);
  });

  it('takes a service’s name for any of its pods: pods have other names after a restart', async () => {
    const pods = (await podNames('be1-srv')).map((pod) => ({ pod }));
    const done = async (operation: string) => (await send('POST', `/pods/be1-srv/${operation}`)).body;
    const first = await done('unhealthy');
    const second = await done('unhealthy');
    expect(pods).toContainEqual({ pod: (first as { pod: string }).pod });
    expect((second as { pod: string }).pod).not.toBe((first as { pod: string }).pod);
    expect(await done('healthy')).toMatchObject({ behaviour: { healthy: true } });
    expect(await done('healthy')).toMatchObject({ behaviour: { healthy: true } });
    const behaviours = (await status()).services[0]!.pods.map(({ behaviour }) => behaviour);
    expect(behaviours).not.toContainEqual(expect.objectContaining({ healthy: false }));
  });

  it('stops and starts DNS', async () => {
    const { port: dnsPort } = (await status()).dns;
    expect((await send('POST', '/dns/stop')).body).toMatchObject({ state: 'stopped' });
    expect((await send('POST', '/dns/start')).body).toMatchObject({ state: 'running', port: dnsPort });
  });
});

describe('another scenario', () => {
  it('takes the place of the one that runs; one change at a time', async () => {
    const before = (await status()).services.flatMap(({ pods }) => pods.map(({ pid }) => pid!));
    const switching = send('POST', '/scenario', '{"name":"canary"}', json);
    await eventually(async () => expect(await status()).toMatchObject({ changing: true }));
    expect((await send('POST', '/load', '{"rate":5}', json)).status).toBe(409);
    expect((await switching).body).toMatchObject({ scenario: 'canary', changing: false });
    expect(before.filter(isAlive)).toEqual([]);
    const shares = { 'be1-srv': 99, 'be1-srv-v2': 1 };
    expect((await send('POST', '/shares', JSON.stringify(shares), json)).body).toMatchObject({ shares });
    for (const bad of [
      '{"be1-srv":0,"be1-srv-v2":0}',
      '{"be1-srv":1}',
      '{"be1-srv":-1,"be1-srv-v2":2}',
      '{"x":"y"}',
    ])
      expect((await send('POST', '/shares', bad, json)).status).toBe(400);
    expect((await send('POST', '/load', '{"rate":0}', json)).body).toMatchObject({ rate: 0 });
    expect((await status()).apps.map(({ name }) => name)).not.toContain('client');
    expect((await send('POST', '/scenario', '{"name":"xds-dns-srv"}', json)).status).toBe(200);
    expect((await send('POST', '/shares', JSON.stringify(shares), json)).status).toBe(400);
  });

  it('is one of those that are listed', async () => {
    const { body } = await send('GET', '/scenarios');
    expect((body as { name: string }[]).map(({ name }) => name)).toContain('xds-k8s');
    const { status, body: error } = await send('POST', '/scenario', '{"name":"istio"}', json);
    expect([status, (error as { error: { code: string } }).error.code]).toEqual([404, 'UNKNOWN_SCENARIO']);
    expect((await send('POST', '/scenario', '{}', json)).status).toBe(400);
    expect((await send('POST', '/load', '{"rate":1001}', json)).status).toBe(400);
  });
});

describe('the page', () => {
  it('is served with what it needs, and lets no other script run', async () => {
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(await page.text()).toContain('<title>Evenly lab</title>');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    for (const file of [
      'style.css',
      'common.js',
      'grpc-web.js',
      'live-charts.js',
      'live-tables.js',
      'live.js',
      'd3.js',
      'plot.js',
    ])
      expect((await fetch(`http://127.0.0.1:${port}/${file}`)).status).toBe(200);
  });

  it('is told each second what runs', async () => {
    const { body } = await fetch(`http://127.0.0.1:${port}/events`);
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: look')) text += (await reader.read()).value ?? '';
    expect(text).toMatch(/event: history\ndata: \[/);
    expect(text).toContain('"scenario":"xds-dns-srv"');
    await reader.cancel();
  });

  it('has room for so many readers', async () => {
    const all = await Promise.all(Array.from({ length: 21 }, () => fetch(`http://127.0.0.1:${port}/events`)));
    expect(all.map((each) => each.status).sort()).toEqual([...Array<number>(20).fill(200), 429]);
    for (const { body } of all) await body?.cancel();
  });
});

describe('the REST API refuses', () => {
  it.each([
    ['an unknown service', '/services/be3-srv/scale', '{"replicas":1}', 404, /there are: be1-srv, be2-srv/],
    ['to restart one', '/services/be3-srv/restart', '', 404, /there are: be1-srv, be2-srv/],
    ['an unknown pod', '/pods/be1-srv-99/unhealthy', '', 404, /there are: be1-srv-\d+, /],
    ['an unknown app', '/apps/proxy/restart', '', 404, /there are: xds-server, frontend/],
    ['an unknown operation', '/pods/be1-srv-1/hug', '', 404, /there are GET \/status/],
    [
      'less than nothing',
      '/services/be1-srv/scale',
      '{"replicas":-1}',
      400,
      /^expected \{"replicas": n\} with n from 0 to 50, got /,
    ],
    [
      'too much',
      '/services/be1-srv/scale',
      '{"replicas":10000}',
      400,
      /^expected \{"replicas": n\} with n from 0 to 50, got /,
    ],
    [
      'half a pod',
      '/services/be1-srv/scale',
      '{"replicas":1.5}',
      400,
      /^expected \{"replicas": n\} with n from 0 to 50, got /,
    ],
    [
      'no number',
      '/services/be1-srv/scale',
      '{"replicas":"2"}',
      400,
      /^expected \{"replicas": n\} with n from 0 to 50, got /,
    ],
    ['another field', '/services/be1-srv/scale', '{"replica":2}', 400, /replica.*from 0 to 50/],
    ['no body', '/services/be1-srv/scale', '', 400, /expected \{"replicas": n\}/],
    ['what is not JSON', '/services/be1-srv/scale', '{"replicas":', 400, /JSON/],
    ['a path that cannot be decoded', '/services/%E0%A4%A/restart', '', 400, /decode/],
  ])('%s', async (_, path, body, expected, message) => {
    const response = await send('POST', path, body, json);
    expect(response.status).toBe(expected);
    expect((response.body as { error: { message: string } }).error.message).toMatch(message);
  });

  it('a behaviour that the pod refuses, with its reason', async () => {
    const [pod] = await podNames('be1-srv');
    expect(await send('POST', `/pods/${pod}/behaviour`, '{"healthy":"perhaps"}', json)).toEqual({
      status: 400,
      body: { error: { code: 'BAD_BEHAVIOUR', message: `${pod}: healthy: expected true or false` } },
    });
  });

  it.each([
    ['a body that does not say it is JSON', { 'content-type': 'text/plain' }, 400],
    ['a body without type', {}, 400],
    ['a Host that is not this machine', { ...json, host: 'evil.example' }, 403],
    ['a Host that only starts alike', { ...json, host: 'localhost.evil.example:80' }, 403],
    ['a web page from elsewhere', { ...json, origin: 'http://evil.example' }, 403],
    ['a web page without origin', { ...json, origin: 'null' }, 403],
  ])('%s', async (_, headers, expected) => {
    const before = await podNames('be1-srv');
    const response = await send('POST', '/services/be1-srv/scale', '{"replicas":3}', headers);
    expect(response.status).toBe(expected);
    expect(await podNames('be1-srv')).toEqual(before);
  });

  it('but not its own page', async () => {
    const headers = { ...json, host: `localhost:${port}`, origin: `http://localhost:${port}` };
    expect((await send('POST', '/services/be1-srv/scale', '{"replicas":2}', headers)).status).toBe(200);
  });
});

describe('the small commands', () => {
  const run = async (...args: string[]) => {
    const terminal = new TestHost({ EVENLY_LAB_PORT: String(port) });
    return { code: await runCli(terminal.for(...args)), out: terminal.out, err: terminal.err };
  };

  it('do what the API does', async () => {
    expect(await run('scale', 'be1-srv', '3')).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^be1-srv: 3 of 3 pods run\n( {2}be1-srv-\d+: running, pid \d+, 127.0.0.1:\d+\n){3}/,
      ) as string,
    });
    const [pod] = await podNames('be1-srv');
    expect(await run('unhealthy', pod!)).toEqual({ code: 0, out: `${pod}: unhealthy\n`, err: '' });
    expect((await run('status')).out).toContain(`${pod}: running, unhealthy, pid`);
    expect((await run('status')).out).toContain('be1-srv: 3 of 3 pods run, 1 of them unhealthy\n');
    expect((await run('behaviour', pod!, '{"healthy":true,"delay":"200ms"}')).out).toBe(
      `${pod}: delay 200ms\n`,
    );
    expect((await run('behaviour', pod!, '{"healthy":true,"delay":"0s"}')).out).toBe(`${pod}: as at first\n`);
    expect((await run('kill', pod!)).out).toBe(`${pod}: killed\n`);
    expect((await run('restart', 'be1-srv')).code).toBe(0);
    expect(await podNames('be1-srv')).not.toContain(pod);
    expect((await run('restart', 'frontend')).out).toBe('frontend: restarted\n');
    expect((await run('dns', 'stop')).out).toBe('DNS: stopped\n');
    expect((await run('dns', 'start')).out).toBe('DNS: running\n');
    expect((await run('status')).out).toMatch(
      /^scenario xds-dns-srv, pid \d+\nDNS: running.*\nxds-server: running/,
    );
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({ scenario: 'xds-dns-srv' });
  });

  it.each([
    [['scale', 'be1-srv', 'many'], /^lab: replicas: expected a whole number from 0 to 50, got "many"\n$/],
    [['scale', 'be1-srv', '-1'], /from 0 to 50/],
    [['scale', 'be1-srv', '10000'], /from 0 to 50/],
    [['scale', 'be3-srv', '1'], /no service "be3-srv"; there are: be1-srv, be2-srv/],
    [['scale', 'be1-srv'], /missing required argument 'replicas'/],
    [['behaviour', 'be1-srv-1', '{'], /not JSON/],
    [['unhealthy', '../dns/stop'], /no pod "..\/dns\/stop"/],
    [['dns', 'restart'], /no POST \/dns\/restart/],
    [['status', '--lab-port', 'x'], /expected a port from 0 to 65535/],
    [['fly'], /unknown command 'fly'/],
  ])('say what is wrong with %j', async (args, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(64);
    expect(err).toMatch(message);
  });

  it('say that there are no pods', async () => {
    expect((await run('scale', 'be2-srv', '0')).out).toBe(
      'be2-srv: 0 of 0 pods run\n  no pods: nobody answers calls\n',
    );
    expect(await run('unhealthy', 'be2-srv')).toMatchObject({ err: 'lab: be2-srv has no pod that runs\n' });
    expect((await run('scale', 'be2-srv', '2')).code).toBe(0);
  });

  it('name a program that was killed, how, and what brings it back', async () => {
    const { pid } = (await status()).apps.find(({ name }) => name === 'frontend')!;
    process.kill(pid!, 'SIGKILL');
    const back = `npm run lab -- restart frontend --lab-port ${port}`;
    await eventually(() =>
      expect(host.events.at(-1)!.msg).toMatch(
        new RegExp(`^frontend was killed by SIGKILL; its last lines:\n[^]*\nTo bring it back: ${back}$`),
      ),
    );
    expect((await run('status')).out).toContain(
      `frontend: was killed by SIGKILL; to bring it back: ${back}\n`,
    );
    expect((await run('restart', 'frontend')).code).toBe(0);
    expect((await run('status')).out).toContain('frontend: running');
  });

  it('say so when there is no lab', async () => {
    const { code, err } = await run('status', '--lab-port', '1');
    expect(code).toBe(69);
    expect(err).toBe('lab: no lab answers on port 1; start it with: npm start (another port: --lab-port)\n');
  });

  it('have help', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    for (const name of ['start', 'scale', 'restart', 'unhealthy', 'status'])
      expect(out).toContain(`\n  ${name}`);
    expect((await run('start', '--help')).out).toContain('--xds-port');
  });
});
