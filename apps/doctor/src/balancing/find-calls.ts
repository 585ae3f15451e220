import type { Inventory } from '../inventory/inventory.ts';
import type { Workload } from '../inventory/workload.ts';
import type { Container, Text } from '../inventory/objects/container.ts';
import type { ServiceObject } from '../inventory/objects/service.ts';
import { programKind, type Program } from '../inventory/programs.ts';
import { bootstrapOf, type Bootstrap } from './bootstrap.ts';
import { Calls } from './calls.ts';
import { clientOf, containerIn, seenIn, wayOf } from './direct-calls.ts';
import { meshOf, type Mesh } from './mesh.ts';
import { selectedBy } from './selected-by.ts';
import { servedBy, type Served } from './served.ts';
import { ServiceNames } from './service-names.ts';
import { schemeOfTemplate, targetsIn, type Target } from './target.ts';

interface Word {
  text: Text;
  target: Target;
}

/** Who calls which Service, by what manifests, sidecars and the configs of Evenly's programs tell. */
export class CallFinder {
  readonly calls = new Calls();
  /** Services of which a client's xDS bootstrap says that they are control planes. */
  readonly controlPlanes = new Set<ServiceObject>();
  readonly names: ServiceNames;
  readonly #inventory: Inventory;
  readonly #served: ReadonlyMap<Program, readonly Served[]>;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    const { services, programs, workloads } = inventory;
    this.names = new ServiceNames(services);
    this.#served = new Map(programs.map((one) => [one, servedBy(one, services, this.names)]));
    for (const program of programs) if (program.kind === 'l7-proxy') this.#addProxy(program);
    for (const workload of workloads)
      for (const container of workload.pods.containers)
        if (programKind(container) === undefined) this.#addContainer(workload, container);
  }

  /** What each of Evenly's programs gives calls to. */
  get served(): ReadonlyMap<Program, readonly Served[]> {
    return this.#served;
  }

  #addProxy(program: Program): void {
    const { workload, isBesideOthers, xdsServer } = program;
    // The proxies of Gateways carry calls by the routes of those.
    if (workload.pods.labels['gateway.networking.k8s.io/gateway-name'] !== undefined) return;
    const who = `l7-proxy ${workload.namespace}/${workload.name}`;
    const way = { carrier: isBesideOthers ? 'sidecar' : 'proxy', by: who, balances: 'calls' } as const;
    const add = (served: readonly Served[], certainty: 'seen' | 'inferred', evidence: string) => {
      for (const { service, endpointsFrom } of served)
        this.calls.add(
          service,
          clientOf(workload, { ...way, endpointsFrom, certainty, evidence: [evidence] }),
        );
    };
    add(this.#served.get(program)!, 'seen', 'its config has the Service as a source of endpoints');
    if (xdsServer === undefined) return;
    const evidence = `--xds-server=${xdsServer}`;
    const server = this.#addControlPlane(workload, { evidence, server: xdsServer });
    if (server !== undefined) add(this.#served.get(server)!, 'inferred', `${evidence} serves it`);
  }

  #addContainer(workload: Workload, container: Container): void {
    const mesh = meshOf(workload, this.#inventory);
    const bootstrap = bootstrapOf(container, workload);
    const words = container.texts.flatMap((text) =>
      targetsIn(text.value).map((target) => ({ text, target })),
    );
    const server = bootstrap && this.#addControlPlane(workload, bootstrap);
    const byXds = server && bootstrap ? this.#addByServer(workload, { server, bootstrap, words }) : undefined;
    const template = container.texts.map(({ value }) => schemeOfTemplate(value)).find((one) => one);
    for (const word of words) {
      const named = this.names.find(word.target, workload.namespace);
      if (named === undefined || byXds?.has(named.service)) continue;
      if (word.target.scheme === undefined && this.controlPlanes.has(named.service)) continue;
      // A server that is told its own name.
      if (!named.isCertain && selectedBy(named.service, [workload]).length > 0) continue;
      const scheme = word.target.scheme ?? (named.isCertain ? undefined : template);
      const certainty = named.isCertain ? 'seen' : 'inferred';
      const where = containerIn(workload, container) + seenIn(word.text, word.target);
      const rest = { certainty, target: word.target.text, ...portOf(word.target) } as const;
      // A word alone says nothing of how; with a scheme elsewhere, or a bootstrap, it probably is a target.
      const isByXds =
        scheme === 'xds' || (scheme === undefined && !named.isCertain && bootstrap !== undefined);
      if (isByXds) {
        const way = { carrier: 'xds', by: controlPlaneName(mesh, bootstrap), balances: 'calls' } as const;
        const evidence = [where, ...(bootstrap ? [bootstrap.evidence] : mesh ? [mesh.evidence] : [])];
        this.calls.add(named.service, clientOf(workload, { ...way, ...rest, evidence }));
        continue;
      }
      const way = wayOf(scheme, named.service, mesh, this.#inventory);
      if (way.carrier !== 'mesh' || mesh === undefined) {
        this.calls.add(named.service, clientOf(workload, { ...way, ...rest, evidence: [where] }));
        continue;
      }
      const evidence = [where, mesh.evidence];
      // A label asks for a sidecar; whether there is one, only the pods tell.
      const both = mesh.certainty === 'seen' ? certainty : 'inferred';
      this.calls.add(named.service, clientOf(workload, { ...way, ...rest, certainty: both, evidence }));
    }
  }

  /** @returns the xds-server of Evenly that it is, where it is one that was looked at */
  #addControlPlane(workload: Workload, { server, evidence }: Bootstrap): Program | undefined {
    const [target] = targetsIn(server ?? '');
    const service = target && this.names.find(target, workload.namespace)?.service;
    if (service === undefined) return undefined;
    this.controlPlanes.add(service);
    const way = wayOf(target!.scheme, service, undefined, this.#inventory);
    const rest = { certainty: 'seen', target: server!, ...portOf(target!) } as const;
    this.calls.add(
      service,
      clientOf(workload, { ...way, ...rest, evidence: [`its xDS server: ${evidence}`] }),
    );
    const pods = selectedBy(service, this.#inventory.workloads);
    return this.#inventory.programs.find(
      (program) => program.kind === 'xds-server' && pods.includes(program.workload),
    );
  }

  /** @returns the Services that the client calls by xDS */
  #addByServer(
    workload: Workload,
    { server, bootstrap, words }: { server: Program; bootstrap: Bootstrap; words: readonly Word[] },
  ): ReadonlySet<ServiceObject> {
    const found = new Set<ServiceObject>();
    const by = `xds-server ${server.workload.namespace}/${server.workload.name}`;
    // Control planes are gRPC Services too, and nobody calls them by xDS.
    const served = this.#served.get(server)!.filter(({ service }) => !this.controlPlanes.has(service));
    const add = (
      { service, endpointsFrom }: Served,
      rest: Pick<Parameters<typeof clientOf>[1], 'certainty' | 'evidence' | 'target'>,
    ) => {
      found.add(service);
      const way = { carrier: 'xds', by, balances: 'calls', endpointsFrom } as const;
      this.calls.add(service, clientOf(workload, { ...way, ...rest }));
    };
    for (const { target, text } of words) {
      if (target.scheme !== undefined && target.scheme !== 'xds') continue;
      const named = this.names.find(target, workload.namespace)?.service;
      for (const one of served) {
        // By the names of the config, or by those that Services have in DNS where --discover serves them.
        const isMeant = one.names.has(target.host) || (one.names.size === 0 && one.service === named);
        if (!isMeant) continue;
        const certainty = target.scheme === 'xds' ? 'seen' : 'inferred';
        const evidence = [seenIn(text, target), bootstrap.evidence];
        add(one, { certainty, evidence, target: target.text });
      }
    }
    if (found.size > 0) return found;
    const evidence = [
      bootstrap.evidence,
      `${by} serves the Service; which names the client calls is not seen`,
    ];
    for (const one of served) add(one, { certainty: 'inferred', evidence });
    return found;
  }
}

const portOf = ({ port }: Target) => (port === undefined ? {} : { port });

function controlPlaneName(mesh: Mesh | undefined, bootstrap: Bootstrap | undefined): string {
  if (mesh?.kind === 'istio-proxyless') return 'istio';
  return bootstrap?.server === undefined
    ? 'an xDS server that is not seen'
    : `xDS server ${bootstrap.server}`;
}
