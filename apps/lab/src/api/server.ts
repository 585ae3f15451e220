import { listenHttp, type HttpListener } from '@evenly/service';
import express from 'express';
import type { Lab } from '../lab.ts';
import { noSuchRoute, sendError } from './errors.ts';
import { onlyFromHere, onlyJson } from './guard.ts';
import { labRoutes } from './routes.ts';

/**
 * Serves the lab's REST API on 127.0.0.1, never elsewhere: it starts and kills processes.
 * @throws ServiceError PORT_IN_USE, CANNOT_LISTEN
 */
export function serveApi(lab: Lab, port: number): Promise<HttpListener> {
  const app = express().disable('x-powered-by');
  app.use(onlyFromHere, onlyJson, express.json({ limit: '16kb' }), labRoutes(lab), noSuchRoute, sendError);
  return listenHttp(app, { host: '127.0.0.1', port, option: '--lab-port' });
}
