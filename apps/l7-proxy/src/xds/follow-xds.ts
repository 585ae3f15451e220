import type { MeshConfig } from '@evenly/mesh-config';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import type { Runtime } from '@evenly/service';
import { firstOf } from '@evenly/service/admin-page';
import { proxyUserAgent, sendOrder, XdsClient } from '@evenly/xds';
import { Counter, Gauge } from 'prom-client';
import type { ProxyConfig } from '../config.ts';
import { defaultListener } from '../listener/default-listener.ts';
import { AdsConnection } from './ads-connection.ts';
import { xdsCredentials } from './credentials.ts';

/** The xDS server as the one who says what the proxy does. */
export interface XdsFollower {
  client: XdsClient;
  /** Why there is no config yet. */
  whyNoConfig: () => string;
  /**
   * Brings the proxy to what the server says, now and on every change.
   * @returns stops following
   * @throws what the first config cannot be applied for
   */
  follow(apply: (config: MeshConfig) => Promise<void>): Promise<() => void>;
}

/** @throws ServiceError BAD_CONFIG when the certificates cannot be used */
export async function xdsFollower(
  config: ProxyConfig,
  server: string,
  { log, metrics }: Pick<Runtime, 'log' | 'metrics'>,
): Promise<XdsFollower> {
  await xdsCredentials(config); // broken files are told at the start
  const responses = new Counter({
    name: 'evenly_proxy_xds_responses_total',
    help: 'Responses of the xDS server by how they were answered: ack, nack',
    labelNames: ['type', 'said'],
    registers: [metrics],
  });
  for (const type of sendOrder) for (const said of ['ack', 'nack']) responses.inc({ type, said }, 0);
  let onConfig: (applied: MeshConfig) => void = () => undefined;
  const client = new XdsClient({
    variant: config.xdsVariant,
    node: nodeOf(config),
    listeners: config.xdsListeners,
    defaultListener: { name: 'proxy', ...defaultListener(config) },
    now: () => performance.now(),
    onConfig: (next) => onConfig(next),
    onWarning: (reason) => log.warn({ reason }, 'xDS'),
    onAcknowledged: (type, error) => {
      responses.inc({ type, said: error === undefined ? 'ack' : 'nack' });
      if (error !== undefined)
        log.error({ type, reason: error }, 'xDS resources refused; the last good ones stay');
    },
  });
  registerConnected(metrics, client);
  let connection: AdsConnection | undefined;
  return {
    client,
    whyNoConfig: () => {
      const away = connection?.away;
      return away === undefined ? `${server} ${untold(client)}` : `${server} is away: ${away}`;
    },
    follow: async (apply) => {
      await new Promise<void>((resolve, reject) => {
        onConfig = (first) => {
          onConfig = (next) =>
            void apply(next).catch((error: Error) =>
              log.error(
                { reason: error.message },
                'config not applied as a whole; listeners without their ports are tried again',
              ),
            );
          apply(first).then(resolve, reject);
        };
        connection = new AdsConnection(client, {
          server,
          serverName: config.xdsServerName,
          variant: config.xdsVariant,
          credentials: () => xdsCredentials(config),
          log,
        });
      }).catch((error: unknown) => {
        connection?.close();
        throw error;
      });
      return () => connection?.close();
    },
  };
}

/** What the server has not said yet of what it was asked for. */
function untold(client: XdsClient): string {
  const missing = Object.entries(client.status().types).flatMap(([type, { waitingFor }]) =>
    waitingFor.map((name) => `${type} ${name}`),
  );
  return missing.length === 0 ? 'has not answered yet' : `has not told of ${firstOf(missing, 5)}`;
}

function registerConnected(registry: Runtime['metrics'], client: XdsClient): void {
  const gauge: Gauge = new Gauge({
    name: 'evenly_proxy_xds_connected',
    help: '1 while there is a stream to the xDS server',
    registers: [registry],
    collect: () => gauge.set(client.status().connected ? 1 : 0),
  });
}

function nodeOf({ id, xdsNodeCluster, region = '', zone = '', node }: ProxyConfig): Node {
  return {
    ...Node.decode(new Uint8Array(0)),
    id: id ?? 'proxy',
    cluster: xdsNodeCluster,
    locality: { region, zone, subZone: '' },
    userAgentName: proxyUserAgent,
    ...(node === undefined ? {} : { metadata: { NODE_NAME: node } }),
  };
}
