import { afterAll, beforeAll, expect, it } from 'vitest';
import { callFrontend } from '../shared/frontend-client.ts';
import { eventually } from '../shared/wait.ts';
import { Kubectl } from './kubectl.ts';
import { PortForward } from './port-forward.ts';
import { describeScenario, type Scenario } from './scenario.ts';

/** Another namespace, with a pod, and Services of each kind before it that no file names. */
const shop = new Kubectl('discover-shop');
const others = `
apiVersion: v1
kind: Namespace
metadata: { name: discover-shop }
---
apiVersion: v1
kind: Pod
metadata: { name: shop-pod, namespace: discover-shop, labels: { app: shop } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: server
      image: evenly/echo-backend:dev
      ports: [{ name: shop, containerPort: 50051 }]
      readinessProbe: { grpc: { port: 50051 }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: discover-shop }
spec:
  selector: { app: shop }
  ports:
    - { name: admin, port: 8081 }
    - { name: grpc-shop, port: 8080, targetPort: shop }
---
apiVersion: v1
kind: Service
metadata: { name: opted-in, namespace: discover-shop, annotations: { evenly.dev/discover: 'true' } }
spec:
  selector: { app: shop }
  ports: [{ port: 9000, targetPort: 50051 }]
`;

/** A client whose bootstrap is written from what every pod has, but for where the xds-server is. */
const clientPod = `
apiVersion: v1
kind: Pod
metadata:
  name: client
  namespace: discover
  labels: { app.kubernetes.io/name: client, evenly/xds-client: 'true' }
spec:
  terminationGracePeriodSeconds: 1
  securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
  initContainers:
    - name: xds-bootstrap
      image: evenly/xds-server:dev
      args: [bootstrap, --out=/xds/bootstrap.json]
      volumeMounts: [{ name: xds, mountPath: /xds }]
      securityContext: &restricted { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
  containers:
    - name: client
      image: evenly/frontend:dev
      args: [--services=be1-srv]
      env: [{ name: GRPC_XDS_BOOTSTRAP, value: /xds/bootstrap.json }]
      readinessProbe: { httpGet: { path: /readyz, port: 8080 }, periodSeconds: 1 }
      volumeMounts: [{ name: xds, mountPath: /xds }]
      securityContext: *restricted
  volumes: [{ name: xds, emptyDir: {} }]
`;

/** Waits until calls to a name are answered by these pods, and by no others. */
const isAnsweredBy = (scenario: Scenario, name: string, pods: readonly string[]) =>
  eventually(async () => {
    const { status, text, byPod } = await scenario.call(name, 4 * pods.length);
    expect([name, status, text.slice(0, 200)]).toEqual([name, 200, expect.any(String)]);
    expect([...byPod.keys()].sort()).toEqual([...pods].sort());
  });

describeScenario('discover', (scenario) => {
  beforeAll(async () => {
    await shop.apply(others);
    await scenario().kubectl.apply(clientPod);
  });
  afterAll(() => shop.run('delete', 'namespace', shop.namespace, '--ignore-not-found', '--wait=false'));

  it('a Service that no file names is called by each name that DNS has for it; headless, by the pods', async () => {
    const pods = (await scenario().podsOf('be1-srv')).map(({ name }) => name);
    for (const name of [
      'be1-srv.discover.svc.cluster.local:50051',
      'be1-srv.discover.svc:50051',
      'be1-srv.discover:50051',
      'be1-srv.discover.svc.cluster.local',
      'be1-srv.discover',
      'be1-srv:50051',
      'be1-srv',
    ])
      await isAnsweredBy(scenario(), name, pods);
  });

  it('so are those of another namespace, by the Service’s port, which leads to a named port of the pods', async () => {
    await shop.run('wait', 'pod/shop-pod', '--for=condition=Ready', '--timeout=120s');
    for (const name of ['shop.discover-shop:8080', 'shop.discover-shop', 'opted-in.discover-shop:9000'])
      await isAnsweredBy(scenario(), name, ['shop-pod']);
  });

  it('a bootstrap without options says the pod and its namespace', async () => {
    const { kubectl } = scenario();
    await kubectl.run('wait', 'pod/client', '--for=condition=Ready', '--timeout=120s');
    const { stdout } = await kubectl.run('logs', 'client', '--container=xds-bootstrap');
    expect(stdout).toContain('wrote /xds/bootstrap.json for discover/client');
    const forward = await PortForward.open(kubectl.namespace, 'client', 8080);
    expect((await callFrontend(forward.url, 'be1-srv', 2)).status).toBe(200);
    await forward.close();
  });

  it('what is wrong with an annotation is an Event of its Service, once, whose calls go on', async () => {
    await shop.run('annotate', 'service', 'shop', 'evenly.dev/service=policy: { loadBalancing: fastest }');
    await eventually(async () => {
      const { stdout } = await shop.run(
        ...['get', 'events', '--field-selector=involvedObject.name=shop,reason=InvalidConfig'],
        '--output=jsonpath={range .items[*]}{.message}{"\\n"}{end}',
      );
      expect(stdout).toMatch(/^evenly\.dev\/service: line 1: policy\.loadBalancing.*\n$/);
    });
    await isAnsweredBy(scenario(), 'shop.discover-shop', ['shop-pod']);
  });

  it('clients of a Service that is deleted are told so; of one that is made again too', async () => {
    await shop.run('delete', 'service', 'opted-in');
    const name = 'opted-in.discover-shop:9000';
    await eventually(async () => expect((await scenario().call(name, 1)).status).toBe(404));
    await shop.apply(others);
    await isAnsweredBy(scenario(), name, ['shop-pod']);
  });
});
