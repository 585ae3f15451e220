import { withEmptyGrace } from '@evenly/endpoints';
import { consulKind } from './consul/consul-source.ts';
import { dnsAddressKind, dnsSrvKind } from './dns/dns-kinds.ts';
import { fileKind } from './file/file-kind.ts';
import { kubernetesKind } from './kubernetes/kubernetes-kind.ts';
import type { Scheme, SourceKind } from './source-kind.ts';

export { consulSource, type ConsulSourceOptions } from './consul/consul-source.ts';
export { dnsAddressSource } from './dns/address-source.ts';
export { type DnsSourceOptions } from './dns/source.ts';
export { dnsSrvSource } from './dns/srv-source.ts';
export { fileSource } from './file/file-source.ts';
export { kubernetesSource, type KubernetesSourceOptions } from './kubernetes/kubernetes-source.ts';

/** As long as a Service that is made anew by hand, or by a tool that replaces it, may take to have its pods again. */
const defaultEmptyGraceMs = 10_000;

/** All kinds of sources, by the names that a mesh config's model has for them. */
export const sourceKinds = {
  'dns-srv': dnsSrvKind,
  'dns-a': dnsAddressKind,
  kubernetes: kubernetesKind,
  consul: consulKind,
  file: fileKind,
};

/** Of targets that these sources stand behind. */
export const targetSchemes: readonly Scheme[] = Object.values(sourceKinds).flatMap(
  ({ schemes, isWritten }: SourceKind<never>) => (isWritten ? schemes : schemes.map(withGrace)),
);

function withGrace(scheme: Scheme): Scheme {
  return {
    ...scheme,
    source: (uri, surroundings) => {
      const { emptyGraceMs: graceMs = defaultEmptyGraceMs } = surroundings.options;
      return withEmptyGrace(scheme.source(uri, surroundings), { graceMs, unref: true });
    },
  };
}
