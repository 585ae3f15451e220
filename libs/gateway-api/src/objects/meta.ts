import * as z from 'zod';

/** What every object has. */
export interface Meta {
  kind: string;
  /** Empty for objects of the whole cluster. */
  namespace: string;
  name: string;
  uid: string;
  /** Counts changes of the spec; 0 where the API server does not count them. */
  generation: number;
  /** Of the older of two objects it is smaller. */
  createdAtMs: number;
}

export const gatewayGroup = 'gateway.networking.k8s.io';

/** `ns/name`, as maps of objects have it. */
export const keyOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;

/** Who wins where two objects want the same thing: the older one, then the first by `namespace/name`. */
export function byAge(one: Meta, other: Meta): number {
  if (one.createdAtMs !== other.createdAtMs) return one.createdAtMs - other.createdAtMs;
  const [a, b] = [keyOf(one), keyOf(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

export const metadata = z.object({
  name: z.string().min(1).max(253),
  namespace: z.string().max(253).prefault(''),
  uid: z.string().max(253).prefault(''),
  generation: z.int().min(0).prefault(0),
  creationTimestamp: z.string().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

export function metaOf(kind: string, given: z.output<typeof metadata>): Meta {
  const { namespace, name, uid, generation, creationTimestamp } = given;
  const createdAtMs = Date.parse(creationTimestamp ?? '');
  return { kind, namespace, name, uid, generation, createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs };
}
