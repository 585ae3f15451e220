/** A kind of objects that the API server has. */
export interface KindName {
  /** Empty = the core group. */
  group: string;
  version: string;
  /** As in paths: `endpointslices`. */
  plural: string;
  /** `EndpointSlice` */
  kind: string;
}

/** A kind whose objects are followed, and what is kept of each. */
export interface ResourceKind<T> extends KindName {
  /**
   * @param object with a name, else nothing of it is known
   * @param before what the same name was read as last; where that says all that is to be known it can be returned again
   * @throws DiscoveryError INVALID, which has everything listed again; for what a person can write, tell the fault in T
   */
  read(object: ApiObject, before?: T): T;
}

/** What every object has. */
export interface ApiObject {
  metadata: ObjectMetadata;
  [field: string]: unknown;
}

export interface ObjectMetadata {
  name: string;
  /** Absent for kinds of the cluster. */
  namespace?: string;
  resourceVersion?: string;
  [field: string]: unknown;
}

/** Which objects of a kind. */
export interface Scope {
  /** Absent = of all namespaces, or the kind has none. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** One object. */
export interface ObjectRef {
  name: string;
  namespace?: string | undefined;
}

/** `shop/be1-srv`, or the name alone of what has no namespace: by this, objects are found in maps. */
export const objectKey = ({ namespace, name }: ObjectRef): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

export function apiPath(kind: KindName, namespace: string | undefined, ...rest: string[]): string {
  const group = kind.group === '' ? ['api', kind.version] : ['apis', kind.group, kind.version];
  const parts = [...group, ...(namespace === undefined ? [] : ['namespaces', namespace]), kind.plural];
  return [...parts, ...rest].map((part) => `/${encodeURIComponent(part)}`).join('');
}
