import type { KubernetesObject } from './rendered.ts';

type Labels = Record<string, string>;

/** Who sends or gets packets. */
export type Party = { namespace: string; labels: Labels; ports?: Record<string, number> } | { ip: string };

interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: 'In'; values: string[] }[];
}
interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string };
}
interface Rule {
  ports?: { port: number | string }[];
  from?: Peer[];
  to?: Peer[];
}
interface Policy {
  metadata: { namespace?: string };
  spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
}

/**
 * Whether the NetworkPolicies among the objects let a connection through: the sender's must let it out, and the receiver's in.
 * The clusters of the tests have nobody who enforces policies, so this reads them, as far as ours go.
 * @param namespace of objects that name none
 */
export function reaches(
  objects: readonly KubernetesObject[],
  from: Party,
  to: Party,
  port: number,
  namespace = '',
): boolean {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as Policy[];
  const passes = (own: Party, other: Party, type: 'Ingress' | 'Egress') => {
    if ('ip' in own) return true;
    const applying = policies.filter(
      ({ metadata, spec }) =>
        (metadata.namespace ?? namespace) === own.namespace &&
        spec.policyTypes.includes(type) &&
        selects(spec.podSelector, own.labels),
    );
    const rules = applying.flatMap(({ spec }) => (type === 'Ingress' ? spec.ingress : spec.egress) ?? []);
    const named = 'ip' in to ? undefined : to.ports;
    return (
      applying.length === 0 ||
      rules.some(
        ({ ports, from: sources, to: targets }) =>
          (ports === undefined || ports.some((one) => one.port === port || named?.[one.port] === port)) &&
          ((sources ?? targets)?.some((peer) => isOf(peer, other, own.namespace)) ?? true),
      )
    );
  };
  return passes(from, to, 'Egress') && passes(to, from, 'Ingress');
}

function isOf(
  { podSelector, namespaceSelector, ipBlock }: Peer,
  party: Party,
  ownNamespace: string,
): boolean {
  if ('ip' in party) return ipBlock?.cidr === `${party.ip}/32`;
  if (ipBlock !== undefined) return false;
  const inNamespace = namespaceSelector
    ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': party.namespace })
    : party.namespace === ownNamespace;
  return inNamespace && selects(podSelector ?? {}, party.labels);
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`${String(operator)} is not known here`);
      return values.includes(labels[key] ?? '');
    })
  );
}
