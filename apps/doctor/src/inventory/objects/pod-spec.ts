import * as z from 'zod';
import { listOf } from '@evenly/gateway-api';
import { container, type Container } from './container.ts';

/** What pods are made of: that of a Deployment's template, or of a pod itself. */
export interface PodSpec {
  /** Those that run as long as the pod does, native sidecars too. */
  containers: readonly Container[];
  /** Those that run before, and end. */
  initContainers: readonly Container[];
  graceSeconds: number;
  /** ConfigMaps by the names of their volumes. */
  configMaps: ReadonlyMap<string, string>;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

export const noPodSpec: PodSpec = {
  containers: [],
  initContainers: [],
  graceSeconds: 30,
  configMaps: new Map(),
  labels: {},
  annotations: {},
};

export const podForm = z.object({
  containers: listOf(container, 1000),
  initContainers: listOf(container, 1000),
  terminationGracePeriodSeconds: z.number().nullish(),
  volumes: listOf(z.object({ name: z.string(), configMap: z.object({ name: z.string() }).nullish() }), 1000),
});

interface Notes {
  labels?: Record<string, string> | null | undefined;
  annotations?: Record<string, string> | null | undefined;
}

export function podSpecOf(given: z.output<typeof podForm>, notes: Notes | null | undefined): PodSpec {
  const sidecars = given.initContainers.filter(({ isNativeSidecar }) => isNativeSidecar);
  return {
    containers: [...given.containers, ...sidecars],
    initContainers: given.initContainers.filter(({ isNativeSidecar }) => !isNativeSidecar),
    graceSeconds: given.terminationGracePeriodSeconds ?? 30,
    configMaps: new Map(
      given.volumes.flatMap(({ name, configMap }) => (configMap ? [[name, configMap.name] as const] : [])),
    ),
    labels: notes?.labels ?? {},
    annotations: notes?.annotations ?? {},
  };
}
