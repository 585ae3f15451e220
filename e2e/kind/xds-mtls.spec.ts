import { once } from 'node:events';
import { connect } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { authority, type Pair } from '@evenly/local-cluster';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { AggregatedDiscoveryServiceClient } from '@evenly/proto/envoy/service/discovery/v3/ads';
import { DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { certManagerDefinitions, issueSecrets, noCertManager, pairOf } from './cert-manager.ts';
import { keepForLater } from './failures.ts';
import { Kubectl } from './kubectl.ts';
import { PortForward } from './port-forward.ts';
import { noCluster } from './scenario.ts';

const namespace = 'xds-mtls';

/** What a client says to get a resource. */
const requestOf = (type: string, name: string): DiscoveryRequest => ({
  ...DiscoveryRequest.decode(new Uint8Array(0)),
  node: { ...Node.decode(new Uint8Array(0)), id: 'a client' },
  typeUrl: `type.googleapis.com/${type}`,
  resourceNames: [name],
});
const overlay = new URL('overlays/xds-mtls', import.meta.url).pathname;
const why = noCluster ?? noCertManager;

describe.skipIf(why)(`components xds-mtls and cert-manager${why ? ` (skipped: ${why})` : ''}`, () => {
  const kubectl = new Kubectl(namespace);
  let ca: Awaited<ReturnType<typeof authority>>;
  let client: Pair;
  let forward: PortForward | undefined;
  const definitions = ['certificates', 'issuers'].map((name) => `crd/${name}.cert-manager.io`);
  beforeAll(async () => {
    ca = await authority('mesh');
    await kubectl.run('create', 'namespace', namespace);
    await kubectl.apply(await certManagerDefinitions());
    await kubectl.run('wait', '--for=condition=established', ...definitions);
    await kubectl.run('apply', '--kustomize', overlay, '--validate=strict');
    await issueSecrets(kubectl, ca, 'first');
    client = await pairOf(kubectl, 'xds-client-tls');
    await kubectl.rolledOut('xds-server');
    const [pod] = await servers();
    forward = await PortForward.open(namespace, pod!.name, 18000);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await keepForLater(kubectl);
  });
  afterAll(async () => {
    await forward?.close();
    await kubectl.run('delete', 'namespace', namespace, '--ignore-not-found');
    await kubectl.run('delete', '--ignore-not-found', ...definitions);
  });

  const servers = () => kubectl.pods('app.kubernetes.io/name=xds-server');

  /** As a proxyless client, which asks for its target first. */
  function openXdsStream() {
    const [root, key, cert] = [ca.cert, client.key, client.cert].map((pem) => Buffer.from(pem));
    const ads = new AggregatedDiscoveryServiceClient(
      new URL(forward!.url).host,
      credentials.createSsl(root, key, cert),
      { 'grpc.ssl_target_name_override': 'xds-server' },
    );
    const stream = ads.streamAggregatedResources();
    stream.write(requestOf('envoy.config.listener.v3.Listener', 'be1-srv'));
    return { stream, ads };
  }

  /**
   * Shakes hands, and waits for the server's word on the client's certificate: in TLS 1.3 it comes after the handshake, as
   * the first bytes of HTTP/2 or as the end. Its alert may be lost on the way through the port-forward.
   * @returns who the server says it is; undefined where it has ended the connection
   */
  async function shakeHands(own: Partial<Pair>): Promise<string | undefined> {
    const { hostname: host, port } = new URL(forward!.url);
    const options = {
      host,
      port: Number(port),
      ca: ca.cert,
      servername: 'xds-server',
      ALPNProtocols: ['h2'],
    };
    const socket = connect({ ...options, ...own });
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true));
      for (const end of ['end', 'close', 'error']) socket.once(end, () => resolve(false));
    });
    const name = socket.getPeerCertificate()?.subject?.CN;
    socket.destroy();
    return accepted ? String(name) : undefined;
  }

  it('a client with a certificate of the authority is served', async () => {
    expect(await shakeHands(client)).toBe('xds-server first');
  });

  it('one without, or with one of another authority, is refused', async () => {
    expect(await shakeHands({})).toBeUndefined();
    const stranger = await (await authority('another')).issue('a stranger', { dnsNames: ['client'] });
    expect(await shakeHands(stranger)).toBeUndefined();
  });

  it('a renewed Secret is used for new connections, and neither a pod nor a connection has ended', async () => {
    const before = await servers();
    const { stream, ads } = openXdsStream();
    const ends: unknown[] = [];
    stream.on('error', (error) => ends.push(error)).on('end', () => ends.push('end'));
    await once(stream, 'data');
    await issueSecrets(kubectl, ca, 'second');
    // The kubelet brings it within its sync period, a minute; sooner to a pod that changes.
    await kubectl.run('annotate', 'pods', '--all', '--overwrite', `evenly/touched=${Date.now()}`);
    await eventually(async () => expect(await shakeHands(client)).toBe('xds-server second'), 150_000);
    stream.write(requestOf('envoy.config.cluster.v3.Cluster', 'be1-srv-cluster'));
    await once(stream, 'data');
    expect(ends).toEqual([]);
    stream.cancel();
    ads.close();
    expect(await servers()).toEqual(before);
  });
});
