import type { BackendPod } from './backends.ts';

/** What a step of the scenario wants the control plane to serve. */
export interface TestMesh {
  /** How many of the pods of `be1-srv` take calls. `be2-srv` always has all of its pods. */
  endpoints: number;
  /** Share of the calls to `be1-srv` that go to `be2-srv`, its canary. */
  canaryPercent?: number;
  /** Calls with `x-canary: always` all go to the canary. */
  canaryHeader?: boolean;
  /** There is a service `late-srv`, too; the pods of `be2-srv` answer for it. */
  late?: boolean;
}

/** The calls that a client makes all the time, written as all client programs take them. */
export const plainCall = 'xds:///be1-srv';
export const canaryCall = 'xds:///be1-srv#x-canary=always';
export const lateCall = 'xds:///late-srv';

/** The pods that take calls in this mesh. */
export function podsIn(mesh: TestMesh, service: string, pods: readonly BackendPod[]): readonly BackendPod[] {
  const all = pods.filter((pod) => pod.service === service);
  return service === 'be1-srv' ? all.slice(0, mesh.endpoints) : all;
}

/**
 * The mesh as a config file of the xds-server (JSON is YAML).
 * @param listenPort of the listener that Envoys open; without it there is none, and gRPC clients need none
 */
export function meshConfig(mesh: TestMesh, pods: readonly BackendPod[], listenPort?: number): string {
  const service = (name: string) => ({
    source: { static: { endpoints: podsIn(mesh, name, pods).map(({ port }) => `127.0.0.1:${port}`) } },
  });
  const { canaryPercent, canaryHeader, late } = mesh;
  const authority = 'be1-srv';
  const headers = [{ name: 'x-canary', exact: 'always' }];
  return JSON.stringify({
    services: {
      'be1-srv': service('be1-srv'),
      'be2-srv': service('be2-srv'),
      ...(late ? { 'late-srv': service('be2-srv') } : {}),
    },
    routes: [
      ...(canaryHeader ? [{ match: { authority, headers }, to: [{ service: 'be2-srv' }] }] : []),
      ...(canaryPercent === undefined
        ? []
        : [
            {
              match: { authority },
              to: [
                { service: 'be1-srv', weight: 100 - canaryPercent },
                { service: 'be2-srv', weight: canaryPercent },
              ],
            },
          ]),
    ],
    ...(listenPort === undefined
      ? {}
      : { listeners: [{ name: 'edge', address: '127.0.0.1', port: listenPort }] }),
  });
}
