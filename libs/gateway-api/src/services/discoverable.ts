import * as z from 'zod';
import { reader, type Read } from '../objects/read.ts';
import { servicePorts, type ServicePort } from '../objects/service.ts';

interface Said {
  ports: readonly ServicePort[];
  /** Of type ExternalName: a name that DNS knows. */
  externalName?: string;
  /** Kubernetes writes hints into its EndpointSlices: endpoints that are close to a client. */
  hasHints: boolean;
  /** Those that begin with `evenly.dev/`, labels of that kind too. */
  notes: ReadonlyMap<string, string>;
}

/** A Service of Kubernetes, as far as it says that it speaks gRPC and how it wants to be called. */
export type Discoverable = Read<Said>;

/** What annotations and labels that are meant for us begin with. */
export const notePrefix = 'evenly.dev/';

const form = z.object({
  spec: z.object({
    type: z.string().nullish(),
    externalName: z.string().max(253).nullish(),
    trafficDistribution: z.string().nullish(),
    ports: servicePorts,
  }),
});

/** Before `trafficDistribution` there was this annotation (topology aware routing). */
const topologyMode = 'service.kubernetes.io/topology-mode';

export const readDiscoverable = reader(
  'Service',
  form,
  ({ spec }, { annotations, labels }): Said => {
    const all = Object.entries({ ...labels, ...annotations });
    const notes = all.filter(([key]) => key.startsWith(notePrefix));
    const mode = annotations?.[topologyMode]?.toLowerCase();
    return {
      ports: spec.ports.filter(({ protocol }) => protocol === 'TCP'),
      ...(spec.type === 'ExternalName' && { externalName: spec.externalName ?? '' }),
      hasHints: Boolean(spec.trafficDistribution) || mode === 'auto',
      notes: new Map(notes.map(([key, value]) => [key.slice(notePrefix.length), value])),
    };
  },
  (): Said => ({ ports: [], hasHints: false, notes: new Map() }),
);

/** The Service again, with what counts of it: what `readDiscoverable` reads as the same. */
export function writeDiscoverable({ meta, ports, externalName, hasHints, notes }: Discoverable): object {
  const { name, namespace, uid } = meta;
  const annotations = Object.fromEntries([...notes].map(([key, value]) => [notePrefix + key, value]));
  return {
    metadata: { name, namespace, uid, annotations },
    spec: {
      ports,
      ...(externalName === undefined ? {} : { type: 'ExternalName', externalName }),
      ...(hasHints ? { trafficDistribution: 'PreferClose' } : {}),
    },
  };
}
