import { LocalClusterError, type LocalClusterErrorCode } from '@evenly/local-cluster';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { LabError, type LabErrorCode } from '../errors.ts';

const statuses: Partial<Record<LocalClusterErrorCode | LabErrorCode, number>> = {
  BAD_REQUEST: 400,
  BAD_REPLICAS: 400,
  BAD_BEHAVIOUR: 400,
  FORBIDDEN: 403,
  UNKNOWN_SERVICE: 404,
  UNKNOWN_POD: 404,
  UNKNOWN_APP: 404,
  UNKNOWN_SCENARIO: 404,
  CHANGING: 409,
  TOO_MANY: 429,
  POD_NOT_RUNNING: 409,
  NO_POD_RUNS: 409,
  PORT_IN_USE: 409,
  BUSY: 429,
  STOPPED: 503,
  NOT_SETTLED: 504,
};

export const noSuchRoute: RequestHandler = (request, response) => {
  const message =
    `no ${request.method} ${request.path}; there are GET /status, /scenarios, /events, POST /{scenario,load,shares}, POST /services/NAME/{scale,restart}, ` +
    'POST /pods/NAME/{unhealthy,healthy,kill,behaviour}, POST /dns/{stop,start}, POST /apps/NAME/restart, ' +
    'GET /pods/NAME/log, GET /apps/NAME/log';
  response.status(404).json({ error: { code: 'NO_SUCH_ROUTE', message } });
};

/** Every error becomes `{"error": {"code", "message"}}`, with the HTTP status that fits. */
export const sendError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const { status, code, message } = describe(error);
  response.status(status).json({ error: { code, message } });
};

function describe(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof LocalClusterError || error instanceof LabError) {
    return { status: statuses[error.code] ?? 500, code: error.code, message: error.message };
  }
  const { status, message } = error as { status?: number; message: string };
  // express' own, for a body that is no JSON or too large, or a path that cannot be decoded
  if (status !== undefined && status < 500) return { status, code: 'BAD_REQUEST', message };
  return { status: 500, code: 'INTERNAL', message };
}
