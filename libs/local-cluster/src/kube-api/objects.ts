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

/** `Status`: what the API answers, and what an ERROR event carries, when something is wrong. */
export function status(code: number, reason: string, message: string, details?: Record<string, string>) {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason };
  return { ...body, ...(details && { details }), code };
}
