import { values, type OptionSpecs } from '@evenly/service';

/** Of the Gateway API of Kubernetes; nothing of it is loaded or watched without `--gateway-api`. */
export const gatewayApiOptions = {
  gatewayApi: {
    describe: 'follow Gateways and routes of the Kubernetes Gateway API; the config files count as well',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  gatewayController: {
    describe: 'the controllerName of GatewayClasses that are served here',
    schema: values.text(),
    default: 'evenly.dev/gateway-controller',
  },
  gatewayMesh: {
    describe:
      'GRPCRoutes may have a Service as parent: routes for gRPC clients that ask for it by xDS. No other implementation should do that too',
    schema: values.flag(),
    default: 'false',
    isFlag: true,
  },
  gatewayProxyImage: {
    describe: 'image of l7-proxy, which runs for each Gateway',
    schema: values.text(),
    default: 'evenly/l7-proxy:dev',
  },
  gatewayProxyArgs: {
    describe: 'options of these proxies, separated by commas: at least where they find an xds-server',
    schema: values.list(),
    default: '--xds-server=xds-server:18000',
  },
  gatewayProxyReplicas: {
    describe: 'proxies of each Gateway',
    schema: values.count(1, 1000),
    default: '2',
  },
  gatewayProxyMemory: { describe: 'memory limit of a proxy', schema: values.text(), default: '384Mi' },
  gatewayServiceType: {
    describe: "type of each Gateway's Service",
    schema: values.oneOf(['LoadBalancer', 'ClusterIP', 'NodePort']),
    default: 'LoadBalancer',
  },
  gatewayLease: {
    describe: 'name of the Lease, in the own namespace, whose holder writes statuses and makes proxies',
    schema: values.text(),
    default: 'evenly-gateway-controller',
  },
} as const satisfies OptionSpecs;
