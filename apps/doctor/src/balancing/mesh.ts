import type { Inventory } from '../inventory/inventory.ts';
import type { Workload } from '../inventory/workload.ts';
import type { PodSpec } from '../inventory/objects/pod-spec.ts';
import type { ServiceObject } from '../inventory/objects/service.ts';

/** What a service mesh has put, or is asked to put, beside a program. */
export interface Mesh {
  /** `istio-proxyless` gives the program an xDS bootstrap; `istio-ambient` forwards connections on the node. */
  kind: 'istio' | 'istio-proxyless' | 'istio-ambient' | 'linkerd';
  /** Seen in running pods; else it is what labels and annotations ask for. */
  certainty: 'seen' | 'inferred';
  evidence: string;
  /** Asked for, but the pods that run have none: they are older than the request. */
  isMissing: boolean;
}

interface Wanted {
  kind: Mesh['kind'];
  evidence: string;
  /** The container that is put into the pods. */
  container?: string;
}

type Notes = Readonly<Record<string, string>>;

/** The mesh of a workload's pods, if any. Istio's and Linkerd's marks are those of their documentation on injection. */
export function meshOf(workload: Workload, { namespaceNotes }: Inventory): Mesh | undefined {
  const { pods, running, namespace } = workload;
  const notes = namespaceNotes.get(namespace);
  const wanted = wantedBy(pods, notes?.labels ?? {}, notes?.annotations ?? {}, namespace);
  for (const pod of running) {
    const seen = injectedInto(pod);
    if (seen) return { ...seen, certainty: 'seen', isMissing: false };
  }
  if (wanted === undefined) return undefined;
  const isMissing = wanted.container !== undefined && running.length > 0;
  return { ...wanted, certainty: 'inferred', isMissing };
}

/** A pod has what was injected among its containers, native sidecars among them. */
function injectedInto({ containers, annotations }: PodSpec): Wanted | undefined {
  const has = (name: string) => containers.some((container) => container.name === name);
  if (has('istio-proxy')) {
    const templates = annotations['inject.istio.io/templates'];
    return templates?.includes('grpc-agent')
      ? proxyless(templates)
      : { kind: 'istio', evidence: 'the pods have a container istio-proxy' };
  }
  if (has('linkerd-proxy')) return { kind: 'linkerd', evidence: 'the pods have a container linkerd-proxy' };
  return undefined;
}

const proxyless = (templates: string): Wanted => ({
  kind: 'istio-proxyless',
  evidence: `annotation inject.istio.io/templates: ${templates}`,
  container: 'istio-proxy',
});

function wantedBy(pods: PodSpec, labels: Notes, annotations: Notes, namespace: string): Wanted | undefined {
  return istioWantedBy(pods, labels, namespace) ?? linkerdWantedBy(pods, annotations, namespace);
}

function istioWantedBy(pods: PodSpec, labels: Notes, namespace: string): Wanted | undefined {
  // A label since Istio 1.12 or so; the annotation of the same name is older.
  const own = pods.labels['sidecar.istio.io/inject'] ?? pods.annotations['sidecar.istio.io/inject'];
  const ambient = pods.labels['istio.io/dataplane-mode'] ?? labels['istio.io/dataplane-mode'];
  const byNamespace =
    labels['istio-injection'] === 'enabled'
      ? 'istio-injection: enabled'
      : labels['istio.io/rev'] && labels['istio-injection'] !== 'disabled'
        ? `istio.io/rev: ${labels['istio.io/rev']}`
        : undefined;
  const ofPods = own === 'true' || (pods.labels['istio.io/rev'] !== undefined && ambient !== 'ambient');
  if (own !== 'false' && (ofPods || (byNamespace !== undefined && ambient !== 'ambient'))) {
    const templates = pods.annotations['inject.istio.io/templates'];
    if (templates?.includes('grpc-agent')) return proxyless(templates);
    const evidence = ofPods
      ? 'the pods ask for injection by Istio'
      : `namespace ${namespace} has the label ${byNamespace}`;
    return { kind: 'istio', evidence, container: 'istio-proxy' };
  }
  if (ambient !== 'ambient') return undefined;
  return { kind: 'istio-ambient', evidence: 'the label istio.io/dataplane-mode: ambient' };
}

function linkerdWantedBy(pods: PodSpec, annotations: Notes, namespace: string): Wanted | undefined {
  const own = pods.annotations['linkerd.io/inject'];
  const asked = own ?? annotations['linkerd.io/inject'];
  if (asked !== 'enabled' && asked !== 'ingress') return undefined;
  const who = own === undefined ? `namespace ${namespace} has` : 'the pods have';
  const evidence = `${who} the annotation linkerd.io/inject: ${asked}`;
  return { kind: 'linkerd', evidence, container: 'linkerd-proxy' };
}

/** Calls to the Service go by a waypoint, which balances each of them; without one, ambient forwards connections. */
export function hasWaypoint({ labels, namespace }: ServiceObject, { namespaceNotes }: Inventory): boolean {
  const name =
    labels['istio.io/use-waypoint'] ?? namespaceNotes.get(namespace)?.labels['istio.io/use-waypoint'];
  return name !== undefined && name !== 'none';
}
