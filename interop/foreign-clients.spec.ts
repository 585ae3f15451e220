import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foreign } from './testing/foreign.ts';
import { startLab } from './testing/lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => (lab = await startLab()));
afterAll(async () => {
  await lab.stop();
});

/** Which pods answered, from lines such as `Hello unary RPC msg   from hostname be1-srv-1`. */
const podsIn = (lines: string) =>
  new Set([...lines.matchAll(/from hostname (\S+)/g)].map((match) => match[1]));

describe('grpcurl against an echo backend', () => {
  it('finds its services by reflection', async () => {
    const [pod] = await lab.pods('be1-srv');
    expect((await foreign('grpcurl', ['-plaintext', pod!, 'list'])).split('\n')).toEqual(
      expect.arrayContaining(['echo.EchoServer', 'grpc.health.v1.Health']),
    );
    expect(await foreign('grpcurl', ['-plaintext', pod!, 'describe', 'echo.EchoServer'])).toContain(
      'rpc SayHelloStream ( .echo.EchoRequest ) returns ( stream .echo.EchoReply );',
    );
  });

  it('calls it, unary and streaming', async () => {
    const [pod] = await lab.pods('be1-srv');
    const call = (method: string) =>
      foreign('grpcurl', ['-plaintext', '-d', '{"name": "Go"}', pod!, `echo.EchoServer/${method}`]);
    expect(await call('SayHello')).toMatch(/"message": "Hello Go {2}from hostname be1-srv-\d+"/);
    expect((await call('SayHelloStream')).match(/"message"/g)).toHaveLength(2);
  });

  it.each(['', 'echo.EchoServer'])('asks for the health of %j', async (service) => {
    const [pod] = await lab.pods('be1-srv');
    const request = JSON.stringify({ service });
    const answer = await foreign('grpcurl', [
      '-plaintext',
      '-d',
      request,
      pod!,
      'grpc.health.v1.Health/Check',
    ]);
    expect(JSON.parse(answer)).toEqual({ status: 'SERVING' });
  });
});

describe('grpc-go through the xds-server', () => {
  const call = async (service: string, calls: number) => {
    const bootstrap = {
      xds_servers: [
        {
          server_uri: `127.0.0.1:${await lab.xdsPort()}`,
          channel_creds: [{ type: 'insecure' }],
          server_features: ['xds_v3'],
        },
      ],
      node: { id: 'interop-grpc-go' },
    };
    const env = { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) };
    return podsIn(await foreign('grpc-go', ['-target', `xds:///${service}`, '-calls', String(calls)], env));
  };

  it('reaches both pods of both services', async () => {
    expect(await call('be1-srv', 100)).toEqual(new Set(['be1-srv-1', 'be1-srv-2']));
    expect(await call('be2-srv', 100)).toEqual(new Set(['be2-srv-1', 'be2-srv-2']));
  });

  it('reaches the pods of a scale-out', async () => {
    await lab.scale('be1-srv', 5);
    await expect.poll(() => call('be1-srv', 100), { timeout: 45_000 }).toHaveProperty('size', 5);
  });
});
