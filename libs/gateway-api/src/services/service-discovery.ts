import {
  defaultPolicy,
  readMeshConfig,
  type MeshConfig,
  type Route,
  type Service,
} from '@evenly/mesh-config';
import type { Meta } from '../objects/meta.ts';
import type { ServicePort } from '../objects/service.ts';
import { discoveredPorts, type SayOfNote } from './discovered-ports.ts';
import { notePrefix, type Discoverable } from './discoverable.ts';
import { mainPort, serviceNameOf, serviceOfPort } from './service-of-port.ts';

/** What is wrong with a Service, for its owner. */
export interface ServiceFault {
  meta: Meta;
  message: string;
}

interface Discovered {
  services: readonly Service[];
  routes: readonly Route[];
  faults: readonly ServiceFault[];
}

/** How often names of an ExternalName are looked up at least; their TTL may say less. */
const refreshMs = 30_000;

/**
 * The gRPC Services of a cluster as a part of the config: a service for each port that speaks gRPC, by the name
 * `SERVICE.NAMESPACE:PORT`. What clients may write instead of it is known to the xDS server (`cluster-names.ts` of
 * `@evenly/xds`).
 */
export class ServiceDiscovery {
  readonly #known = new WeakMap<Discoverable, Discovered>();
  readonly #everyPort: boolean;

  /** @param options everyPort: those of TCP that do not say that they speak gRPC too */
  constructor({ everyPort = false }: { everyPort?: boolean } = {}) {
    this.#everyPort = everyPort;
  }

  /** @param objects undefined stands for one without a name. What is the same object as last time is not looked at again. */
  partOf(objects: Iterable<Discoverable | undefined>): { part: MeshConfig; faults: ServiceFault[] } {
    const services = new Map<string, Service>();
    const routes: Route[] = [];
    const faults: ServiceFault[] = [];
    for (const object of objects) {
      if (object === undefined) continue;
      const found = this.#known.get(object) ?? discover(object, this.#everyPort);
      this.#known.set(object, found);
      for (const service of found.services) services.set(service.name, service);
      routes.push(...found.routes);
      faults.push(...found.faults);
    }
    return { part: { services, routes, listeners: [] }, faults };
  }
}

const nothing: Discovered = { services: [], routes: [], faults: [] };

function discover(object: Discoverable, everyPort: boolean): Discovered {
  const { meta, notes, fault } = object;
  const faults: ServiceFault[] = fault === undefined ? [] : [{ meta, message: fault }];
  const say: SayOfNote = (note, message) =>
    void faults.push({ meta, message: `${notePrefix}${note}: ${message}` });
  const known = new Set(['discover', 'service']);
  for (const note of notes.keys())
    if (!known.has(note))
      say(note, 'is no annotation that is known; there are evenly.dev/discover and evenly.dev/service');
  const ports = discoveredPorts(object, { everyPort, say });
  const [first] = ports;
  if (first === undefined) return faults.length === 0 ? nothing : { ...nothing, faults };
  const fields = fieldsOf(object, say);
  const services = ports.map((port) => ({ ...serviceOf(object, port), ...fields }));
  const main: Route = {
    match: {
      authority: serviceNameOf(meta, mainPort),
      path: { kind: 'prefix', value: '' },
      headers: [],
    },
    to: [{ service: serviceNameOf(meta, first.port), weight: 1 }],
  };
  return { services, routes: [main], faults };
}

function serviceOf({ meta, externalName, hasHints }: Discoverable, port: ServicePort): Service {
  const service = serviceOfPort({ meta }, port);
  if (externalName !== undefined) {
    // As kube-proxy and DNS have it: the port is the Service's own, for there is no other.
    return { ...service, source: { kind: 'dns-a', name: externalName, port: port.port, refreshMs } };
  }
  return hasHints ? { ...service, policy: { ...defaultPolicy, zonePreference: 'hints' } } : service;
}

/**
 * The annotation `evenly.dev/service` has what a service of a config file has, in the same words, but for where its endpoints
 * come from. With faults it counts for nothing, and the Service is served as without it.
 */
function fieldsOf({ notes, hasHints }: Discoverable, say: SayOfNote): Partial<Service> {
  const note = notes.get('service');
  if (note === undefined) return {};
  const lines = note.split('\n').map((line) => `    ${line}`);
  const hints = hasHints && !/\bzonePreference\b/.test(note);
  const text = ['services:', '  service:', '    source: { static: { endpoints: [] } }', ...lines].join('\n');
  try {
    const { tls, servers, subsets, locality, healthCheck, policy, protocol } = readMeshConfig(
      text,
      'evenly.dev/service',
    ).services.get('service')!;
    const foreign = { tls, servers, subsets: subsets.size > 0 ? subsets : undefined };
    const has = Object.entries(foreign).flatMap(([field, value]) => (value === undefined ? [] : [field]));
    if (has.length > 0) {
      say('service', `${has.join(', ')}: only a config file can say this`);
      return {};
    }
    return {
      locality,
      ...(healthCheck === undefined ? {} : { healthCheck }),
      ...(protocol === undefined ? {} : { protocol }),
      policy: hints ? { ...policy, zonePreference: 'hints' } : policy,
    };
  } catch (error) {
    const { message } = error as Error;
    say(
      'service',
      message.replace(
        /evenly\.dev\/service:(\d+): services\.service\.?/g,
        (_, line) => `line ${Math.max(1, Number(line) - 3)}: `,
      ),
    );
    return {};
  }
}
