import { listenHttp, type HttpListener } from '@evenly/service';
import express from 'express';
import type { LiveLab } from '../live-lab.ts';
import { LiveFeed } from '../live/feed.ts';
import { liveRoutes } from '../live/routes.ts';
import { noSuchRoute, sendError } from './errors.ts';
import { onlyFromHere, onlyJson } from './guard.ts';
import { labRoutes } from './routes.ts';

export interface LabApi extends Pick<HttpListener, 'address' | 'port'> {
  close(): Promise<void>;
}

/**
 * Serves the lab's page and REST API on 127.0.0.1, never elsewhere: it starts and kills processes.
 * @throws ServiceError PORT_IN_USE, CANNOT_LISTEN
 */
export async function serveApi(live: LiveLab, port: number): Promise<LabApi> {
  const feed = new LiveFeed(live);
  const app = express().disable('x-powered-by');
  app.use(onlyFromHere, onlyJson, express.json({ limit: '16kb' }));
  app.use(liveRoutes(feed), labRoutes(live), noSuchRoute, sendError);
  const listener = await listenHttp(app, { host: '127.0.0.1', port, option: '--lab-port' });
  feed.start();
  const close = async () => {
    feed.stop();
    await listener.close(AbortSignal.timeout(1000));
  };
  return { address: listener.address, port: listener.port, close };
}
