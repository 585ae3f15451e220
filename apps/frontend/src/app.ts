import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import type { Middleware, Runtime } from '@evenly/service';
import { responseOfError } from './service-response.ts';
import type { ChannelPool } from './channel-pool.ts';
import { FrontendError } from './errors.ts';
import { usagePage, usageText } from './html.ts';
import { httpTracing } from './http-tracing.ts';
import type { FrontendMetrics } from './metrics.ts';
import { serviceRoute, type CallOptions } from './service-route.ts';
import { sendResponse } from './send-response.ts';

/** The part of the program's logger that is used here. */
type Log = Pick<Runtime['log'], 'error'>;

/** What browsers and crawlers ask for by themselves: valid service names, some of them, but nobody means a service. */
const notServices = [
  '/favicon.ico',
  '/robots.txt',
  '/apple-touch-icon.png',
  '/apple-touch-icon-precomposed.png',
];

/**
 * The frontend's routes.
 * @param admin `/healthz`, `/readyz`, `/metrics`
 * @param tracer when traces are on
 */
export function createApp(
  options: CallOptions,
  pool: ChannelPool,
  metrics: FrontendMetrics,
  admin: Middleware,
  log: Log,
  tracer?: Runtime['tracer'],
): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(admin);
  app.get('/', (request, response) => {
    if (request.accepts(['text', 'html']) === 'html') response.type('html').send(usagePage(options.services));
    else response.type('text').send(usageText(options.services));
  });
  app.get(notServices, () => {
    throw new FrontendError('NOT_FOUND', 'there is no such file here');
  });
  if (tracer) app.get('/:service', httpTracing(tracer));
  app.get('/:service', serviceRoute(options, pool, metrics));
  app.all(['/', '/:service'], (_request, response) => {
    response.set('Allow', 'GET, HEAD');
    throw new FrontendError('METHOD_NOT_ALLOWED', 'only GET is answered here');
  });
  app.use(() => {
    throw new FrontendError('NOT_FOUND', 'there is nothing here; see /');
  });
  app.use(errorResponse(log));
  return app;
}

function errorResponse(log: Log): ErrorRequestHandler {
  return (error: unknown, request: Request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const known = asFrontendError(error);
    if (known.code === 'INTERNAL') log.error({ err: error, path: request.path }, 'request failed');
    if (known.code === 'BUSY') response.set('Retry-After', '1');
    sendResponse(request, response, request.path.slice(1), responseOfError(known));
  };
}

function asFrontendError(error: unknown): FrontendError {
  if (error instanceof FrontendError) return error;
  // Express' own refusals, for example of a path that cannot be decoded, carry a 4xx status.
  const { status, message } = error as { status?: number; message?: string };
  if (status !== undefined && status >= 400 && status < 500) {
    return new FrontendError('BAD_REQUEST', message ?? 'bad request', { cause: error });
  }
  return new FrontendError('INTERNAL', 'something went wrong here; the log says what', { cause: error });
}
