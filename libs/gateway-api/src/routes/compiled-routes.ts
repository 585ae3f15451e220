import { Lookups } from '@evenly/mesh-config';
import type { KubernetesService } from '../objects/service.ts';
import type { BackendContext } from './backends.ts';
import { compileRoute, type AnyRoute, type CompiledRoute } from './compiled-route.ts';

interface Compiled extends Omit<BackendContext, 'services'> {
  services: Lookups<KubernetesService>;
  route: CompiledRoute;
}

/** Routes as they were compiled, until the Services that they lead to, or who lets them, are others. */
export class CompiledRoutes {
  readonly #known = new WeakMap<AnyRoute, Compiled>();

  of(
    object: AnyRoute,
    services: ReadonlyMap<string, KubernetesService>,
    { grants, policies }: Pick<BackendContext, 'grants' | 'policies'>,
  ): CompiledRoute {
    const known = this.#known.get(object);
    if (known?.grants === grants && known.policies === policies && known.services.holdIn(services))
      return known.route;
    const lookups = new Lookups(services);
    const route = compileRoute(object, { services: lookups, grants, policies });
    this.#known.set(object, { services: lookups, grants, policies, route });
    return route;
  }
}
