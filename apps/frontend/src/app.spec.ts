import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EchoPod } from './testing/echo-pod.ts';
import { startLocalFrontend, type LocalFrontend } from './testing/local-frontend.ts';

let pod: EchoPod;
const frontends: LocalFrontend[] = [];

beforeEach(async () => {
  pod = await new EchoPod('be1-srv-1').start();
});
afterEach(async () => {
  for (const frontend of frontends.splice(0)) {
    await frontend.stop();
    expect(frontend.logged).toEqual([]);
  }
  pod.stop();
});

async function start(options: Parameters<typeof startLocalFrontend>[0] = {}): Promise<LocalFrontend> {
  const frontend = await startLocalFrontend({ target: `dns:///127.0.0.1:${pod.port}`, ...options });
  frontends.push(frontend);
  return frontend;
}

const message = 'Hello unary RPC msg   from hostname be1-srv-1';
const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe('when every call succeeds', () => {
  it('lists the messages of 15 calls as JSON, and sends the name of the reference system', async () => {
    const { get } = await start();
    const { status: code, headers, text } = await get('/be1-srv');
    expect(code).toBe(200);
    expect(headers.get('content-type')).toContain('application/json');
    expect(JSON.parse(text)).toEqual(Array.from({ length: 15 }, () => message));
    expect(new Set(pod.requests)).toEqual(new Set(['unary RPC msg ']));
  });

  it('sends text, one message a line, when asked', async () => {
    const { get } = await start();
    const { headers, text } = await get('/be1-srv?calls=3', 'text/plain');
    expect(headers.get('content-type')).toContain('text/plain');
    expect(text).toBe(`${message}\n`.repeat(3));
  });

  it('sends a browser a page with a table of who answered, and no script', async () => {
    pod.stop();
    pod = await new EchoPod('<b>pod</b>').start();
    const { get } = await start();
    const { headers, text } = await get('/be1-srv?calls=2', browser);
    expect(headers.get('content-type')).toContain('text/html');
    expect(text).toContain('2 answers from 1 pod');
    expect(text).toContain('<th scope="row">&lt;b&gt;pod&lt;/b&gt;</th><td class="count">2</td>');
    expect(text).not.toContain('<b>');
    expect(text).not.toContain('<script');
  });

  it('makes 1 and 1000 calls', async () => {
    const { get } = await start();
    expect(JSON.parse((await get('/be1-srv?calls=1')).text)).toHaveLength(1);
    expect(JSON.parse((await get('/be1-srv?calls=1000')).text)).toHaveLength(1000);
  });

  it('makes as many at the same time as the option says', async () => {
    const { get } = await start({ concurrency: 4 });
    pod.hang = true;
    const answer = get('/be1-srv?calls=6');
    await expect.poll(() => pod.waiting).toBe(4);
    expect(pod.requests).toHaveLength(4);
    pod.resume();
    expect(JSON.parse((await answer).text)).toHaveLength(6);
  });
});

describe('bad requests', () => {
  it.each(['0', '-1', '1001', '1.5', 'abc', '', '1e2', ' 1', '99999999999999999999', '1&calls=2'])(
    'refuses calls=%s with 400',
    async (calls) => {
      const { get } = await start();
      const { status: code, text } = await get(`/be1-srv?calls=${calls}`);
      expect(code).toBe(400);
      expect(text).toContain('whole number from 1 to 1000');
      expect(pod.requests).toEqual([]);
    },
  );

  it.each([
    'Be1',
    '127.0.0.1',
    '-a',
    'a-',
    'a..b',
    'a.b.',
    'a%20b',
    'a%2Fb',
    'a:1',
    '%7Bservice%7D',
    'a'.repeat(64),
    'a.'.repeat(127) + 'a',
  ])('answers the name %s with 404', async (name) => {
    const { get, pool } = await start();
    const { status: code, text } = await get(`/${name}`);
    expect(code).toBe(404);
    expect(text).toContain('unknown service');
    expect(pool.size).toBe(0);
  });

  it('answers a service that is not on the list with 404, and one that is with 200', async () => {
    const { get } = await start({ services: ['be1-srv'] });
    expect((await get('/be2-srv')).status).toBe(404);
    expect((await get('/be1-srv')).status).toBe(200);
  });

  it.each(['/favicon.ico', '/robots.txt', '/apple-touch-icon.png', '/be1-srv/more'])(
    'makes no call for %s',
    async (path) => {
      const { get } = await start();
      expect((await get(path)).status).toBe(404);
      expect(pod.requests).toEqual([]);
    },
  );

  it('answers a path that cannot be decoded with 400', async () => {
    const { get } = await start();
    expect((await get('/%E0%A4%A')).status).toBe(400);
  });

  it('answers other methods with 405', async () => {
    const { get } = await start();
    const { status: code, headers } = await get('/be1-srv', '*/*', { method: 'POST' });
    expect(code).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD');
    expect(pod.requests).toEqual([]);
  });

  it('says errors in JSON and HTML too', async () => {
    const { get } = await start();
    const { text: json } = await get('/be1-srv?calls=0', 'application/json');
    expect(JSON.parse(json)).toMatchObject({ code: 'BAD_CALLS' });
    const { text: html } = await get('/be1-srv?calls=<i>', browser);
    expect(html).toContain('role="alert"');
    expect(html).not.toContain('<i>');
  });
});

describe('when calls fail', () => {
  it('stops after the first, with 502 and the gRPC status', async () => {
    pod.fails = () => true;
    const { get } = await start();
    const { status: code, text } = await get('/be1-srv');
    expect(code).toBe(502);
    expect(text).toBe('Could not get RPC from be1-srv: UNAVAILABLE: told to fail\n');
    expect(pod.requests).toHaveLength(1);
    const { text: json } = await get('/be1-srv', 'application/json');
    expect(JSON.parse(json)).toEqual({
      error: 'Could not get RPC from be1-srv: UNAVAILABLE: told to fail',
      code: 'UNAVAILABLE',
      failed: 1,
      calls: 15,
      messages: [],
    });
  });

  it('answers 502 when nobody listens', async () => {
    const { get } = await start();
    pod.stop();
    const { status: code, text } = await get('/be1-srv');
    expect(code).toBe(502);
    expect(text).toMatch(/^Could not get RPC from be1-srv: UNAVAILABLE: .*ECONNREFUSED/);
  });

  it('reports how many of the calls failed, with the messages that came', async () => {
    pod.fails = (call) => call % 5 === 0;
    const { get } = await start();
    const { status: code, text } = await get('/be1-srv');
    expect(code).toBe(502);
    expect(JSON.parse(text)).toEqual({
      error: 'Could not get RPC from be1-srv: 3 of 15 calls failed: UNAVAILABLE: told to fail',
      code: 'UNAVAILABLE',
      failed: 3,
      calls: 15,
      messages: Array.from({ length: 12 }, () => message),
    });
    const { text: lines } = await get('/be1-srv', 'text/plain');
    expect(lines.split('\n')[0]).toContain('3 of 15 calls failed');
    expect(lines.split('\n').slice(1, -1)).toEqual(Array.from({ length: 12 }, () => message));
  });

  it('does not give up while another call may still succeed', async () => {
    pod.fails = (call) => call === 1;
    const { get } = await start({ concurrency: 2 });
    const { status: code, text } = await get('/be1-srv');
    expect(code).toBe(502);
    const report = JSON.parse(text) as { failed: number; messages: string[] };
    expect(report.failed).toBe(1);
    expect(report.messages).toHaveLength(14);
  });

  it('lets no text of a pod pass for a line of its own', async () => {
    pod.fails = () => true;
    pod.failure = { code: status.INTERNAL, details: 'one\ntwo' };
    const { get } = await start();
    expect((await get('/be1-srv')).text).toBe('Could not get RPC from be1-srv: INTERNAL: one two\n');
  });

  it('answers 504 when a pod accepts the call and never answers', async () => {
    pod.hang = true;
    const { get } = await start({ callTimeout: 1000 });
    const { status: code, text } = await get('/be1-srv');
    expect(code).toBe(504);
    expect(text).toMatch(/^Could not get RPC from be1-srv: DEADLINE_EXCEEDED: /);
    expect(pod.requests).toHaveLength(1);
  });

  it('answers 504 with what came when the time of the whole request is over', async () => {
    const { get } = await start({ requestTimeout: 1500 });
    pod.fails = (call) => {
      pod.hang = call > 2;
      return false;
    };
    const { status: code, text } = await get('/be1-srv?calls=1000');
    expect(code).toBe(504);
    expect(JSON.parse(text)).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      failed: 1,
      calls: 1000,
      messages: [message, message],
    });
    expect(text).toContain('time limit of the request');
  });

  it('refuses a reply that is too big', async () => {
    pod.stop();
    pod = await new EchoPod('x'.repeat(20_000)).start();
    const { get } = await start();
    const { status: code, text } = await get('/be1-srv');
    expect(code).toBe(502);
    expect(text).toContain('RESOURCE_EXHAUSTED');
  });
});

describe('limits', () => {
  it('cancels the remaining calls when the client goes away', async () => {
    const { get, registry } = await start();
    pod.hang = true;
    const gone = new AbortController();
    const answer = get('/be1-srv', '*/*', { signal: gone.signal });
    await expect.poll(() => pod.waiting).toBe(1);
    gone.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => pod.cancelled).toBe(1);
    await expect.poll(() => registry.metrics()).toContain('frontend_requests_total{status="499"} 1');
    expect(pod.requests).toHaveLength(1);
  });

  it('answers 503 when too many requests are in flight', async () => {
    const { get } = await start({ maxRequests: 1 });
    pod.hang = true;
    const first = get('/be1-srv?calls=1');
    await expect.poll(() => pod.waiting).toBe(1);
    const { status: code, headers } = await get('/be1-srv');
    expect(code).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    pod.resume();
    expect((await first).status).toBe(200);
    expect((await get('/be1-srv')).status).toBe(200);
  });
});

it('says at / how to use it, in text and as a page', async () => {
  const { get } = await start({ services: ['be1-srv'] });
  expect((await get('/')).text).toContain('?calls=n');
  expect((await get('/', browser)).text).toContain('<a href="/be1-srv">be1-srv</a>');
});

it('keeps /healthz for itself', async () => {
  const { get } = await start();
  expect((await get('/healthz')).text).toBe('ok\n');
});

it('counts calls by service and status, but takes no name that no pod answered for', async () => {
  const { get, registry } = await start();
  await get('/be1-srv?calls=2');
  pod.fails = () => true;
  await get('/be2-srv');
  const text = await registry.metrics();
  expect(text).toContain('grpc_client_handled_total{service="be1-srv",grpc_code="OK"} 2');
  expect(text).toContain('grpc_client_handled_total{service="other",grpc_code="UNAVAILABLE"} 1');
  expect(text).toContain('grpc_client_handling_seconds_count{service="be1-srv"} 2');
  expect(text).not.toContain('be2-srv');
});
