import { isDeepStrictEqual } from 'node:util';
import type { ServiceRoutes, Translation } from '@evenly/gateway-api';
import { sameItems, type Listener, type MeshConfig, type Route } from '@evenly/mesh-config';
import { consumerName } from '@evenly/xds';

/** What the objects of a cluster come to, as one more config. What is the same as last time is the same object. */
export class MeshOf {
  readonly #routes = new WeakMap<ServiceRoutes, readonly Route[]>();
  #listeners: ReadonlyMap<string, Listener> = new Map();
  #last: { translation: Translation; config: MeshConfig } | undefined;

  /** Statuses and the state of proxies change more often than this: then it is the same config. */
  config(translation: Translation): MeshConfig {
    const { services, serviceRoutes } = translation;
    const listeners = translation.listeners.map((one) => kept(this.#listeners.get(one.name), one));
    this.#listeners = new Map(listeners.map((one) => [one.name, one]));
    const last = this.#last;
    const isSame =
      last !== undefined &&
      last.translation.services === services &&
      sameItems(last.config.listeners, listeners) &&
      sameItems(last.translation.serviceRoutes, serviceRoutes);
    const config = isSame
      ? last.config
      : { services, listeners, routes: serviceRoutes.flatMap((one) => this.#routesOf(one)) };
    this.#last = { translation, config };
    return config;
  }

  /** Routes of a Service hold for all names that it is called by; those for clients of one namespace have names of their own. */
  #routesOf(of: ServiceRoutes): readonly Route[] {
    const known = this.#routes.get(of);
    if (known !== undefined) return known;
    const { names, clientNamespace } = of;
    const authorities =
      clientNamespace === undefined ? names : names.map((name) => consumerName(clientNamespace, name));
    const routes = authorities.flatMap((authority) =>
      of.routes.map((route): Route => ({ ...route, match: { ...route.match, authority } })),
    );
    this.#routes.set(of, routes);
    return routes;
  }
}

/** Virtual hosts are many, and the same objects where they are the same; the rest of a listener is little. */
function kept(before: Listener | undefined, now: Listener): Listener {
  if (before === undefined || !sameItems(before.virtualHosts ?? [], now.virtualHosts ?? [])) return now;
  const rest = (listener: Listener) => ({ ...listener, virtualHosts: undefined });
  return isDeepStrictEqual(rest(before), rest(now)) ? before : now;
}
