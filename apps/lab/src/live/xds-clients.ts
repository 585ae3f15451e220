import { hostPort } from '@evenly/service';
import * as z from 'zod';
import type { AppStatus } from '../app.ts';

/** What is told here of the xDS server's /status, see apps/xds-server/src/xds-port/status.ts. */
const serverStatus = z.object({
  clients: z.array(
    z.object({
      node: z.string(),
      kind: z.string(),
      zone: z.string(),
      types: z.record(
        z.string(),
        z.object({
          subscribed: z.array(z.string()),
          sentVersion: z.string().optional(),
          ackedVersion: z.string().optional(),
          rejected: z.array(z.object({ name: z.string(), error: z.string() })),
        }),
      ),
    }),
  ),
});

export type XdsClients = z.infer<typeof serverStatus>['clients'];

const timeoutMs = 800;

/** Who is connected to the xDS server and what they have acknowledged; undefined without one, or when it does not answer. */
export async function xdsClients(apps: readonly AppStatus[]): Promise<XdsClients | undefined> {
  const admin = apps.find(({ name, state }) => name === 'xds-server' && state === 'running')?.ports['admin'];
  if (!admin) return undefined;
  const url = `http://${hostPort(admin.address, admin.port)}/status`;
  const body: unknown = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    .then((response) => response.json())
    .catch(() => undefined); // it is restarting: the page says so by its state
  return serverStatus.safeParse(body).data?.clients;
}
