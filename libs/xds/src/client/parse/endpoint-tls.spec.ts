import { rootCertificates } from 'node:tls';
import type { UpstreamTls } from '@evenly/mesh-config';
import { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { UpstreamTlsContext } from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { describe, expect, it } from 'vitest';
import { anonymousNode, type NodeKind } from '../../node.ts';
import { ResourceCache } from '../../resource-cache.ts';
import { routingResources } from '../../resources/routing.ts';
import { mesh, meshService } from '../../testing/mesh.ts';
import { parseCluster } from './cluster.ts';

const [ca, other] = rootCertificates as [string, string];
const caText = `${ca}\n${other}\n`;

function clusterOf(tls: UpstreamTls, kind: NodeKind): Cluster {
  const cache = new ResourceCache();
  cache.replace('routing', routingResources(mesh([{ ...meshService('be1-srv'), tls }])));
  const [found] = cache.all('cluster', { ...anonymousNode, kind });
  return Cluster.decode(found!.encoded);
}

const parsed = (cluster: Cluster) => parseCluster(cluster, () => undefined).tls;

describe('TLS towards endpoints', () => {
  it.each<[UpstreamTls, UpstreamTls]>([
    [
      { caText, serverName: 'shop.example.org' },
      { caText, serverName: 'shop.example.org' },
    ],
    [{ caText }, { caText, serverName: 'be1-srv' }],
    [{ serverName: 'shop.example.org' }, { serverName: 'shop.example.org' }],
  ])('comes out as it went in', (given, expected) => {
    for (const kind of ['proxy', 'envoy'] as const) expect(parsed(clusterOf(given, kind))).toEqual(expected);
  });

  it('with files is nobody’s, for they are where the config was read', () => {
    expect(clusterOf({ ca: 'ca.crt' }, 'proxy').transportSocket).toBe(undefined);
  });

  it('is nothing that gRPC clients take from the resource', () => {
    expect(clusterOf({ caText }, 'grpc-go').transportSocket).toBe(undefined);
  });
});

describe('is refused, for nobody may be called who was not checked:', () => {
  const changed = (change: (context: UpstreamTlsContext) => void) => {
    const cluster = clusterOf({ caText }, 'proxy');
    const packed = cluster.transportSocket!.configType!.value;
    const context = UpstreamTlsContext.decode(packed.value);
    change(context);
    packed.value = Buffer.from(UpstreamTlsContext.encode(context).finish());
    return cluster;
  };
  const validation = ({ commonTlsContext }: UpstreamTlsContext) => {
    const given = commonTlsContext!.validationContextType!;
    return given.$case === 'validationContext' ? given.value : expect.fail();
  };
  const trusts = (value: string) => (context: UpstreamTlsContext) =>
    void (validation(context).trustedCa!.specifier = { $case: 'inlineString', value });

  it.each<[string, string, (context: UpstreamTlsContext) => void]>([
    ['no name', 'must have an sni', (context) => void (context.sni = '')],
    ['a name of the request', 'must have an sni', (context) => void (context.autoHostSni = true)],
    [
      'any certificate of the authorities',
      'auto_sni_san_validation',
      (context) => void (context.autoSniSanValidation = false),
    ],
    [
      'no check at all',
      'validation_context in itself',
      (context) => void (context.commonTlsContext!.validationContextType = undefined),
    ],
    [
      'nothing of TLS',
      'validation_context in itself',
      (context) => void (context.commonTlsContext = undefined),
    ],
    [
      'nobody to trust',
      'must have trusted_ca',
      (context) => void (validation(context).trustedCa = undefined),
    ],
    [
      'a file',
      'inline_string',
      (context) => void (validation(context).trustedCa!.specifier = { $case: 'filename', value: 'ca.crt' }),
    ],
    ['no PEM', 'certificates in PEM', trusts('Hello world')],
    [
      'a broken certificate',
      'certificates in PEM',
      trusts('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
    ],
    ['too much', 'characters at most', trusts(' '.repeat(2 ** 20 + 1))],
    [
      'pinned certificates',
      'only trusted_ca',
      (context) => void (validation(context).verifyCertificateHash = ['00']),
    ],
  ])('%s', (_, reason, change) => {
    expect(() => parsed(changed(change))).toThrow(reason);
  });

  it('what is no message at all', () => {
    const cluster = clusterOf({ caText }, 'proxy');
    cluster.transportSocket!.configType!.value.value = Buffer.from([0xff, 0xff]);
    expect(() => parsed(cluster)).toThrow('cannot be decoded');
  });
});
