import { dnsAddressKind, dnsSrvKind } from './dns/dns-kinds.ts';
import { fileKind } from './file/file-kind.ts';
import { kubernetesKind } from './kubernetes/kubernetes-kind.ts';

/** All kinds of sources, by the names that a mesh config's model has for them. */
export const sourceKinds = {
  'dns-srv': dnsSrvKind,
  'dns-a': dnsAddressKind,
  kubernetes: kubernetesKind,
  file: fileKind,
};

/** Of targets that these sources stand behind. */
export const targetSchemes = Object.values(sourceKinds).flatMap(({ schemes }) => schemes);
