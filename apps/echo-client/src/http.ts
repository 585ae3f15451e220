import { status } from '@grpc/grpc-js';
import type { Middleware } from '@evenly/service';
import express, { type Express } from 'express';
import type { Caller } from './caller.ts';
import { printable } from './pod-names.ts';

/** Probes at the same time; a further one is refused. */
const maxProbes = 10;
const probeDeadlineMs = 5000;

/**
 * `/healthz`, and every path that is not the admin's, makes a call of its own, which the tally does not count: 200 with
 * who answered, 500 with what failed. `/readyz` and `/metrics` are as in every program.
 */
export function createApp(caller: Caller, admin: Middleware, deadlineMs: number): Express {
  let probes = 0;
  const probe: express.RequestHandler = async (_request, response) => {
    response.type('text').set('Cache-Control', 'no-store');
    if (probes >= maxProbes) {
      response.status(503).send(`${maxProbes} probes are under way\n`);
      return;
    }
    probes++;
    const { code, message } = await caller.call(undefined, Math.min(deadlineMs, probeDeadlineMs));
    probes--;
    if (code === status.OK) response.send(`${printable(message)}\n`);
    else response.status(500).send(`${status[code]}: ${printable(message)}\n`);
  };
  return express()
    .disable('x-powered-by')
    .disable('etag')
    .get('/healthz', probe)
    .use(admin)
    .get('/{*path}', probe);
}
