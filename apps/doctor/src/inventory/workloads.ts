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
  // Large clusters have tens of thousands of pods, and thousands of controllers.
  const byNamespace = new Map<string, Pod[]>();
  for (const pod of rest) {
    const known = byNamespace.get(pod.meta.namespace);
    if (known) known.push(pod);
    else byNamespace.set(pod.meta.namespace, [pod]);
  }
  const workloads: Workload[] = controllers.map(({ kind, meta, replicas, selector, pods: template }) => {
    const { namespace, name } = meta;
    const own = (byNamespace.get(namespace) ?? []).filter((pod) => selects(selector, pod.pods.labels));
    for (const pod of own) rest.delete(pod);
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
