import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { calling, client, diagnosed, idsOf, preStop, probe, server } from '../testing/inventory-of.ts';

const byApi = calling('k8s:///cart.shop:grpc');
const headless = { service: 'clusterIP: None' };

/** The finding of that name of the Service cart. */
async function finding(id: string, yaml: string) {
  const found = (await diagnosed(yaml)).findings.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}
const manifestsOf = ({ advice }: { advice: readonly { manifest?: string }[] }) =>
  advice.flatMap(({ manifest }) => (manifest?.startsWith('apiVersion') ? [manifest] : []));

it('a Service with which nothing is wrong', async () => {
  const service = await diagnosed(server() + byApi);
  expect(service.findings).toEqual([]);
});

describe('one-connection', () => {
  it('is an error where a client was seen that goes by the virtual address', async () => {
    const { severity, evidence, advice, oneOf } = await finding(
      'one-connection',
      server() + calling('dns:///cart:50051'),
    );
    expect([severity, oneOf]).toEqual(['error', true]);
    expect(evidence[0]).toEqual({
      certainty: 'seen',
      text: 'shop/deployment/web: env CART=dns:///cart:50051',
    });
    expect(advice.map(({ manifest }) => manifest)).toEqual(
      expect.arrayContaining([expect.stringContaining('k8s:///cart.shop:grpc'), 'xds:///cart.shop:50051']),
    );
  });

  it('its headless Service has the port of the pods', async () => {
    const ports = '{ name: grpc, port: 80, targetPort: 50051, appProtocol: grpc }';
    const found = await finding('one-connection', server({ ports }) + calling('dns:///cart:80'));
    const services = manifestsOf(found).filter((text) => text.includes('kind: Service'));
    expect(parseAllDocuments(services[0]!)[0]!.toJS()).toMatchObject({
      metadata: { name: 'cart-headless', namespace: 'shop' },
      spec: { clusterIP: 'None', selector: { app: 'cart' }, ports: [{ port: 50051, targetPort: 50051 }] },
    });
  });

  it('is a warning where no client was seen, or only its name', async () => {
    for (const yaml of [server(), server() + client('args: [--services=cart]')])
      expect((await finding('one-connection', yaml)).severity).toBe('warning');
  });
});

describe('headless-clients', () => {
  const calls = calling('dns:///cart:50051');
  it('a client by DNS hears of new pods when a connection ends', async () => {
    expect((await finding('headless-clients', server(headless) + calls)).severity).toBe('warning');
  });

  it('a note where servers close old connections, as far as a name tells', async () => {
    const container = `${probe}, ${preStop}, env: [{ name: MAX_CONNECTION_AGE, value: 10s }]`;
    const { severity, evidence } = await finding(
      'headless-clients',
      server({ ...headless, container }) + calls,
    );
    expect(severity).toBe('note');
    expect(evidence).toContainEqual({
      certainty: 'inferred',
      text: 'deployment/cart has env MAX_CONNECTION_AGE=10s, which by its name limits the age of connections',
    });
  });

  it('a note where no client was seen; nothing where they follow pods by other ways', async () => {
    expect((await finding('headless-clients', server(headless))).severity).toBe('note');
    expect(idsOf(await diagnosed(server(headless) + byApi))).toEqual([]);
  });
});

it('headless-port: the Service’s port is not that of the pods', async () => {
  const ports = '{ name: grpc, port: 80, targetPort: grpc, appProtocol: grpc }';
  const found = await finding('headless-port', server({ ...headless, ports }) + calling('dns:///cart:80'));
  expect(found.title).toBe('Clients connect to port 80, and the pods listen on 50051.');
  expect(idsOf(await diagnosed(server({ ...headless, ports }) + calling('dns:///cart:50051')))).not.toContain(
    'headless-port',
  );
});

describe('no-grpc-readiness', () => {
  it.each([
    ['', 'error'],
    ['readinessProbe: { tcpSocket: { port: grpc } },', 'warning'],
    ['readinessProbe: { httpGet: { port: 80, path: / } },', 'note'],
  ])('%j', async (given, severity) => {
    const found = await finding('no-grpc-readiness', server({ container: `${given} ${preStop}` }) + byApi);
    expect(found.severity).toBe(severity);
    expect(parseAllDocuments(manifestsOf(found)[0]!)[0]!.toJS()).toMatchObject({
      kind: 'Deployment',
      spec: {
        template: { spec: { containers: [{ name: 'server', readinessProbe: { grpc: { port: 50051 } } }] } },
      },
    });
  });

  it('grpc_health_probe is as good', async () => {
    const container = `readinessProbe: { exec: { command: [/bin/grpc_health_probe] } }, ${preStop}`;
    expect(idsOf(await diagnosed(server({ container }) + byApi))).toEqual([]);
  });
});

it('publish-not-ready', async () => {
  const service = 'clusterIP: None, publishNotReadyAddresses: true';
  expect((await finding('publish-not-ready', server({ service }) + byApi)).severity).toBe('error');
});

describe('port-says-no-grpc', () => {
  const ports = '{ name: api, port: 50051, targetPort: grpc }';
  it('a port that says nothing is known by a gRPC probe of its pods', async () => {
    const { evidence, advice } = await finding('port-says-no-grpc', server({ ports }) + byApi);
    expect(evidence.map(({ certainty, text }) => `${certainty}: ${text}`)).toContain(
      'inferred: container server has a gRPC probe on port 50051',
    );
    expect(advice[0]!.manifest).toContain('appProtocol: grpc');
  });

  it('is no gRPC Service where nothing says so, nor where its owner says no', async () => {
    const silent = server({ ports: '{ name: api, port: 80, targetPort: 80 }', container: preStop });
    expect(await diagnosed(silent)).toBeUndefined();
    const no = server({ ports }).replace(
      '{ name: cart }',
      "{ name: cart, annotations: { evenly.dev/discover: 'false' } }",
    );
    expect(await diagnosed(no)).toBeUndefined();
  });
});

it('annotation-fault: in the words of the xds-server', async () => {
  const note = "{ name: cart, annotations: { evenly.dev/service: 'policy: { loadBalancing: fastest }' } }";
  const { evidence } = await finding('annotation-fault', server().replace('{ name: cart }', note));
  expect(evidence[0]!.text).toMatch(/^evenly\.dev\/service: line 1: policy\.loadBalancing/);
});

it('single-replica', async () => {
  const yaml = server({ workload: 'replicas: 1' }) + byApi;
  expect(idsOf(await diagnosed(yaml))).toEqual(['single-replica']);
  expect(manifestsOf(await finding('single-replica', yaml))[0]).toContain('replicas: 2');
});

describe('no-disruption-budget', () => {
  const yaml = server({ without: 'budget' }) + byApi;
  it('selects what the Service selects', async () => {
    const [manifest] = manifestsOf(await finding('no-disruption-budget', yaml));
    expect(parseAllDocuments(manifest!)[0]!.toJS()).toMatchObject({
      kind: 'PodDisruptionBudget',
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'cart' } } },
    });
  });

  it('says nothing where budgets may not be read', async () => {
    expect(idsOf(await diagnosed(yaml, ['poddisruptionbudgets']))).toEqual([]);
  });
});

describe('draining', () => {
  it('no-pre-stop', async () => {
    const [manifest] = manifestsOf(await finding('no-pre-stop', server({ container: probe }) + byApi));
    expect(parseAllDocuments(manifest!)[0]!.toJS()).toMatchObject({
      spec: {
        template: {
          spec: {
            terminationGracePeriodSeconds: 45,
            containers: [{ name: 'server', lifecycle: { preStop: { sleep: { seconds: 5 } } } }],
          },
        },
      },
    });
  });

  it('short-grace: what the hook leaves of the grace period', async () => {
    const sleep = "lifecycle: { preStop: { exec: { command: [sh, -c, 'sleep 25'] } } }";
    const { title } = await finding(
      'short-grace',
      server({ container: `${probe}, ${sleep}`, pod: '' }) + byApi,
    );
    expect(title).toBe('Calls that are under way have 5 s to end, then they are cut.');
  });
});

it('sidecar-missing: pods that are older than the request', async () => {
  const pods = `
---
kind: Namespace
metadata: { name: shop, labels: { istio-injection: enabled } }
---
kind: Pod
metadata: { name: web-1, labels: { app: web } }
spec: { containers: [{ name: main }] }
`;
  const { advice } = await finding('sidecar-missing', server() + calling('dns:///cart:50051') + pods);
  expect(advice[0]!.manifest).toBe('kubectl --namespace=shop rollout restart deployment/web');
});

describe('no-pods', () => {
  const yaml = server({ without: 'workload' });
  it('is an error where the selector fits nothing', async () => {
    expect((await finding('no-pods', yaml)).severity).toBe('error');
  });

  it('is a note where pods may not be read, and where somebody else writes endpoints', async () => {
    const { findings } = await diagnosed(yaml, ['pods']);
    expect(findings.find(({ id }) => id === 'no-pods')!.severity).toBe('note');
    const other = yaml.replace('selector: { app: cart },', '');
    expect((await finding('no-pods', other)).severity).toBe('note');
  });
});
