import { KubeApi, serviceNameLabel, type EndpointSliceObject } from '@evenly/local-cluster';
import { KubernetesApi, tokenAccess, type KubernetesApiOptions } from '@evenly/kubernetes';
import { EndpointSlices, type SliceScope } from '../kubernetes/endpoint-slices.ts';

type Slice = Partial<Pick<EndpointSliceObject, 'addressType' | 'endpoints' | 'ports'>>;

/** A slice of be1-srv in the namespace default, with a port "grpc". */
export const sliceObject = (name: string, slice: Slice = {}): EndpointSliceObject => ({
  metadata: { name, namespace: 'default', labels: { [serviceNameLabel]: 'be1-srv' } },
  addressType: 'IPv4',
  endpoints: [],
  ports: [{ name: 'grpc', protocol: 'TCP', port: 50051 }],
  ...slice,
});

/** A server for the API, and a client of it that loses no time. */
export async function testKube(
  options: KubernetesApiOptions & { tokens?: ReadonlySet<string>; scope?: SliceScope } = {},
) {
  const { tokens, scope, ...rest } = options;
  const server = await new KubeApi(tokens === undefined ? {} : { tokens }).start();
  const access = tokenAccess({ server: server.url });
  const client = new KubernetesApi(access, { backoff: { initialMs: 5, maxMs: 20 }, ...rest });
  /** Ready endpoints; each slice has a name and its addresses. */
  const put = (name: string, ...addresses: string[]) =>
    server.store.put(
      sliceObject(name, { endpoints: addresses.map((address) => ({ addresses: [address] })) }),
    );
  return { server, client, slices: new EndpointSlices(client, scope), put };
}
