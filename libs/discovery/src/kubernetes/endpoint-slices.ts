import { objectKey, type KubernetesApi, type Scope } from '@evenly/kubernetes';
import { serviceLabel } from './endpoint-slice.ts';
import { SliceArea, type SliceListener, type SliceMember } from './slice-area.ts';

/**
 * How much one watch follows, which is one connection to the API server and one back-off:
 * - `service`: the slices of one service. For a client, which follows few services and is one of many.
 * - `namespace`: all of a namespace, which takes the same right.
 * - `cluster`: all; where that is forbidden, by namespaces.
 */
export type SliceScope = 'service' | 'namespace' | 'cluster';

export interface ServiceRef {
  namespace: string;
  service: string;
}

/** The EndpointSlices of services, from few watches. */
export class EndpointSlices {
  readonly #api: KubernetesApi;
  readonly #areas = new Map<string, SliceArea>();
  readonly #members = new Map<SliceMember, ServiceRef>();
  #scope: SliceScope;

  constructor(api: KubernetesApi, scope: SliceScope = 'service') {
    this.#api = api;
    this.#scope = scope;
  }

  /**
   * Of services that are named without one.
   * @throws DiscoveryError BAD_CONFIG
   */
  async ownNamespace(): Promise<string> {
    return this.#api.ownNamespace();
  }

  /**
   * Tells the slices of a service, never within this call.
   * @returns stops telling; the last one to stop closes the connection
   */
  watch(ref: ServiceRef, listener: SliceListener): () => void {
    const member = { service: objectKey({ namespace: ref.namespace, name: ref.service }), listener };
    this.#members.set(member, ref);
    this.#areaOf(ref).join(member);
    return () => {
      if (this.#members.delete(member)) this.#leave(member, ref);
    };
  }

  #areaOf(ref: ServiceRef): SliceArea {
    const scope = scopeOf(this.#scope, ref);
    const key = JSON.stringify(scope);
    let area = this.#areas.get(key);
    if (area === undefined) {
      area = new SliceArea(this.#api, scope, this.#scope === 'cluster' ? () => this.#narrow() : undefined);
      this.#areas.set(key, area);
    }
    return area;
  }

  #leave(member: SliceMember, ref: ServiceRef): void {
    const key = JSON.stringify(scopeOf(this.#scope, ref));
    const area = this.#areas.get(key);
    area?.leave(member);
    if (!area?.isEmpty) return;
    this.#areas.delete(key);
    area.stop();
  }

  /** The whole cluster is not for us: from now on each namespace that somebody asks for. */
  #narrow(): void {
    for (const [member, ref] of this.#members) this.#leave(member, ref);
    this.#scope = 'namespace';
    for (const [member, ref] of this.#members) this.#areaOf(ref).join(member);
  }
}

function scopeOf(scope: SliceScope, { namespace, service }: ServiceRef): Scope {
  if (scope === 'cluster') return {};
  return scope === 'namespace' ? { namespace } : { namespace, labelSelector: `${serviceLabel}=${service}` };
}

/** The slices, made when the first source asks for them. */
export function lazySlices(
  kubernetes: () => Promise<KubernetesApi>,
  scope: SliceScope,
): () => Promise<EndpointSlices> {
  let api: KubernetesApi | undefined;
  let slices: EndpointSlices | undefined;
  return async () => {
    const now = await kubernetes();
    if (slices === undefined || now !== api) slices = new EndpointSlices(now, scope);
    api = now;
    return slices;
  };
}
