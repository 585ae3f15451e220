import { posix } from 'node:path';
import { ServiceError } from '@evenly/service';
import { serverListenerTemplate } from '@evenly/xds';
import type { BootstrapConfig } from './options.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
const regionLabel = 'topology.kubernetes.io/region';

/**
 * The bootstrap of a proxyless gRPC client (gRFC A27) or server (A36), credentials by gRFC A65 and A29.
 * @param labels the pod's
 * @throws ServiceError BAD_CONFIG when options contradict each other
 */
export function bootstrapFile(config: BootstrapConfig, labels: ReadonlyMap<string, string>): object {
  const { server, namespace, pod, app, node } = config;
  // A label that is there and empty says as little as one that is missing.
  const zone = config.zone ?? (labels.get(zoneLabel) || undefined);
  const region = config.region ?? (labels.get(regionLabel) || undefined);
  return {
    xds_servers: [
      { server_uri: server, channel_creds: [channelCredentials(config)], server_features: ['xds_v3'] },
    ],
    node: {
      id: [namespace, pod ?? app].filter((part) => part !== undefined).join('/'),
      cluster: app,
      // grpc-js-xds wants it even when there is nothing to say.
      locality: { ...(region && { region }), ...(zone && { zone }) },
      ...((node ?? namespace) && {
        metadata: { ...(node && { NODE_NAME: node }), ...(namespace && { NAMESPACE: namespace }) },
      }),
    },
    // Clients that serve nothing do not look at it.
    server_listener_resource_name_template: serverListenerTemplate,
    ...certificateProviders(config),
  };
}

/** Named as the xds-server names it to them; the files as in a Secret of the type kubernetes.io/tls. */
function certificateProviders({ certificates, certificatesRefresh }: BootstrapConfig): object {
  if (certificates === undefined) return {};
  const files = {
    certificate_file: posix.join(certificates, 'tls.crt'),
    private_key_file: posix.join(certificates, 'tls.key'),
    ca_certificate_file: posix.join(certificates, 'ca.crt'),
    refresh_interval: `${certificatesRefresh / 1000}s`,
  };
  return { certificate_providers: { default: { plugin_name: 'file_watcher', config: files } } };
}

function channelCredentials({ tlsCa, tlsCert, tlsKey }: BootstrapConfig): object {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ServiceError('BAD_CONFIG', '--tls-cert and --tls-key go together');
  }
  if (tlsCa === undefined) {
    if (tlsCert !== undefined) throw new ServiceError('BAD_CONFIG', '--tls-cert needs --tls-ca');
    return { type: 'insecure' };
  }
  const own = tlsCert === undefined ? {} : { certificate_file: tlsCert, private_key_file: tlsKey };
  return { type: 'tls', config: { ca_certificate_file: tlsCa, ...own } };
}
