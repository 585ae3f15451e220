import { asDiscoveryError } from '@evenly/endpoints';
import { keyOf, type Meta } from '@evenly/gateway-api';
import { ApiRefusal, type KubernetesApi } from '@evenly/kubernetes';
import { readConfigs, type ConfigFile } from '@evenly/mesh-config';
import type { Inventory, NotRead } from './inventory.ts';
import * as kinds from './kinds.ts';
import type { LookedAt } from './kinds.ts';
import { configPlaces, programsOf, type ConfigPlace, type Program } from './programs.ts';
import { workloadsOf } from './workloads.ts';

type Api = Pick<KubernetesApi, 'list' | 'get'>;

/**
 * Lists what tells how gRPC Services are called, once, with `list`, and `get` for the ConfigMaps of Evenly's own programs.
 * What may not be read is named in `notRead`.
 * @param namespaces none = the whole cluster
 * @throws DiscoveryError when not even Services can be listed: there is nothing to say then
 */
export async function takeInventory(api: Api, namespaces: readonly string[]): Promise<Inventory> {
  const look = new Look(api, namespaces);
  const services = await look.services();
  const controllers = (await Promise.all(kinds.controllers.map((one) => look.at(one)))).flat();
  const pods = await look.at(kinds.pods);
  const workloads = workloadsOf(controllers, pods);
  const notes = await look.at(kinds.namespaces);
  return {
    namespaces,
    services,
    workloads,
    budgets: await look.at(kinds.budgets),
    namespaceNotes: new Map(notes.map((one) => [one.meta.name, one])),
    grpcRoutes: await look.at(kinds.grpcRoutes),
    gateways: await look.at(kinds.gateways),
    programs: await Promise.all(programsOf(workloads).map((program) => look.withConfig(program))),
    notRead: look.notRead,
  };
}

class Look {
  readonly notRead: NotRead[] = [];
  readonly #api: Api;
  readonly #namespaces: readonly (string | undefined)[];

  constructor(api: Api, namespaces: readonly string[]) {
    this.#api = api;
    this.#namespaces = namespaces.length > 0 ? namespaces : [undefined];
  }

  /** @throws DiscoveryError */
  async services() {
    const found = await Promise.all(this.#namespaces.map((one) => this.#list(kinds.services, one)));
    const objects = found.flat();
    for (const { namespace, name, fault } of objects) {
      if (fault !== undefined) this.#unreadable('Service', { namespace, name }, fault);
    }
    return objects;
  }

  /** @returns none for what cannot be read, which is in `notRead` then */
  async at<T extends { meta: Meta; fault?: string }>(one: LookedAt<T>): Promise<T[]> {
    const scopes = one.isOfCluster ? [undefined] : this.#namespaces;
    const found = await Promise.all(
      scopes.map(async (namespace) => {
        try {
          return await this.#list(one, namespace);
        } catch (error) {
          const { code, message } = asDiscoveryError(error);
          if (!(one.isOptional && code === 'NOT_FOUND')) {
            const why = code === 'FORBIDDEN' ? 'RBAC does not allow to list them' : message;
            const what = one.resource.plural;
            this.notRead.push({ what, namespace, why, therefore: one.therefore });
          }
          return [];
        }
      }),
    );
    const objects = found.flat();
    for (const { meta, fault } of objects) if (fault !== undefined) this.#unreadable(meta.kind, meta, fault);
    return objects;
  }

  async withConfig(program: Program): Promise<Program> {
    const { places, unknown } = configPlaces(program);
    const { workload } = program;
    const therefore = `which Services ${program.kind} ${keyOf(workload)} serves is not known`;
    for (const file of unknown) {
      const why = 'it is in no ConfigMap that the pod mounts';
      this.notRead.push({ what: `config file ${file}`, namespace: workload.namespace, why, therefore });
    }
    const files: ConfigFile[] = [];
    for (const place of places) {
      try {
        files.push(await this.#configFile(place));
      } catch (error) {
        const { code, message } = asDiscoveryError(error);
        const why = code === 'FORBIDDEN' ? 'RBAC does not allow to get it' : message;
        const what = `configmap ${place.configMap}`;
        this.notRead.push({ what, namespace: place.namespace, why, therefore });
      }
    }
    if (files.length === 0) return program;
    try {
      return { ...program, config: readConfigs(files) };
    } catch (error) {
      const what = files.map(({ file }) => file).join(', ');
      this.notRead.push({ what, namespace: workload.namespace, why: (error as Error).message, therefore });
      return program;
    }
  }

  async #configFile({ namespace, configMap, key }: ConfigPlace): Promise<ConfigFile> {
    try {
      const { data } = await this.#api.get(kinds.configMaps, { namespace, name: configMap });
      const text = (data as Record<string, unknown> | null | undefined)?.[key];
      if (typeof text !== 'string') throw new Error(`it has no ${key}`);
      return { file: `configmap ${configMap}, ${key}`, text };
    } catch (error) {
      throw error instanceof ApiRefusal && error.status === 404 ? new Error('there is none') : error;
    }
  }

  async #list<T>({ resource }: LookedAt<T>, namespace: string | undefined): Promise<T[]> {
    const found = await this.#api.list(resource, namespace === undefined ? {} : { namespace });
    return found.filter((object) => object !== undefined);
  }

  #unreadable(kind: string, { namespace, name }: { namespace: string; name: string }, fault: string): void {
    this.notRead.push({
      what: `${kind} ${name}`,
      namespace: namespace || undefined,
      why: fault,
      therefore: 'nothing is said of it',
    });
  }
}
