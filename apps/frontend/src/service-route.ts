import type { Request, RequestHandler, Response } from 'express';
import { responseOfReport } from './service-response.ts';
import { makeCalls } from './calls.ts';
import type { ChannelPool } from './channel-pool.ts';
import { defaultCalls, maxCalls, type FrontendConfig } from './config.ts';
import { FrontendError } from './errors.ts';
import { MissingTargets } from './missing-targets.ts';
import type { FrontendMetrics } from './metrics.ts';
import { targetOf } from './target.ts';
import { sendResponse } from './send-response.ts';

/** What nginx logs for a client that went away before its answer; it is never sent. */
const clientGone = 499;

export type CallOptions = Pick<
  FrontendConfig,
  'target' | 'services' | 'concurrency' | 'callTimeout' | 'requestTimeout' | 'maxRequests' | 'maxChannels'
>;

/** `GET /:service`: makes the calls and answers with who answered. */
export function serviceRoute(
  options: CallOptions,
  pool: ChannelPool,
  metrics: FrontendMetrics,
): RequestHandler<{ service: string }> {
  let inFlight = 0;
  const missingTargets = new MissingTargets(options.maxChannels);

  return async (request, response) => {
    const { service } = request.params;
    response.once('close', () =>
      metrics.request(response.writableFinished ? response.statusCode : clientGone),
    );
    const calls = readCalls(request.query['calls']);
    const target = targetOf(service, options.target, options.services);
    if (inFlight >= options.maxRequests) {
      throw new FrontendError('BUSY', `${options.maxRequests} requests are being answered; try again`);
    }

    const channel = pool.lease(target);
    inFlight++;
    try {
      const signal = goneSignal(response);
      const report = await makeCalls(channel.client, {
        calls,
        concurrency: options.concurrency,
        callTimeoutMs: options.callTimeout,
        requestTimeoutMs: options.requestTimeout,
        signal,
        observe: (code, seconds) => metrics.call(service, code, seconds),
      });
      if (signal.aborted) return;
      const missing = await missingTargets.judge(target, report);
      // grpc-js-xds 1.14 never sees a listener again that was taken away and comes back unchanged: it compares with
      // the copy that it kept. A new channel subscribes anew.
      if (missing !== undefined) channel.retire();
      const result = responseOfReport(service, report, missing);
      sendResponse(request as Request, response, service, result);
    } finally {
      inFlight--;
      channel.release();
    }
  };
}

/** @throws FrontendError BAD_CALLS */
function readCalls(text: unknown): number {
  if (text === undefined) return defaultCalls;
  const calls = typeof text === 'string' && /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (calls >= 1 && calls <= maxCalls) return calls;
  throw new FrontendError(
    'BAD_CALLS',
    `calls: expected a whole number from 1 to ${maxCalls}, got ${JSON.stringify(text)}`,
  );
}

/** Aborts when the client goes away: nobody is left to make calls for. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}
