import * as z from 'zod';
import { listOf, readDiscoverable, reader, textMap, type Discoverable } from '@evenly/gateway-api';

/** A Service: what `xds-server --discover` reads of it, and what else tells how it is called. */
export interface ServiceObject {
  /** As the xds-server sees it. */
  discoverable: Discoverable;
  namespace: string;
  name: string;
  /** DNS has the pods' addresses and no virtual one. */
  isHeadless: boolean;
  /** None: its endpoints are written by somebody else. */
  selector: Readonly<Record<string, string>>;
  publishesNotReady: boolean;
  /** Which port of the pods a port leads to: a number, or a name. */
  targetPorts: ReadonlyMap<number, number | string>;
  labels: Readonly<Record<string, string>>;
}

type Rest = Omit<ServiceObject, 'discoverable' | 'namespace' | 'name'>;

const form = z.object({
  metadata: z.object({ labels: textMap }),
  spec: z.object({
    clusterIP: z.string().nullish(),
    selector: textMap,
    publishNotReadyAddresses: z.boolean().nullish(),
    ports: listOf(z.object({ port: z.int(), targetPort: z.union([z.int(), z.string()]).nullish() }), 1000),
  }),
});

const readRest = reader(
  'Service',
  form,
  ({ metadata, spec }): Rest => ({
    isHeadless: spec.clusterIP === 'None',
    selector: spec.selector,
    publishesNotReady: spec.publishNotReadyAddresses ?? false,
    targetPorts: new Map(spec.ports.map(({ port, targetPort }) => [port, targetPort || port])),
    labels: metadata.labels,
  }),
  (): Rest => ({
    isHeadless: false,
    selector: {},
    publishesNotReady: false,
    targetPorts: new Map(),
    labels: {},
  }),
);

export function readServiceObject(object: unknown): (ServiceObject & { fault?: string }) | undefined {
  const discoverable = readDiscoverable(object);
  const rest = readRest(object);
  if (discoverable === undefined || rest === undefined) return undefined;
  const { meta, ...fields } = rest;
  return { ...fields, discoverable, namespace: meta.namespace, name: meta.name };
}
