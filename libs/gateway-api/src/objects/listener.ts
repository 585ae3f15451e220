import * as z from 'zod';
import { limits } from '../limits.ts';
import { gatewayGroup } from './meta.ts';
import {
  group,
  hostname,
  kind,
  labelSelector,
  listOf,
  name,
  port,
  secretReference,
  text,
  textMap,
} from './values.ts';

/** Which namespaces something may come from. */
export const namespacesFrom = (absent: 'None' | 'Same') =>
  z
    .object({
      from: z.enum(['All', 'Same', 'Selector', 'None']).nullish(),
      selector: labelSelector.nullish(),
    })
    .nullish()
    .transform((given) => ({ from: given?.from ?? absent, selector: given?.selector ?? undefined }));
export type NamespacesFrom = z.output<ReturnType<typeof namespacesFrom>>;

const tls = z.object({
  mode: z
    .string()
    .nullish()
    .transform((mode) => mode ?? 'Terminate'),
  certificateRefs: listOf(secretReference, limits.certificates),
  options: textMap,
});

const routeKind = z.object({
  group: group.nullish().transform((given) => given ?? gatewayGroup),
  kind,
});

const allowedRoutes = z
  .object({ namespaces: namespacesFrom('Same'), kinds: listOf(routeKind, 64) })
  .nullish()
  .transform((given) => given ?? { namespaces: { from: 'Same' as const, selector: undefined }, kinds: [] });

/** Of a Gateway or of a ListenerSet. */
export const listener = z
  .object({
    name,
    /** Absent = every host. */
    hostname: z
      .union([z.literal(''), hostname])
      .nullish()
      .transform((given) => given ?? ''),
    port,
    protocol: text(255).min(1),
    tls: z.exactOptional(tls),
    allowedRoutes,
  })
  .describe('A port that calls come in by, for some host names');

export type ListenerSpec = z.output<typeof listener>;
export const listeners = listOf(listener, limits.listeners);
