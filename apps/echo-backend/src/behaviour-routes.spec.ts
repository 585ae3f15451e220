import { AdminRoutes, listenHttp, type HttpListener } from '@evenly/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LiveBehaviour } from './behaviour.ts';
import { addBehaviourRoutes } from './behaviour-routes.ts';

const initial = { healthy: true, delayMs: 0, failRatio: 0, hang: false };
let behaviour: LiveBehaviour;
let listener: HttpListener;

beforeEach(async () => {
  behaviour = new LiveBehaviour(initial);
  const routes = new AdminRoutes((error) => expect.fail(String(error)));
  addBehaviourRoutes(routes, behaviour);
  listener = await listenHttp(
    (request, response) => routes.handle(request, response, () => response.destroy()),
    { host: '127.0.0.1', port: 0, option: '--admin-port' },
  );
});
afterEach(() => listener.close());

async function patch(body: string): Promise<{ status: number; json: unknown }> {
  const url = `http://127.0.0.1:${listener.port}/behaviour`;
  const response = await fetch(url, { method: 'PATCH', body });
  return { status: response.status, json: await response.json() };
}

it('changes what is given, leaves the rest, and shows the result', async () => {
  const { status, json } = await patch('{"delay": "200ms", "failRatio": 0.5}');
  expect(status).toBe(200);
  expect(json).toEqual({ healthy: true, delay: '200ms', failRatio: 0.5, hang: false });
  expect(behaviour.now).toEqual({ healthy: true, delayMs: 200, failRatio: 0.5, hang: false });
  const shown = await fetch(`http://127.0.0.1:${listener.port}/behaviour`);
  expect(await shown.json()).toEqual(json);
});

it('tells who watches', async () => {
  const seen: boolean[] = [];
  behaviour.watch(({ healthy }) => seen.push(healthy));
  await patch('{"healthy": false}');
  expect(seen).toEqual([true, false]);
});

it.each([
  ['{"healthy": "no"}', 'healthy', 'must be true or false, got "no"'],
  ['{"delay": "200"}', 'delay', 'duration'],
  ['{"delay": "-1s"}', 'delay', 'duration'],
  ['{"delay": "11m"}', 'delay', '600000ms'],
  ['{"delay": 200}', 'delay', 'must be a text, got 200'],
  ['{"failRatio": 1.5}', 'failRatio', 'must be at most 1, got 1.5'],
  ['{"failRatio": -0.1}', 'failRatio', 'must be at least 0, got -0.1'],
  ['{"failRatio": "0.5"}', 'failRatio', 'must be a number, got "0.5"'],
  ['{"failRatio": null}', 'failRatio', 'must be a number, got null'],
  ['{"hang": 1}', 'hang', 'must be true or false, got 1'],
  [
    '{"hanging": true}',
    'hanging',
    'is not a field that is known here: known are healthy, delay, failRatio, hang',
  ],
  ['{"failratio": 1}', 'failratio', 'is not a field that is known here; did you mean failRatio?'],
  ['[]', 'body', 'object'],
  ['{}', 'body', 'at least one of'],
  ['', 'body', 'at least one of'],
  ['{"healthy": ', 'body', 'JSON'],
])('refuses %s: field and reason, nothing changed', async (body, field, reason) => {
  const { status, json } = await patch(body);
  expect(status).toBe(400);
  expect(json).toMatchObject({ faults: [{ field, reason: expect.stringContaining(reason) as string }] });
  expect(behaviour.now).toEqual(initial);
});

it('names every fault, not only the first', async () => {
  const { json } = await patch('{"healthy": 1, "failRatio": 2, "hang": true}');
  expect((json as { faults: unknown[] }).faults).toHaveLength(2);
  expect(behaviour.now).toEqual(initial);
});

it('refuses a body that is too long', async () => {
  const { status, json } = await patch(`{"delay": "${'1'.repeat(5000)}s"}`);
  expect(status).toBe(413);
  expect(json).toMatchObject({ faults: [{ field: 'body' }] });
});
