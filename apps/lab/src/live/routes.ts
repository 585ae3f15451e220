import { Router, static as files } from 'express';
import { assets, chartLibrary } from '../assets.ts';
import { LabError } from '../errors.ts';
import type { LiveFeed } from './feed.ts';

/** Styles of charts are set by script, as attributes; everything else comes from here. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self' http://127.0.0.1:* http://localhost:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function liveRoutes(feed: LiveFeed): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff' });
    next();
  });
  router.get('/events', (_request, response) => {
    if (!feed.join(response)) throw new LabError('TOO_MANY', 'too many look on already');
  });
  router.get('/d3.js', (_request, response) => response.sendFile(chartLibrary.d3));
  router.get('/plot.js', (_request, response) => response.sendFile(chartLibrary.plot));
  router.use(files(assets, { index: 'live.html', cacheControl: false }));
  return router;
}
