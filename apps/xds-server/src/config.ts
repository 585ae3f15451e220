import { readyAfter, values, type Config, type OptionSpecs } from '@evenly/service';
import { gatewayApiOptions } from './gateway-api/options.ts';

export const options = {
  config: {
    describe:
      'config files, separated by commas: mesh config (YAML), svc_config.json, listener config; read again on change',
    schema: values.list(),
    default: '',
  },
  discover: {
    describe:
      'namespaces whose gRPC Services are served by themselves, separated by commas; all = those of the whole cluster',
    schema: values.list(),
    default: '',
  },
  discoverSelector: {
    describe: 'of these, only Services with such labels: team=shop,tier!=test',
    schema: values.text(),
  },
  discoverPorts: {
    describe:
      'which of their ports: grpc = those that say so by appProtocol, name or annotation; all = every one of TCP, but for those that opt out',
    schema: values.oneOf(['grpc', 'all']),
    default: 'grpc',
  },
  host: { describe: 'address that the xDS port listens on', schema: values.text(), default: '0.0.0.0' },
  port: { describe: 'xDS port; 0 = any free one', schema: values.port(), default: '18000' },
  plaintext: {
    describe: 'speak plaintext on the xDS port, though others than this machine can reach it',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  tlsCert: {
    describe: 'PEM file with the certificate of the xDS port; read again when it changes',
    schema: values.text(),
  },
  tlsKey: { describe: 'PEM file with its private key', schema: values.text() },
  tlsClientCa: {
    describe: "PEM file with the authorities of clients' certificates; with it every client has to show one",
    schema: values.text(),
  },
  allowedClients: {
    describe:
      'SPIFFE ids and DNS names that may come in, such as spiffe://example.org/ns/shop/*; empty = all with a certificate',
    schema: values.list(),
    default: '',
  },
  csdsClients: {
    describe:
      'those of them who are told what other clients have (CSDS), in the same form; empty = all who may come in',
    schema: values.list(),
    default: '',
  },
  wildcardClients: {
    describe:
      'those of them who may ask for all clusters or listeners at once, as Envoys do; empty = all who may come in',
    schema: values.list(),
    default: '',
  },
  dnsServers: {
    describe: 'DNS servers, such as 10.96.0.10:53,[fd00::10]:53; empty = those of the machine',
    schema: values.list(),
    default: '',
  },
  dnsTimeout: {
    describe: 'deadline of one DNS attempt; there are two',
    schema: values.duration(1),
    default: '2s',
  },
  clusterDomain: { describe: "the cluster's DNS domain", schema: values.text(), default: 'cluster.local' },
  refresh: {
    describe: 'longest time between two DNS look-ups of a service of svc_config.json',
    schema: values.duration(10),
    default: '10s',
  },
  healthInterval: {
    describe: 'time between two health checks of an endpoint; absent = the same as --refresh',
    schema: values.duration(10),
  },
  healthTimeout: { describe: 'deadline of one health check', schema: values.duration(1), default: '1s' },
  staleAfter: {
    describe: 'how long the last good endpoints of a service are kept while DNS or all health checks fail',
    schema: values.duration(0, 7 * 24 * 3_600_000),
    default: '1h',
  },
  snapshotDir: {
    describe:
      'directory for a snapshot of what sources said last, used while they are away after a start, for --stale-after at most; absent = none',
    schema: values.text(),
  },
  emptyGrace: {
    describe:
      'how long the last ready endpoints are kept when a source other than a file says that there are none any more, unless health checks find them dead',
    schema: values.duration(0, 3_600_000),
    default: '10s',
  },
  readyAfter: readyAfter(
    'services whose sources have not told endpoints yet: those with a fault of their own, and a tenth of all',
  ),
  coalesce: {
    describe:
      'a first change is sent at once; those that follow within this time are sent together at its end',
    schema: values.duration(0, 60_000),
    default: '50ms',
  },
  maxConnectionAge: {
    describe: 'how long a client stays connected before it is asked to come back; absent = for ever',
    schema: values.duration(1000),
  },
  drainSpread: {
    describe:
      'after SIGTERM, the time over which connections are closed one after the other (500 a second at least); below --drain-timeout',
    schema: values.duration(1),
    default: '10s',
  },
  kubeconfig: {
    describe:
      "kubeconfig for kubernetes sources; absent = KUBECONFIG, ~/.kube/config, or the pod's service account",
    schema: values.text(),
  },
  ...gatewayApiOptions,
  envoyXdsCluster: {
    describe:
      "the cluster in Envoys' bootstraps that leads here; for those with separate streams, without ADS",
    schema: values.text(),
    default: 'xds_cluster',
  },
  loadInterval: {
    describe: 'how often clients are asked to report their load; 0 = not at all',
    schema: values.duration(0),
    default: '10s',
  },
  loadForgetAfter: {
    describe: 'how long a client that reports no more is kept in the loads',
    schema: values.duration(1000),
    default: '5m',
  },
  maxStreams: {
    describe: 'most xDS streams at a time',
    schema: values.count(1, 1_000_000),
    default: '10000',
  },
  maxStreamsPerConnection: {
    describe: 'most streams of one connection; absent = a quarter of --max-streams, or 100 if that is more',
    schema: values.count(1, 1_000_000),
  },
  firstRequestTimeout: {
    describe: 'how long a stream may be open without asking for anything',
    schema: values.duration(1000),
    default: '10s',
  },
  clientMemory: {
    describe:
      'bytes that may be held for clients: names that they ask for, messages under way; absent = a quarter of the heap',
    schema: values.count(1_048_576, 1_099_511_627_776),
  },
  maxConnectionsPerAddress: {
    describe:
      'most connections of one client: an IPv4 address, or the /64 of an IPv6 one; absent = --max-streams. Behind a load balancer, all of its clients are one',
    schema: values.count(1, 1_000_000),
  },
  handshakeTimeout: {
    describe: 'how long a TLS handshake may take; then as long for the first headers',
    schema: values.duration(100, 60_000),
    default: '10s',
  },
} as const satisfies OptionSpecs;

export type ServerConfig = Config<typeof options>;
