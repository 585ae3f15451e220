import { consulKind } from './consul/consul-source.ts';
import { dnsAddressKind, dnsSrvKind } from './dns/dns-kinds.ts';
import { fileKind } from './file/file-kind.ts';
import { kubernetesKind } from './kubernetes/kubernetes-kind.ts';

export { consulSource, type ConsulSourceOptions } from './consul/consul-source.ts';
export { dnsAddressSource } from './dns/address-source.ts';
export { type DnsSourceOptions } from './dns/source.ts';
export { dnsSrvSource } from './dns/srv-source.ts';
export { fileSource } from './file/file-source.ts';
export { kubernetesSource, type KubernetesSourceOptions } from './kubernetes/kubernetes-source.ts';

/** All kinds of sources, by the names that a mesh config's model has for them. */
export const sourceKinds = {
  'dns-srv': dnsSrvKind,
  'dns-a': dnsAddressKind,
  kubernetes: kubernetesKind,
  consul: consulKind,
  file: fileKind,
};

/** Of targets that these sources stand behind. */
export const targetSchemes = Object.values(sourceKinds).flatMap(({ schemes }) => schemes);
