import { maxReplicas } from '@evenly/local-cluster';
import { Router, type Request } from 'express';
import * as z from 'zod';
import { differences } from '../differences.ts';
import { LabError } from '../errors.ts';
import type { LiveLab } from '../live-lab.ts';
import { podOf } from '../pod-of.ts';
import { scenarios } from '../scenarios.ts';

const scaleBody = z.strictObject({ replicas: z.number().int().min(0).max(maxReplicas) });
const scenarioBody = z.strictObject({ name: z.string() });
const loadBody = z.strictObject({ rate: z.number().int().min(0).max(1000) });
const sharesBody = z.record(z.string(), z.number());

type Params = Record<'name', string>;

/** The lab's REST API. Each call answers when what it asked for is done, with the new state of what it changed. */
export function labRoutes(live: LiveLab): Router {
  const router = Router();

  router.get('/status', (_request, response) => {
    response.json(live.status);
  });

  router.get('/scenarios', (_request, response) => {
    response.json(scenarios.map(({ name, about, use, differs }) => ({ name, about, use, differs })));
  });

  router.get('/differences', (_request, response) => {
    response.json(differences);
  });

  router.post('/scenario', async (request, response) => {
    await live.switchTo(read(scenarioBody, request.body, '{"name": "proxy"}').name);
    response.json(live.status);
  });

  router.post('/load', async (request, response) => {
    await live.setRate(read(loadBody, request.body, '{"rate": n} with n from 0 to 1000').rate);
    response.json(live.status);
  });

  router.post('/shares', async (request, response) => {
    await live.lab.setShares(read(sharesBody, request.body, 'weights by service'));
    response.json(live.status);
  });

  router.post('/services/:name/scale', async (request: Request<Params>, response) => {
    const service = live.cluster.service(request.params.name);
    const wanted = `{"replicas": n} with n from 0 to ${maxReplicas}`;
    await service.scale(read(scaleBody, request.body, wanted).replicas);
    response.json(service.status);
  });

  router.post('/services/:name/restart', async (request: Request<Params>, response) => {
    const service = live.cluster.service(request.params.name);
    await service.restart();
    response.json(service.status);
  });

  for (const healthy of [true, false]) {
    router.post(
      `/pods/:name/${healthy ? 'healthy' : 'unhealthy'}`,
      async (request: Request<Params>, response) => {
        const pod = podOf(live.cluster, request.params.name, { healthy });
        response.json({ pod: pod.name, behaviour: await pod.behaviour({ healthy }) });
      },
    );
  }

  router.post('/pods/:name/behaviour', async (request: Request<Params>, response) => {
    const pod = podOf(live.cluster, request.params.name);
    response.json({ pod: pod.name, behaviour: await pod.behaviour(request.body ?? {}) });
  });

  router.post('/pods/:name/kill', async (request: Request<Params>, response) => {
    const pod = podOf(live.cluster, request.params.name);
    pod.kill();
    await pod.ended;
    response.json({ pod: pod.name, killed: true });
  });

  router.post('/dns/start', async (_request, response) => {
    await live.cluster.dns.start();
    response.json(live.cluster.dns.status);
  });

  router.post('/dns/stop', async (_request, response) => {
    await live.cluster.dns.stop();
    response.json(live.cluster.dns.status);
  });

  router.post('/apps/:name/restart', async (request: Request<Params>, response) => {
    const app = live.lab.app(request.params.name);
    await app.restart();
    response.json(app.status);
  });

  router.get('/pods/:name/log', (request: Request<Params>, response) => {
    response.type('text').send(toText(podOf(live.cluster, request.params.name).log));
  });

  router.get('/apps/:name/log', (request: Request<Params>, response) => {
    response.type('text').send(toText(live.lab.app(request.params.name).log));
  });

  return router;
}

const toText = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

/** @throws LabError BAD_REQUEST */
function read<T>(schema: z.ZodType<T>, body: unknown, wanted: string): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const got = JSON.stringify(body) ?? 'nothing';
  throw new LabError('BAD_REQUEST', `expected ${wanted}, got ${got.slice(0, 200)}`);
}
