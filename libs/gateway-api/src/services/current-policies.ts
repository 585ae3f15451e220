import { Lookups } from '@evenly/mesh-config';
import type { ConfigMap } from '../objects/config-map.ts';
import type { ClusterState } from '../state.ts';
import { BackendTlsPolicies } from './backend-tls.ts';

/** The same policies until one of them, or a ConfigMap that one names, is another: a cluster has many others. */
export class CurrentPolicies {
  #last:
    | {
        objects: ClusterState['backendTlsPolicies'];
        configMaps: Lookups<ConfigMap>;
        policies: BackendTlsPolicies;
      }
    | undefined;

  of({ backendTlsPolicies: objects, configMaps }: ClusterState): BackendTlsPolicies {
    const last = this.#last;
    if (last?.objects === objects && last.configMaps.holdIn(configMaps)) return last.policies;
    const lookups = new Lookups(configMaps);
    const policies = new BackendTlsPolicies(objects, lookups);
    this.#last = { objects, configMaps: lookups, policies };
    return policies;
  }
}
