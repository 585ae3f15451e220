import { beforeAll, describe, expect, inject, it } from 'vitest';
import { clients, inInterop, prepareTimeoutMs, whyNot } from './testing/clients.ts';

const reason = whyNot('grpcurl');

describe.skipIf(reason !== undefined)(reason ?? 'grpcurl against an echo-backend', () => {
  const pod = `127.0.0.1:${inject('pods')[0]!.port}`;
  const grpcurl = (...args: string[]) => inInterop(clients.grpcurl.command[0], '-plaintext', ...args);
  beforeAll(clients.grpcurl.prepare, prepareTimeoutMs);

  it('finds its services by reflection', async () => {
    expect((await grpcurl(pod, 'list')).split('\n')).toEqual(
      expect.arrayContaining(['echo.EchoServer', 'grpc.health.v1.Health']),
    );
    expect(await grpcurl(pod, 'describe', 'echo.EchoServer')).toContain(
      'rpc SayHelloStream ( .echo.EchoRequest ) returns ( stream .echo.EchoReply );',
    );
  });

  it('calls it, unary and streaming', async () => {
    const call = (method: string) => grpcurl('-d', '{"name": "Go"}', pod, `echo.EchoServer/${method}`);
    expect(await call('SayHello')).toMatch(/"message": "Hello Go {2}from hostname be1-srv-\d+"/);
    expect((await call('SayHelloStream')).match(/"message"/g)).toHaveLength(2);
  });

  it.each(['', 'echo.EchoServer'])('asks for the health of %j', async (service) => {
    const answer = await grpcurl('-d', JSON.stringify({ service }), pod, 'grpc.health.v1.Health/Check');
    expect(JSON.parse(answer)).toEqual({ status: 'SERVING' });
  });
});
