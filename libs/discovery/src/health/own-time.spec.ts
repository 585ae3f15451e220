import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { waitOwnTime } from './own-time.ts';

/** Lets nothing else run. */
function block(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

it('tells the half, then the end, once', async () => {
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    waitOwnTime(20, {
      onHalf: () => told.push('half'),
      onEnd: () => resolve(void told.push('end')),
    });
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told).toEqual(['half', 'end']);
});

it('a process that is busy for longer than the wait reads what came in before it is over', async () => {
  const server = createServer((socket) => socket.end('answer')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const told: string[] = [];
  const over = new Promise<void>((resolve) => {
    waitOwnTime(100, { onHalf: () => {}, onEnd: () => resolve(void told.push('end')) });
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('data', (data) => told.push(data.toString()));
  block(300);
  await over;
  expect(told).toEqual(['answer', 'end']);
  server.close();
});

it('tells nothing once it was cancelled', async () => {
  const told: string[] = [];
  waitOwnTime(10, { onHalf: () => told.push('half'), onEnd: () => told.push('end') })();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(told).toEqual([]);
});
