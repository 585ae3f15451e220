import { credentials } from '@grpc/grpc-js';
import { EchoServerClient } from '@evenly/proto/echo/echo';
import { HealthClient } from '@evenly/proto/grpc/health/v1/health';
import { Registry } from 'prom-client';
import { LiveBehaviour, type Behaviour } from '../behaviour.ts';
import { callMetrics } from '../metrics.ts';
import { startEchoServer } from '../server.ts';

/** An echo server on a free loopback port, with clients for it. */
export async function startLocalServer(
  initial: Partial<Behaviour> = {},
  options: { port?: number; maxConnectionAge?: number; maxConnectionAgeGrace?: number } = {},
) {
  const behaviour = new LiveBehaviour({ healthy: true, delayMs: 0, failRatio: 0, hang: false, ...initial });
  const registry = new Registry();
  const config = {
    host: '127.0.0.1',
    port: 0,
    name: 'pod-1',
    maxConnectionAge: undefined,
    maxConnectionAgeGrace: undefined,
  };
  const server = await startEchoServer({ ...config, ...options }, behaviour, callMetrics(registry));
  const address = `127.0.0.1:${server.port}`;
  const echo = new EchoServerClient(address, credentials.createInsecure());
  const health = new HealthClient(address, credentials.createInsecure());
  const stop = async () => {
    echo.close();
    health.close();
    await server.stop(AbortSignal.timeout(5000));
  };
  return { behaviour, registry, server, address, echo, health, stop };
}

export type LocalServer = Awaited<ReturnType<typeof startLocalServer>>;
