import { listenHttp, type Middleware } from '@evenly/service';
import { registerRoundRobinWithReason } from '@evenly/service/grpc';
import { Registry } from 'prom-client';
import { createApp } from '../app.ts';
import { ChannelPool } from '../channel-pool.ts';
import { frontendMetrics } from '../metrics.ts';

const defaults = {
  target: 'dns:///{service}',
  services: [] as string[],
  concurrency: 1,
  callTimeout: 3000,
  requestTimeout: 30_000,
  maxRequests: 100,
  maxChannels: 100,
  channelIdle: 300_000,
};

/** The frontend's HTTP server on a free loopback port. */
export async function startLocalFrontend(options: Partial<typeof defaults> = {}) {
  registerRoundRobinWithReason();
  const config = { ...defaults, ...options };
  const pool = new ChannelPool(config);
  const registry = new Registry();
  const metrics = frontendMetrics(registry, () => pool.size);
  const admin: Middleware = ({ url }, response, next) =>
    url === '/healthz' ? void response.end('ok\n') : next();
  const logged: unknown[] = [];
  const log = { error: (problem: unknown) => void logged.push(problem) };
  const app = createApp(config, pool, metrics, admin, log);
  const listener = await listenHttp(app, { host: '127.0.0.1', port: 0, option: '--port' });

  const get = async (path: string, accept = '*/*', init: RequestInit = {}) => {
    const url = `http://127.0.0.1:${listener.port}${path}`;
    const response = await fetch(url, { ...init, headers: { accept } });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const stop = async () => {
    await listener.close(AbortSignal.timeout(2000));
    pool.close();
  };
  return { get, stop, pool, registry, logged };
}

export type LocalFrontend = Awaited<ReturnType<typeof startLocalFrontend>>;
