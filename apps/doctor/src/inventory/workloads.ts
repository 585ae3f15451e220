import { selects } from '@evenly/gateway-api';
import type { Workload } from './workload.ts';
import type { Controller } from './objects/controller.ts';
import type { Pod } from './objects/pod.ts';

/**
 * Controllers with their pods, and what else makes pods: Jobs and operators, which are known by the pods' owner, and
 * persons.
 */
export function workloadsOf(controllers: readonly Controller[], pods: readonly Pod[]): Workload[] {
  const rest = new Set(pods.filter(({ isOver }) => !isOver));
  const workloads: Workload[] = controllers.map(({ kind, meta, replicas, selector, pods: template }) => {
    const own = [...rest].filter(
      (pod) => pod.meta.namespace === meta.namespace && selects(selector, pod.pods.labels),
    );
    for (const pod of own) rest.delete(pod);
    const { namespace, name } = meta;
    return { kind, namespace, name, replicas, pods: template, running: own.map((pod) => pod.pods) };
  });
  const others = new Map<string, Workload>();
  for (const { meta, owner, pods: spec } of rest) {
    const { kind, name } = owner ?? { kind: 'Pod', name: meta.name };
    const key = `${meta.namespace} ${kind} ${name}`;
    const known = others.get(key);
    if (known) others.set(key, { ...known, running: [...known.running, spec] });
    else
      others.set(key, {
        kind,
        namespace: meta.namespace,
        name,
        replicas: undefined,
        pods: spec,
        running: [spec],
      });
  }
  return [...workloads, ...others.values()];
}
