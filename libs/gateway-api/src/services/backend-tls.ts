import { X509Certificate } from 'node:crypto';
import type { UpstreamTls } from '@evenly/mesh-config';
import type { BackendTlsPolicy, Validation } from '../objects/backend-tls-policy.ts';
import type { ConfigMap } from '../objects/config-map.ts';
import { byAge, gatewayGroup, keyOf } from '../objects/meta.ts';
import type { KubernetesService, ServicePort } from '../objects/service.ts';
import { Grants } from '../references/grants.ts';
import { resolve } from '../references/resolve.ts';
import type { Refusal } from '../status/condition.ts';

/** By `ns/name`. */
type ConfigMaps = Pick<ReadonlyMap<string, ConfigMap>, 'get'>;

/** What a policy comes to, wherever it applies. */
export interface PolicyOutcome {
  policy: BackendTlsPolicy;
  /** Undefined: nothing can be called by it, and that is what happens. */
  tls: UpstreamTls | undefined;
  /** Why it is not taken; conflicts are not among these, for they are of a target. */
  refused: Refusal | undefined;
  unresolved: Refusal | undefined;
}

/** Of one target: the winner counts, the others are in conflict with it. */
interface Target {
  sectionName: string | undefined;
  policies: readonly PolicyOutcome[];
}

/** Which policy holds for which port: that for the port, else that for all, and of several the oldest. */
export class BackendTlsPolicies {
  /** By the Service's `ns/name`. */
  readonly #targets = new Map<string, Target[]>();
  readonly #lost = new Set<BackendTlsPolicy>();
  readonly all: readonly PolicyOutcome[];

  constructor(policies: ReadonlyMap<string, BackendTlsPolicy>, configMaps: ConfigMaps) {
    const lists = new Map<
      string,
      { key: string; sectionName: string | undefined; policies: PolicyOutcome[] }
    >();
    const byAgeOf = [...policies.values()].sort((one, other) => byAge(one.meta, other.meta));
    this.all = byAgeOf.map((policy) => outcomeOf(policy, configMaps));
    for (const outcome of this.all) {
      const { policy } = outcome;
      for (const { group, kind, name, sectionName } of policy.targets) {
        if (group !== '' || kind !== 'Service') continue;
        const key = keyOf({ namespace: policy.meta.namespace, name });
        const list = lists.get(`${key} ${sectionName ?? ''}`) ?? { key, sectionName, policies: [] };
        lists.set(`${key} ${sectionName ?? ''}`, list);
        list.policies.push(outcome);
        if (list.policies.length > 1 && list.policies[0] !== outcome) this.#lost.add(policy);
      }
    }
    for (const { key, ...target } of lists.values())
      this.#targets.set(key, [...(this.#targets.get(key) ?? []), target]);
  }

  /** @returns undefined: calls to the port are in plaintext */
  of({ meta }: KubernetesService, port: ServicePort): PolicyOutcome | undefined {
    const targets = this.#targets.get(keyOf(meta)) ?? [];
    const own = targets.find(({ sectionName }) => sectionName !== undefined && sectionName === port.name);
    return (own ?? targets.find(({ sectionName }) => sectionName === undefined))?.policies[0];
  }

  /** All that are about the port, also those that another one is in the way of. */
  about({ meta }: KubernetesService, port: ServicePort): PolicyOutcome[] {
    const targets = this.#targets.get(keyOf(meta)) ?? [];
    const meant = targets.filter(({ sectionName }) => sectionName === undefined || sectionName === port.name);
    return meant.flatMap(({ policies }) => policies);
  }

  conflictOf(policy: BackendTlsPolicy): Refusal | undefined {
    if (!this.#lost.has(policy)) return undefined;
    return { reason: 'Conflicted', message: 'an older BackendTLSPolicy is about the same Service and port' };
  }
}

function outcomeOf(policy: BackendTlsPolicy, configMaps: ConfigMaps): PolicyOutcome {
  const { validation, fault, options } = policy;
  const none = { policy, tls: undefined, unresolved: undefined };
  const invalid = (message: string) => ({ ...none, refused: { reason: 'Invalid', message } });
  if (validation === undefined) return invalid(fault ?? 'it cannot be read');
  if (options.length > 0) return invalid(`no options are known, neither ${options[0]}`);
  if (validation.subjectAltNames.length > 0) return invalid('validation.subjectAltNames is not supported');
  const { caCertificateRefs, wellKnownCACertificates, hostname: serverName } = validation;
  if (serverName.startsWith('*')) return invalid('validation.hostname must not have a wildcard');
  if (caCertificateRefs.length === 0) {
    if (wellKnownCACertificates === 'System') return { ...none, tls: { serverName }, refused: undefined };
    return invalid('validation must have caCertificateRefs, or wellKnownCACertificates: System');
  }
  return { policy, ...authoritiesOf(policy, validation, configMaps) };
}

/** Those that are good count; with none at all nobody can be trusted. */
function authoritiesOf(
  { meta }: BackendTlsPolicy,
  { caCertificateRefs, hostname: serverName }: Validation,
  configMaps: ConfigMaps,
): Omit<PolicyOutcome, 'policy'> {
  const from = { group: gatewayGroup, kind: meta.kind, namespace: meta.namespace };
  const wanted = { group: '', kind: 'ConfigMap', objects: configMaps };
  const pems: string[] = [];
  let unresolved: Refusal | undefined;
  for (const reference of caCertificateRefs) {
    const resolved = resolve(from, reference, wanted, nobody);
    if ('object' in resolved) {
      const fault = authorityFault(resolved.object);
      if (fault === undefined) pems.push(resolved.object.caPem!);
      else
        unresolved ??= {
          reason: 'InvalidCACertificateRef',
          message: `ConfigMap ${reference.name}: ${fault}`,
        };
    } else {
      const reason = resolved.reason === 'InvalidKind' ? resolved.reason : 'InvalidCACertificateRef';
      unresolved ??= { reason, message: resolved.message };
    }
  }
  if (pems.length > 0)
    return { tls: { serverName, caText: pems.join('\n') }, refused: undefined, unresolved };
  return {
    tls: undefined,
    refused: { reason: 'NoValidCACertificate', message: unresolved!.message },
    unresolved,
  };
}

/** Policies refer to objects of their own namespace alone. */
const nobody = new Grants([]);

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function authorityFault({ caPem, fault }: ConfigMap): string | undefined {
  if (fault !== undefined) return fault;
  if (caPem === undefined) return 'it has no ca.crt';
  const blocks = caPem.match(certificateBlock) ?? [];
  if (blocks.length === 0) return 'ca.crt has no certificate in PEM';
  try {
    for (const block of blocks) new X509Certificate(block);
    return undefined;
  } catch {
    return 'ca.crt has a certificate that cannot be read';
  }
}
