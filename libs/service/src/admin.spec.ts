import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { listenHttp } from './admin.ts';

const loopback = { host: '127.0.0.1', port: 0, option: '--port' };

it('closes a connection on which no request came, as browsers open them ahead', async () => {
  const listener = await listenHttp((_request, response) => response.end(), loopback);
  const accepted = once(listener.server, 'connection');
  const socket = connect(listener.port, '127.0.0.1');
  await accepted;
  const closed = once(socket, 'close');
  await listener.close();
  await closed;
  expect(socket.closed).toBe(true);
});

it('lets a request in flight finish, and tells its client that the connection ends', async () => {
  let inFlight: ServerResponse | undefined;
  const listener = await listenHttp((_request, response) => (inFlight = response), loopback);
  const agent = new Agent({ keepAlive: true });
  const url = `http://127.0.0.1:${listener.port}/`;
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent }, resolve).on('error', reject);
  });
  await expect.poll(() => inFlight).toBeDefined();
  const closed = listener.close();
  inFlight!.end('done');
  const response = await answer;
  expect(response.headers.connection).toBe('close');
  response.resume();
  await closed;
});

it('cuts what is left when told to, also when told before', async () => {
  let requests = 0;
  const listener = await listenHttp(() => requests++, loopback);
  const refused = fetch(`http://127.0.0.1:${listener.port}/`).catch((error: Error) => error);
  await expect.poll(() => requests).toBe(1);
  await listener.close(AbortSignal.abort());
  expect(await refused).toBeInstanceOf(Error);
});
