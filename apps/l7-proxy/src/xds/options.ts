import { values, type OptionSpecs } from '@evenly/service';

/** Instead of config files: an xDS server says what to do. */
export const xdsOptions = {
  xdsServer: {
    describe: 'HOST:PORT of an xDS server that has routes and endpoints, instead of --config',
    schema: values.text(),
  },
  xdsVariant: {
    describe: 'delta: only what changed is sent; sotw: state of the world',
    schema: values.oneOf(['delta', 'sotw']),
    default: 'delta',
  },
  xdsListeners: {
    describe: 'names of the listeners that this proxy takes of the xDS server; empty = all that it has',
    schema: values.list(),
    default: '',
  },
  xdsNodeCluster: {
    describe: 'the cluster of nodes that the xDS server is told this proxy belongs to',
    schema: values.text(),
    default: 'l7-proxy',
  },
  xdsTls: {
    describe:
      'speak TLS to the xDS server, with the authorities of the machine unless --xds-tls-ca says others',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  xdsTlsCa: {
    describe: "PEM file with the authorities of the xDS server's certificate; implies --xds-tls",
    schema: values.text(),
  },
  xdsTlsCert: {
    describe: 'PEM file with a certificate to show to the xDS server; read again for each connection',
    schema: values.text(),
  },
  xdsTlsKey: { describe: 'PEM file with its private key', schema: values.text() },
  xdsServerName: {
    describe: "name that the xDS server's certificate must have, if not the host's",
    schema: values.text(),
  },
} as const satisfies OptionSpecs;
