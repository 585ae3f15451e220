import { serviceNameLabel, type EndpointSliceObject } from '@evenly/local-cluster';
import type { ObjectMetadata, ResourceKind, ResourceListener } from '../index.ts';

type Slice = Partial<Pick<EndpointSliceObject, 'addressType' | 'endpoints' | 'ports'>>;

/** A slice of be1-srv in the namespace default. */
export const sliceObject = (name: string, slice: Slice = {}): EndpointSliceObject => ({
  metadata: { name, namespace: 'default', labels: { [serviceNameLabel]: 'be1-srv' } },
  addressType: 'IPv4',
  endpoints: [],
  ports: [],
  ...slice,
});

/** EndpointSlices, of which the addresses are kept. */
export const addressKind: ResourceKind<string[]> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  read: (object) => {
    const { endpoints } = object as unknown as { metadata: ObjectMetadata } & EndpointSliceObject;
    return (endpoints ?? []).flatMap(({ addresses }) => addresses);
  },
};

/** A listener that keeps what it is told. */
export function listening() {
  const log: string[] = [];
  const errors: { code: string; message: string }[] = [];
  let objects: ReadonlyMap<string, string[]> = new Map();
  const changes: string[][] = [];
  const listener: ResourceListener<string[]> = {
    onObjects: (now, changed) => {
      objects = now;
      changes.push([...changed].sort());
      log.push('objects');
    },
    onError: (error) => {
      errors.push(error);
      log.push(error.code);
    },
    onWatching: () => log.push('watching'),
  };
  return { listener, log, errors, changes, addresses: () => [...objects.values()].flat().sort() };
}
