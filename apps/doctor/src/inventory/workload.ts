import type { PodSpec } from './objects/pod-spec.ts';

/** What runs a kind of pods: a Deployment or the like, a Job, or a pod that a person made. */
export interface Workload {
  kind: string;
  namespace: string;
  name: string;
  /** Undefined: one on each node, or nobody says how many. */
  replicas: number | undefined;
  pods: PodSpec;
  /** Pods as they run now, with what was injected into them. */
  running: readonly PodSpec[];
}

/** `deployment/web`, as kubectl has it. */
export const workloadName = ({ kind, name }: Pick<Workload, 'kind' | 'name'>) =>
  `${kind.toLowerCase()}/${name}`;
