import * as z from 'zod';
import { limits } from '../limits.ts';
import { listeners, namespacesFrom, type ListenerSpec, type NamespacesFrom } from './listener.ts';
import { field, namesOf, reader, type Read } from './read.ts';
import { group, kind, listOf, name, text, textMap } from './values.ts';

export type Gateway = Read<{
  className: string;
  listeners: readonly ListenerSpec[];
  /** Asked for; without a value any of that type. */
  addresses: readonly { type: string; value: string }[];
  infrastructure: Infrastructure;
  /** Where ListenerSets may be that add listeners. */
  allowedListeners: NamespacesFrom;
  /** It wants to know who its clients are (`spec.tls.frontend`). */
  wantsClientCertificates: boolean;
  /** Fields that ask for what we cannot do. */
  unsupported: readonly string[];
}>;

/** For what is made for the Gateway. */
export interface Infrastructure {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  parametersRef: { group: string; kind: string; name: string } | undefined;
}

const noInfrastructure: Infrastructure = { labels: {}, annotations: {}, parametersRef: undefined };
const noListeners: NamespacesFrom = { from: 'None', selector: undefined };

const infrastructure = z
  .object({
    labels: textMap,
    annotations: textMap,
    parametersRef: z.object({ group, kind, name }).nullish(),
  })
  .nullish()
  .transform((given): Infrastructure =>
    given ? { ...given, parametersRef: given.parametersRef ?? undefined } : noInfrastructure,
  );

const address = z.object({
  type: text()
    .nullish()
    .transform((type) => type ?? 'IPAddress'),
  value: text()
    .nullish()
    .transform((value) => value ?? ''),
});

const form = z.object({
  spec: z.object({
    gatewayClassName: name,
    listeners,
    addresses: listOf(address, limits.addresses),
    infrastructure,
    allowedListeners: z.object({ namespaces: namespacesFrom('None') }).nullish(),
    tls: z.object({ frontend: z.unknown().optional(), backend: z.unknown().optional() }).nullish(),
    defaultScope: z.string().nullish(),
  }),
});

export const readGateway = reader(
  'Gateway',
  form,
  ({ spec }) => ({
    className: spec.gatewayClassName,
    listeners: spec.listeners,
    addresses: spec.addresses,
    infrastructure: spec.infrastructure,
    allowedListeners: spec.allowedListeners?.namespaces ?? noListeners,
    wantsClientCertificates: Boolean(spec.tls?.frontend),
    unsupported: namesOf({
      'tls.backend': spec.tls?.backend,
      defaultScope: spec.defaultScope === 'None' ? undefined : spec.defaultScope,
    }),
  }),
  (object) => ({
    className: field(object, ['spec', 'gatewayClassName'], z.string()) ?? '',
    listeners: [],
    addresses: [],
    infrastructure: noInfrastructure,
    allowedListeners: noListeners,
    wantsClientCertificates: false,
    unsupported: [],
  }),
);
