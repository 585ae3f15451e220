import { maxReplicas } from '@evenly/local-cluster';
import { Router, type Request } from 'express';
import { z } from 'zod';
import { LabError } from '../errors.ts';
import type { Lab } from '../lab.ts';

const scaleBody = z.strictObject({ replicas: z.number().int().min(0).max(maxReplicas) });

type Params = Record<'name', string>;

/** The lab's REST API. Each call answers when what it asked for is done, with the new state of what it changed. */
export function labRoutes(lab: Lab): Router {
  const { cluster } = lab;
  const router = Router();

  router.get('/status', (_request, response) => {
    response.json(lab.status);
  });

  router.post('/services/:name/scale', async (request: Request<Params>, response) => {
    const service = cluster.service(request.params.name);
    const body = scaleBody.safeParse(request.body);
    if (!body.success) {
      const reason = body.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
      throw new LabError(
        'BAD_REQUEST',
        `${reason}; expected {"replicas": n} with n from 0 to ${maxReplicas}`,
      );
    }
    await service.scale(body.data.replicas);
    response.json(service.status);
  });

  router.post('/services/:name/restart', async (request: Request<Params>, response) => {
    const service = cluster.service(request.params.name);
    await service.restart();
    response.json(service.status);
  });

  for (const healthy of [true, false]) {
    router.post(
      `/pods/:name/${healthy ? 'healthy' : 'unhealthy'}`,
      async (request: Request<Params>, response) => {
        const pod = cluster.pod(request.params.name);
        response.json({ pod: pod.name, behaviour: await pod.behaviour({ healthy }) });
      },
    );
  }

  router.post('/pods/:name/behaviour', async (request: Request<Params>, response) => {
    const pod = cluster.pod(request.params.name);
    response.json({ pod: pod.name, behaviour: await pod.behaviour(request.body ?? {}) });
  });

  router.post('/pods/:name/kill', async (request: Request<Params>, response) => {
    const pod = cluster.pod(request.params.name);
    pod.kill();
    await pod.ended;
    response.json({ pod: pod.name, killed: true });
  });

  router.post('/dns/start', async (_request, response) => {
    await cluster.dns.start();
    response.json(cluster.dns.status);
  });

  router.post('/dns/stop', async (_request, response) => {
    await cluster.dns.stop();
    response.json(cluster.dns.status);
  });

  router.post('/apps/:name/restart', async (request: Request<Params>, response) => {
    const app = lab.app(request.params.name);
    await app.restart();
    response.json(app.status);
  });

  router.get('/pods/:name/log', (request: Request<Params>, response) => {
    response.type('text').send(toText(cluster.pod(request.params.name).log));
  });

  router.get('/apps/:name/log', (request: Request<Params>, response) => {
    response.type('text').send(toText(lab.app(request.params.name).log));
  });

  return router;
}

const toText = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
