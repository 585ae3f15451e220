import * as z from 'zod';
import { gatewayGroup } from './meta.ts';

/** Forms of single values, as the schemas of the API have them. */

export const text = (max = 253) => z.string().max(max);
export const name = z.string().min(1).max(253);
export const port = z.int().min(1).max(65_535);
export const group = text();
export const kind = z.string().min(1).max(63);
/** Of a map or a list that may be absent or, from a Go program, null. */
export const listOf = <T extends z.ZodType>(item: T, max: number) =>
  z
    .array(item)
    .max(max)
    .nullish()
    .transform((list) => list ?? []);
export const textMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => map ?? {});

/** A DNS name, or one below `*.`; in lower case. `*.` stands for one label or several, never for none. */
export const hostname = z
  .string()
  .max(253)
  .regex(/^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    error: 'must be a host name in lower case, such as shop.example.org or *.example.org',
  });

/** GEP-2257: `10s`, `1h30m`, `500ms` → milliseconds. */
const durationUnits: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
export const duration = z
  .string()
  .regex(/^([0-9]{1,5}(h|m|s|ms)){1,4}$/, { error: 'must be a duration such as 10s or 500ms' })
  .transform((value) =>
    [...value.matchAll(/([0-9]+)(ms|h|m|s)/g)].reduce(
      (sum, [, amount, unit]) => sum + Number(amount) * durationUnits[unit!]!,
      0,
    ),
  );

/** A reference to an object, with the namespace of who refers where none is given. */
export const reference = (defaults: { group: string; kind: string }) =>
  z.object({
    group: group.nullish().transform((given) => given ?? defaults.group),
    kind: kind.nullish().transform((given) => given ?? defaults.kind),
    namespace: z.exactOptional(name),
    name,
  });

export const secretReference = reference({ group: '', kind: 'Secret' });
export const backendReference = reference({ group: '', kind: 'Service' }).extend({
  port: z.exactOptional(port),
});
export const parentReference = reference({ group: gatewayGroup, kind: 'Gateway' }).extend({
  sectionName: z.exactOptional(name),
  port: z.exactOptional(port),
});

export type SecretReference = z.output<typeof secretReference>;
export type BackendReference = z.output<typeof backendReference>;
export type ParentReference = z.output<typeof parentReference>;

const matchExpression = z.object({
  key: name,
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: listOf(z.string(), 1000),
});

/** Of Kubernetes: all conditions must hold; without any, all objects are selected. */
export const labelSelector = z.object({
  matchLabels: textMap,
  matchExpressions: listOf(matchExpression, 1000),
});
export type LabelSelector = z.output<typeof labelSelector>;

export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    selector.matchExpressions.every(({ key, operator, values }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}
