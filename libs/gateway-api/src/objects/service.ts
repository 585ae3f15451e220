import * as z from 'zod';
import { reader, type Read } from './read.ts';
import { listOf, port, text } from './values.ts';

/** A Service of Kubernetes, as far as calls to it are concerned. */
export type KubernetesService = Read<{
  type: string;
  ports: readonly ServicePort[];
}>;

export interface ServicePort {
  /** Empty where the Service has only one. */
  name: string;
  port: number;
  protocol: string;
  appProtocol: string | undefined;
}

const servicePort = z.object({
  name: text(63)
    .nullish()
    .transform((name) => name ?? ''),
  port,
  protocol: text(16)
    .nullish()
    .transform((protocol) => protocol ?? 'TCP'),
  appProtocol: text()
    .nullish()
    .transform((protocol) => protocol ?? undefined),
});

export const servicePorts = listOf(servicePort, 1000);

const form = z.object({
  spec: z.object({
    type: text(63)
      .nullish()
      .transform((type) => type ?? 'ClusterIP'),
    ports: servicePorts,
  }),
});

export const readService = reader(
  'Service',
  form,
  ({ spec }) => spec,
  () => ({ type: '', ports: [] }),
);
