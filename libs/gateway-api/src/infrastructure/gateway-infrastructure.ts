import { createHash } from 'node:crypto';
import { listenerPrefix } from '../listeners/port-listeners.ts';
import type { Gateway } from '../objects/gateway.ts';
import { gatewayGroup, keyOf } from '../objects/meta.ts';
import type { ProxyOptions } from './proxy-options.ts';

/** What shall be in the cluster for a Gateway. What has its labels and is not among it is from before, and shall go. */
export interface GatewayInfrastructure {
  /** `ns/name` of the Gateway. */
  gateway: string;
  /** Of all that is made for it. */
  selector: Readonly<Record<string, string>>;
  objects: readonly KubernetesObject[];
}

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    labels: Readonly<Record<string, string>>;
    annotations: Readonly<Record<string, string>>;
    ownerReferences: readonly object[];
  };
  [field: string]: unknown;
}

const adminPort = 15_021;

/**
 * A Deployment and a Service of its own for each Gateway: so a Gateway has its own addresses, fails, scales and is taken
 * away alone, and its listeners may have the ports of another one's.
 * @param ports that are listened on
 */
export function gatewayInfrastructure(
  gateway: Gateway,
  ports: readonly number[],
  options: ProxyOptions,
): GatewayInfrastructure {
  const { infrastructure, meta, className } = gateway;
  const selector = { [`${gatewayGroup}/gateway-name`]: labelValue(meta.name) };
  const labels = {
    ...infrastructure.labels,
    'app.kubernetes.io/managed-by': 'evenly',
    [`${gatewayGroup}/gateway-class-name`]: labelValue(className),
    ...selector,
  };
  const name = labelValue(`${meta.name}-${className}`);
  const metadata = {
    name,
    namespace: meta.namespace,
    labels,
    annotations: infrastructure.annotations,
    ownerReferences: [ownerOf(gateway)],
  };
  const object = (apiVersion: string, kind: string, fields: object): KubernetesObject => ({
    apiVersion,
    kind,
    metadata,
    ...fields,
  });
  const template = {
    metadata: { labels, annotations: infrastructure.annotations },
    spec: podSpec(gateway, name, options),
  };
  const { autoscale } = options;
  return {
    gateway: keyOf(meta),
    selector,
    objects: [
      object('v1', 'ServiceAccount', { automountServiceAccountToken: false }),
      object('apps/v1', 'Deployment', {
        spec: {
          // With an autoscaler the number is its own.
          ...(autoscale ? {} : { replicas: options.replicas }),
          selector: { matchLabels: selector },
          strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template,
        },
      }),
      object('v1', 'Service', { spec: serviceSpec(gateway, selector, ports, options) }),
      object('policy/v1', 'PodDisruptionBudget', {
        spec: {
          maxUnavailable: 1,
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
          selector: { matchLabels: selector },
        },
      }),
      ...(autoscale
        ? [object('autoscaling/v2', 'HorizontalPodAutoscaler', { spec: scalerSpec(name, autoscale) })]
        : []),
    ],
  };
}

function ownerOf({ meta }: Gateway) {
  const { name, uid } = meta;
  return {
    apiVersion: `${gatewayGroup}/v1`,
    kind: 'Gateway',
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function podSpec(gateway: Gateway, serviceAccountName: string, options: ProxyOptions) {
  const { image, args, resources } = options;
  const probe = (path: string) => ({ httpGet: { path, port: 'admin' } });
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 70,
    securityContext: {
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
      // Listeners have ports below 1024.
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
    },
    topologySpreadConstraints: [
      {
        topologyKey: 'kubernetes.io/hostname',
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { [`${gatewayGroup}/gateway-name`]: labelValue(gateway.meta.name) } },
        matchLabelKeys: ['pod-template-hash'],
      },
    ],
    containers: [
      {
        name: 'l7-proxy',
        image,
        args: [...args(listenerPrefix(gateway)), '--admin-host=0.0.0.0', `--admin-port=${adminPort}`],
        env: [
          { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        ],
        // Not those of listeners: to add one restarts nobody.
        ports: [{ name: 'admin', containerPort: adminPort }],
        startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
        readinessProbe: { ...probe('/readyz'), periodSeconds: 2 },
        livenessProbe: { ...probe('/healthz'), periodSeconds: 10, timeoutSeconds: 5 },
        // Who sends calls here has to have heard that this pod ends.
        lifecycle: { preStop: { sleep: { seconds: 5 } } },
        resources,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  };
}

function serviceSpec(
  { addresses }: Gateway,
  selector: Readonly<Record<string, string>>,
  ports: readonly number[],
  { serviceType }: ProxyOptions,
) {
  const asked = addresses.find(({ value }) => value !== '')?.value;
  return {
    type: serviceType,
    selector,
    // A Service can ask for one address only; the others of the Gateway are then said not to be usable.
    ...(asked === undefined ? {} : { loadBalancerIP: asked }),
    ports: ports.map((port) => ({ name: `port-${port}`, port, protocol: 'TCP', targetPort: port })),
  };
}

function scalerSpec(
  name: string,
  { minReplicas, maxReplicas, cpuPercent }: NonNullable<ProxyOptions['autoscale']>,
) {
  return {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas,
    maxReplicas,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercent } },
      },
    ],
  };
}

/** Names of Services and values of labels have 63 characters at most. */
function labelValue(name: string): string {
  if (name.length <= 63) return name;
  return `${name.slice(0, 54)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
