import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tokenAccess } from '../access/access.ts';
import { KubernetesApi } from './kubernetes-api.ts';

const route = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'grpcroutes', kind: 'GRPCRoute' };
const ref = { namespace: 'shop', name: 'a' };

async function apiOf(answer: RequestListener, requestTimeoutMs?: number) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const access = tokenAccess({ server: `http://127.0.0.1:${port}` });
  const api = new KubernetesApi(access, requestTimeoutMs === undefined ? {} : { requestTimeoutMs });
  onTestFinished(() => {
    api.close();
    server.closeAllConnections();
    server.close();
  });
  return api;
}

const json = { 'content-type': 'application/json' };

describe('requests to the API server', () => {
  it('does not read what the server makes of a patch', async () => {
    const api = await apiOf((_, response) => response.writeHead(200, json).end('{'));
    await expect(api.patch(route, ref, {}, 'status')).resolves.toBeUndefined();
    await expect(api.get(route, ref)).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('reads why a patch is refused', async () => {
    const api = await apiOf((_, response) =>
      response.writeHead(422, json).end(JSON.stringify({ message: 'no good' })),
    );
    await expect(api.patch(route, ref, {})).rejects.toMatchObject({ status: 422, message: 'no good' });
  });

  it.each([
    ['no answer', () => undefined],
    ['half of an answer', (response) => response.writeHead(200, json).write('{')],
  ] satisfies [string, (response: Parameters<RequestListener>[1]) => unknown][])(
    'gives up a server that sends %s',
    async (_, send) => {
      const api = await apiOf((_, response) => void send(response), 50);
      await expect(api.get(route, ref)).rejects.toThrow('no response within 50 ms');
      await expect(api.patch(route, ref, {})).rejects.toThrow('no response within 50 ms');
    },
  );

  it('says so when the connection breaks within an answer', async () => {
    const api = await apiOf((_, response) => {
      response.writeHead(200, json).write('{', () => response.destroy());
    });
    await expect(api.get(route, ref)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});
