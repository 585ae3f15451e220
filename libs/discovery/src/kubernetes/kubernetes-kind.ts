import { deferredSource, type EndpointSource } from '@evenly/endpoints';
import type { ClientSurroundings, Scheme, SourceKind, Surroundings } from '../source-kind.ts';
import { badTarget, isPort, splitPort, type Uri } from '../target.ts';
import { kubernetesSource } from './kubernetes-source.ts';

interface ServiceTarget {
  /** Undefined: this pod's own. */
  namespace: string | undefined;
  service: string;
  port: string;
  /** What the servers call themselves, without the port. */
  name: string;
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * `///service.namespace:port`, `//namespace/service:port`, and `///service:port` in this pod's own namespace; as
 * kuberesolver for grpc-go has it, also with all of it where an authority stands: `//service.namespace:port/`.
 */
function parseService({ authority, path }: Uri): ServiceTarget | undefined {
  // Without a path grpc-js reads no authority either, and takes all of it for the path.
  const [name, port] = splitPort(/^\/\/([^/]+)\/$/.exec(path)?.[1] ?? path);
  const [service = '', inName, ...rest] = name.split('.');
  const inAuthority = authority || undefined;
  const isService = rest.length === 0 || rest[0] === 'svc'; // be1-srv.default.svc.cluster.local is the same service
  const isSaidTwice = inName !== undefined && inAuthority !== undefined;
  if (port === undefined || !isService || isSaidTwice) return undefined;
  const full = inAuthority === undefined ? name : `${service}.${inAuthority}`;
  return { namespace: inName ?? inAuthority, service, port, name: full };
}

/** `///namespace/service/port`, as other clients of the API have it. */
function parsePath({ authority, path }: Uri): ServiceTarget | undefined {
  const [namespace = '', service = '', port = '', ...rest] = path.split('/');
  return rest.length > 0 || authority
    ? undefined
    : { namespace, service, port, name: `${service}.${namespace}` };
}

function kubernetesScheme(
  name: string,
  parse: (uri: Uri) => ServiceTarget | undefined,
  example: string,
): Scheme {
  return {
    name,
    source: (uri, surroundings) => watchService(uri, parse(uri), example, surroundings),
    authority: (uri) => {
      const target = parse(uri);
      if (target === undefined) return uri.path;
      return isPort(target.port) ? `${target.name}:${target.port}` : target.name;
    },
  };
}

function watchService(
  uri: Uri,
  target: ServiceTarget | undefined,
  example: string,
  { slices: sharedSlices, onWarning }: ClientSurroundings,
): EndpointSource {
  const labels = [target?.service, ...(target?.namespace === undefined ? [] : [target.namespace])];
  if (!target?.port || !labels.every((label) => dnsLabel.test(label ?? '')))
    throw badTarget(uri, `a service, its namespace and a port, ${example}`);
  const { service, namespace: given } = target;
  const port = isPort(target.port) ? Number(target.port) : target.port;
  const make = async () => {
    const slices = await sharedSlices();
    const namespace = given ?? (await slices.ownNamespace());
    return kubernetesSource({ namespace, service, port, slices, ...warning(onWarning) });
  };
  const name = given === undefined ? service : `${given}/${service}`;
  return deferredSource(`kubernetes ${name}:${port}`, make, { unref: true });
}

/** An option that may be absent. */
const warning = (onWarning: Surroundings['onWarning']) => (onWarning === undefined ? {} : { onWarning });

const k8s = kubernetesScheme(
  'k8s',
  parseService,
  'such as k8s:///be1-srv.default:50051, or a port by its name: k8s:///be1-srv.default:grpc',
);

const kubernetes = kubernetesScheme(
  'kubernetes',
  (uri) => (/^[^/]+\//.test(uri.path) ? parsePath(uri) : parseService(uri)),
  'such as kubernetes:///default/be1-srv/50051, kubernetes:///be1-srv.default:grpc or kubernetes://default/be1-srv:grpc',
);

export const kubernetesKind: SourceKind<{ service: string; namespace: string; port: string | number }> = {
  make: (fields, { slices, onWarning }) =>
    deferredSource(`kubernetes ${fields.namespace}/${fields.service}:${fields.port}`, async () =>
      kubernetesSource({ ...fields, slices: await slices(), ...warning(onWarning) }),
    ),
  schemes: [k8s, kubernetes],
};
