import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serviceNameLabel, type EndpointSliceObject } from './objects.ts';
import { KubeApi } from './server.ts';

const tokens = new Set(['right']);
const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const headers = { authorization: 'Bearer right' };

let api: KubeApi;
const opened: AbortController[] = [];
beforeEach(async () => (api = await new KubeApi({ tokens }).start()));
afterEach(async () => {
  for (const controller of opened.splice(0)) controller.abort();
  await api.stop();
});

const slice = (name: string, service: string, address = '10.0.0.1'): EndpointSliceObject => ({
  metadata: { name, namespace: 'default', labels: { [serviceNameLabel]: service } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: [{ name: 'grpc', protocol: 'TCP', port: 50051 }],
});

interface List {
  metadata: { resourceVersion: string; continue?: string };
  items: EndpointSliceObject[];
}

async function get(query: Record<string, string> = {}, pathname = path) {
  const response = await fetch(`${api.url}${pathname}?${new URLSearchParams(query).toString()}`, { headers });
  return {
    code: response.status,
    body: (await response.json()) as List & { reason?: string; message?: string },
  };
}

/** Collects the events of a watch, as `TYPE name`. */
async function watch(query: Record<string, string> = {}) {
  const controller = new AbortController();
  opened.push(controller);
  const search = new URLSearchParams({ watch: '1', ...query }).toString();
  const response = await fetch(`${api.url}${path}?${search}`, { headers, signal: controller.signal });
  const events: string[] = [];
  let ended = false;
  void (async () => {
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    for await (const line of createInterface(body)) {
      const { type, object } = JSON.parse(line) as {
        type: string;
        object: EndpointSliceObject & { code?: number };
      };
      events.push(`${type} ${object.metadata.name ?? object.code ?? object.metadata.resourceVersion}`);
    }
  })()
    .catch(() => undefined) // cut connections are part of the tests
    .finally(() => (ended = true));
  return { events, ended: () => ended, stop: () => controller.abort() };
}

describe('KubeApi', () => {
  it('reads one object by its name', async () => {
    api.store.put(slice('be1-a', 'be1-srv'));
    const found = await get({}, `${path}/be1-a`);
    expect(found).toMatchObject({ code: 200, body: { kind: 'EndpointSlice', metadata: { name: 'be1-a' } } });
    expect(await get({}, `${path}/be2-a`)).toMatchObject({ code: 404, body: { reason: 'NotFound' } });
  });

  it('refuses kinds that may not be read', async () => {
    api.faults.forbidKinds = ['endpointslices'];
    expect((await get()).code).toBe(403);
    expect((await get({}, '/api/v1/services')).code).toBe(200);
  });

  it('lists by label and namespace, with one resource version', async () => {
    api.store.put(slice('be1-a', 'be1-srv'));
    api.store.put(slice('be2-a', 'be2-srv'));
    const { body } = await get({ labelSelector: `${serviceNameLabel}=be1-srv` });
    expect(body).toMatchObject({ kind: 'EndpointSliceList', apiVersion: 'discovery.k8s.io/v1' });
    expect(body.items.map(({ metadata }) => metadata.name)).toEqual(['be1-a']);
    expect(body.metadata.resourceVersion).toBe(`${api.store.version}`);
    expect((await get({}, path.replace('default', 'other'))).body.items).toEqual([]);
    expect((await get({}, '/apis/discovery.k8s.io/v1/endpointslices')).body.items).toHaveLength(2);
  });

  it('lists page by page the state of the first page, and says when that is gone', async () => {
    for (const name of ['a', 'b', 'c']) api.store.put(slice(name, 'be1-srv'));
    const first = await get({ limit: '2' });
    expect(first.body.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    api.store.delete('default', 'c');
    const { metadata } = first.body;
    const second = await get({ limit: '2', continue: metadata.continue! });
    expect(second.body.items.map((each) => each.metadata.name)).toEqual(['c']);
    expect(second.body.metadata).toEqual({ resourceVersion: metadata.resourceVersion });
    api.expireHistory();
    expect(await get({ continue: metadata.continue! })).toMatchObject({
      code: 410,
      body: { reason: 'Expired' },
    });
  });

  it('watches from a version on, by label', async () => {
    api.store.put(slice('be1-a', 'be1-srv'));
    const { body } = await get();
    api.store.put(slice('be1-a', 'be1-srv', '10.0.0.2'));
    const query = {
      labelSelector: `${serviceNameLabel}=be1-srv`,
      resourceVersion: body.metadata.resourceVersion,
    };
    const { events } = await watch(query);
    await expect.poll(() => events).toEqual(['MODIFIED be1-a']);
    api.store.put(slice('be2-a', 'be2-srv'));
    api.store.put(slice('be1-b', 'be1-srv'));
    api.store.put(slice('be1-b', 'be2-srv')); // the label goes elsewhere
    api.store.delete('default', 'be1-a');
    await expect.poll(() => events.slice(1)).toEqual(['ADDED be1-b', 'DELETED be1-b', 'DELETED be1-a']);
  });

  it('begins with what there is, where no version is given', async () => {
    api.store.put(slice('be1-a', 'be1-srv'));
    const { events } = await watch();
    await expect.poll(() => events).toEqual(['ADDED be1-a']);
  });

  it('sends bookmarks to those who want them', async () => {
    const [with_, without] = [await watch({ allowWatchBookmarks: 'true' }), await watch()];
    api.bookmark();
    api.store.put(slice('a', 'be1-srv'));
    await expect.poll(() => without.events).toEqual(['ADDED a']);
    await expect.poll(() => with_.events).toEqual([expect.stringMatching(/^BOOKMARK \d+$/), 'ADDED a']);
  });

  it('says that a version is too old, in the stream or as the response', async () => {
    const { body } = await get();
    api.expireHistory();
    const old = { resourceVersion: body.metadata.resourceVersion };
    const { events, ended } = await watch(old);
    await expect.poll(() => events).toEqual(['ERROR 410']);
    await expect.poll(ended).toBe(true);
    api.faults.goneAs = 'response';
    expect((await get({ watch: '1', ...old })).code).toBe(410);
  });

  it('ends a watch when its time is up, on demand, and with the server', async () => {
    const short = await watch({ timeoutSeconds: '0' });
    await expect.poll(short.ended).toBe(true);
    const ended = await watch();
    api.endWatches();
    await expect.poll(ended.ended).toBe(true);
    const cut = await watch();
    api.cutWatches();
    await expect.poll(cut.ended).toBe(true);
    const { url } = api;
    const open = await watch();
    await api.stop();
    await expect.poll(open.ended).toBe(true);
    await api.start();
    expect(api.url).toBe(url);
    expect(api.watches).toBe(0);
  });

  it('forgets a watch whose client went away', async () => {
    const { stop } = await watch();
    await expect.poll(() => api.watches).toBe(1);
    stop();
    await expect.poll(() => api.watches).toBe(0);
  });

  it('refuses as a real server does', async () => {
    expect((await fetch(api.url + path)).status).toBe(401);
    api.faults.forbid = ['list'];
    expect(await get()).toMatchObject({
      code: 403,
      body: {
        kind: 'Status',
        reason: 'Forbidden',
        message: expect.stringContaining('cannot list resource "endpointslices"') as string,
      },
    });
    expect((await get({}, '/api/v1/pods')).code).toBe(404);
    expect((await get({ labelSelector: 'a in (b)' })).code).toBe(400);
    expect((await get({ watch: '1', resourceVersion: 'abc' })).code).toBe(500);
    expect((await fetch(api.url + path, { method: 'DELETE', headers })).status).toBe(405);
  });

  it('is wrong on purpose: a page, silence, too busy', async () => {
    api.faults.answer = 'html';
    const page = await fetch(api.url + path);
    expect(page.headers.get('content-type')).toBe('text/html');
    await page.text();
    api.faults.answer = 'busy';
    const busy = await fetch(api.url + path, { headers });
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1']);
    await busy.text();
    api.faults.answer = 'hang';
    const silence = fetch(api.url + path, { signal: AbortSignal.timeout(100) });
    await expect(silence).rejects.toThrow('timeout');
  });

  it('refuses more objects than the limit', () => {
    for (let index = 0; index < 10_000; index++) api.store.put(slice(`a${index}`, 'be1-srv'));
    expect(() => api.store.put(slice('more', 'be1-srv'))).toThrow('no more than 10000 objects');
    expect(api.store.since(101)).toBeUndefined(); // beyond the history's limit
  });
});
