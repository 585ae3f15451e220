import { values, type Config, type OptionSpecs } from '@evenly/service';

export const bootstrapOptions = {
  server: {
    describe: 'where the xDS server is, as HOST:PORT or a gRPC target',
    schema: values.text(),
    default: 'xds-server:18000',
  },
  out: { describe: 'the file to write; absent = standard output', schema: values.text() },
  namespace: {
    describe:
      "the pod's namespace, for the node's id and for targets without one, xds:///shop:8080; absent = what the pod's " +
      'service account says',
    schema: values.text(),
    alsoEnv: ['POD_NAMESPACE'],
  },
  pod: {
    describe: "the pod's name, for the node's id",
    schema: values.text(),
    alsoEnv: ['POD_NAME', 'HOSTNAME'],
  },
  app: {
    describe: "the client's name, as the node's cluster; of a gRPC server, the service that it serves",
    schema: values.text(),
    default: 'client',
  },
  zone: { describe: "the node's zone", schema: values.text(), alsoEnv: ['ZONE'] },
  region: { describe: "the node's region", schema: values.text(), alsoEnv: ['REGION'] },
  node: {
    describe: 'the Kubernetes node, for `zonePreference: hints`',
    schema: values.text(),
    alsoEnv: ['NODE_NAME'],
  },
  labels: {
    describe:
      "file of the pod's labels by a downwardAPI volume: what topology.kubernetes.io/zone and /region say " +
      'is used where --zone and --region say nothing',
    schema: values.text(),
  },
  tlsCa: {
    describe: 'PEM file of the authorities of the xDS server; with it: TLS (gRFC A65)',
    schema: values.text(),
  },
  tlsCert: { describe: "PEM file of the client's certificate", schema: values.text() },
  tlsKey: { describe: "PEM file of the client's key", schema: values.text() },
  certificates: {
    describe:
      'directory with tls.crt, tls.key and ca.crt, for services whose `servers` want certificates of servers and clients ' +
      '(gRFC A29)',
    schema: values.text(),
  },
  certificatesRefresh: {
    describe: 'how often these files are looked at',
    schema: values.duration(1000),
    default: '1m',
  },
} as const satisfies OptionSpecs;

export type BootstrapConfig = Config<typeof bootstrapOptions>;
