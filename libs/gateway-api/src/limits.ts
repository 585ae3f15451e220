/** The same as the schemas of the API have (`config/crd`, v1.6.3): a cluster without their validation brings no more. */
export const limits = {
  listeners: 64,
  certificates: 64,
  authorities: 8,
  addresses: 16,
  parentRefs: 32,
  hostnames: 16,
  rules: 16,
  matches: 64,
  conditionsOfMatch: 16,
  filters: 16,
  backendRefs: 16,
  headersOfFilter: 16,
  grants: 16,
  /** Of a Secret's or a ConfigMap's PEM text. Kubernetes stores no more than 1 MiB of an object. */
  pemCharacters: 1024 * 1024,
  /** Of a fault's message; the API takes 32768 characters for a condition's. */
  messageCharacters: 1024,
} as const;
