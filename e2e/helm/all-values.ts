/** Every value that the chart has for an app, but `nameOverride` and those that exclude others. */
export const allValues = {
  image: { prefix: 'registry.example/team/', tag: 'v1', pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'pull' }],
  networkPolicy: { enabled: true, defaultDeny: false, dns: [{ ipBlock: { cidr: '169.254.20.10/32' } }] },
  apps: {
    mesh: {
      app: 'xds-server',
      replicaCount: 4,
      autoscaling: { maxReplicas: 8, behavior: { scaleDown: { stabilizationWindowSeconds: 600 } } },
      minReadySeconds: 3,
      terminationGracePeriodSeconds: 99,
      args: ['--config=/etc/evenly/mesh.yaml', '--admin-host=0.0.0.0', '--admin-port=19000', '--refresh=5s'],
      env: [
        { name: 'NAME', value: 'me' },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
      envFrom: [{ configMapRef: { name: 'more', optional: true } }],
      config: { 'mesh.yaml': 'services: {}' },
      tls: { secretName: 'mesh-tls', clientCertificates: true },
      sidecar: { config: { 'mesh.yaml': 'services: {}' }, resources: { limits: { memory: '512Mi' } } },
      service: { type: 'LoadBalancer', port: 80, annotations: { 'example.com/lb': 'internal' } },
      kubernetesAccess: { services: true, namespaces: ['shop'] },
      serviceAccount: { annotations: { 'example.com/role': 'reader' } },
      networkPolicy: {
        ingress: [{ ports: [{ port: 'xds' }], from: [{ namespaceSelector: {} }] }],
        egress: [{ ports: [{ port: 9000 }] }],
      },
      labels: { team: 'a' },
      annotations: { 'example.com/owner': 'a' },
      podLabels: { pool: 'blue' },
      podAnnotations: { 'example.com/scrape': 'true' },
      resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } },
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: {} } },
          ],
        },
      },
      topologySpreadConstraints: [
        { topologyKey: 'rack', maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
      ],
      podSecurityContext: { fsGroup: 1000 },
      securityContext: { readOnlyRootFilesystem: false },
      volumes: [{ name: 'scratch', emptyDir: {} }],
      volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
      initContainers: [{ name: 'first', image: 'registry.example/first:1' }],
    },
  },
};
