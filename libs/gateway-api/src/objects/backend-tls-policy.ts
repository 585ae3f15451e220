import * as z from 'zod';
import { limits } from '../limits.ts';
import { field, reader, type Read } from './read.ts';
import { group, hostname, kind, listOf, name, textMap } from './values.ts';

/** That a Service is spoken to by TLS, and how its certificate is checked. */
export type BackendTlsPolicy = Read<PolicySpec>;

interface PolicySpec {
  targets: readonly PolicyTarget[];
  /** Undefined: the policy cannot be read. */
  validation: Validation | undefined;
  options: readonly string[];
}

/** In the policy's own namespace; without a section name all ports are meant. */
export type PolicyTarget = z.output<typeof target>;
export type Validation = z.output<typeof validation>;

const target = z.object({
  group,
  kind,
  name,
  sectionName: name.nullish().transform((given) => given ?? undefined),
});

const validation = z.object({
  caCertificateRefs: listOf(z.object({ group, kind, name }), limits.authorities),
  wellKnownCACertificates: z.string().max(253).nullish(),
  hostname,
  subjectAltNames: listOf(z.unknown(), limits.authorities),
});

const targets = listOf(target, 16);

export const readBackendTlsPolicy = reader(
  'BackendTLSPolicy',
  z.object({
    spec: z.object({ targetRefs: targets, validation, options: textMap }),
  }),
  ({ spec }): PolicySpec => ({
    targets: spec.targetRefs,
    validation: spec.validation,
    options: Object.keys(spec.options),
  }),
  (object): PolicySpec => ({
    targets: field(object, ['spec', 'targetRefs'], targets) ?? [],
    validation: undefined,
    options: [],
  }),
);
