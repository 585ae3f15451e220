import { connect } from 'node:tls';
import { authority, type Pair } from '@evenly/local-cluster';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { keepForLater } from './failures.ts';
import { Kubectl } from './kubectl.ts';
import { PortForward } from './port-forward.ts';
import { noCluster } from './scenario.ts';

const namespace = 'xds-mtls';
const overlay = new URL('overlays/xds-mtls', import.meta.url).pathname;
const serverNames = { dnsNames: ['xds-server'] };

describe.skipIf(noCluster)('component xds-mtls', () => {
  const kubectl = new Kubectl(namespace);
  let ca: Awaited<ReturnType<typeof authority>>;
  let client: Pair;
  let forward: PortForward | undefined;
  beforeAll(async () => {
    ca = await authority('mesh');
    client = await ca.issue('a client', { dnsNames: ['client'] });
    await kubectl.run('create', 'namespace', namespace);
    await putSecret(await ca.issue('first', serverNames));
    await kubectl.run('apply', '--kustomize', overlay);
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
  });

  const servers = () => kubectl.pods('app.kubernetes.io/name=xds-server');

  /** As `kubectl create secret`, which would refuse one that is there. */
  async function putSecret({ cert, key }: Pair): Promise<void> {
    const data = { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca.cert };
    const metadata = { name: 'xds-server-tls', namespace };
    await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: data }));
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
    expect(await shakeHands(client)).toBe('first');
  });

  it('one without, or with one of another authority, is refused', async () => {
    expect(await shakeHands({})).toBeUndefined();
    const stranger = await (await authority('another')).issue('a stranger', { dnsNames: ['client'] });
    expect(await shakeHands(stranger)).toBeUndefined();
  });

  it('a renewed Secret is used, and no pod was restarted', async () => {
    const before = await servers();
    await putSecret(await ca.issue('second', serverNames));
    // The kubelet brings it within its sync period, a minute; sooner to a pod that changes.
    await kubectl.run('annotate', 'pods', '--all', '--overwrite', `evenly/touched=${Date.now()}`);
    await eventually(async () => expect(await shakeHands(client)).toBe('second'), 150_000);
    expect(await servers()).toEqual(before);
  });
});
