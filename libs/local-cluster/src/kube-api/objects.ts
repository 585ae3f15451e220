/** An EndpointSlice as the API has it (discovery.k8s.io/v1), as far as it is served here. */
export interface EndpointSliceObject {
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    /** Given by the server. */
    resourceVersion?: string;
  };
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  endpoints: SliceEndpointObject[] | null;
  ports: { name?: string; protocol?: string; port?: number }[] | null;
}

export interface SliceEndpointObject {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  zone?: string;
  hints?: { forZones: { name: string }[] };
  targetRef?: { kind: string; namespace: string; name: string; uid: string };
}

/** The label by which a slice belongs to its service. */
export const serviceNameLabel = 'kubernetes.io/service-name';

export const kindAndVersion = { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' } as const;

/** What the server has to know of an object. */
export interface StoredObject {
  metadata: { name: string; namespace: string; labels?: Record<string, string>; resourceVersion?: string };
}

/** A Service as the API has it (core v1), as far as it is served here. */
export interface ServiceObject extends StoredObject {
  metadata: StoredObject['metadata'] & { uid?: string; annotations?: Record<string, string> };
  spec: object;
}

/** A kind that is served. */
export interface ServedKind {
  kind: string;
  apiVersion: string;
  plural: string;
  /** What a bookmark has beside its metadata. */
  empty: object;
}

export const sliceKind: ServedKind = {
  ...kindAndVersion,
  plural: 'endpointslices',
  empty: { addressType: '', endpoints: null, ports: null },
};
export const serviceKind: ServedKind = {
  kind: 'Service',
  apiVersion: 'v1',
  plural: 'services',
  empty: { spec: {} },
};

/** `Status`: what the API answers, and what an ERROR event carries, when something is wrong. */
export function status(code: number, reason: string, message: string, details?: Record<string, string>) {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason };
  return { ...body, ...(details && { details }), code };
}
