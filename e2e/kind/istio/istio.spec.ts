import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { doctorTells } from '../../doctor/doctor-tells.ts';
import { callFrontend } from '../../shared/frontend-client.ts';
import { eventually } from '../../shared/wait.ts';
import { describeScenario, overlayOf, type Scenario } from '../scenario.ts';
import { callThroughGateway } from './gateway-client.ts';

const calls = 300;
/** istiod, the agent and Envoy on a machine that has a lot to do. */
const updateMs = 90_000;

/** From pod to answers; every call must have one. */
async function answers(scenario: Scenario): Promise<Map<string, number>> {
  const { status, text, byPod } = await callFrontend(scenario.frontends[0]!.forward.url, 'srv', calls);
  expect(status, text).toBe(200);
  return byPod;
}

/** The share of version v2. */
function shareOfV2(byPod: Map<string, number>): number {
  const ofV2 = [...byPod].filter(([pod]) => pod.startsWith('v2-'));
  return ofV2.reduce((sum, [, count]) => sum + count, 0) / calls;
}

const route = (name: string) => readFileSync(overlayOf(`istio/routes/${name}.yaml`), 'utf8');

/** The same route with other weights. */
const reweighted = (yaml: string, v1: number, v2: number) =>
  yaml.replace('weight: 95', `weight: ${v1}`).replace('weight: 5 ', `weight: ${v2} `);

/** 95/5, then 50/50, as the file says and as it is edited; without it all pods alike. */
async function splits(
  scenario: Scenario,
  name: string,
  look: () => Promise<Map<string, number>>,
): Promise<void> {
  const { kubectl } = scenario;
  await kubectl.apply(route(name));
  await eventually(async () => {
    const share = shareOfV2(await look());
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.12);
  }, updateMs);
  await kubectl.apply(reweighted(route(name), 50, 50));
  await eventually(async () => expect(Math.abs(shareOfV2(await look()) - 0.5)).toBeLessThan(0.1), updateMs);
  await kubectl.run('delete', '--filename', overlayOf(`istio/routes/${name}.yaml`));
}

/** Every pod of both versions, and no others. */
const everyPod = (scenario: Scenario) =>
  eventually(async () => {
    const pods = [...(await scenario.podsOf('v1-srv')), ...(await scenario.podsOf('v2-srv'))];
    expect([...(await answers(scenario)).keys()].sort()).toEqual(pods.map(({ name }) => name).sort());
  }, updateMs);

async function spreads(scenario: Scenario): Promise<void> {
  await everyPod(scenario);
  await scenario.scale('v1-srv', 5);
  await everyPod(scenario);
  await scenario.restart('v2-srv');
  await everyPod(scenario);
}

describeScenario(
  'istio-plain',
  (scenario) => {
    it('the doctor says how it is balanced', () => doctorTells('istio/plain'));

    it('without Istio: one pod has all calls, also after a scale-out', async () => {
      const [pinned] = (await answers(scenario())).keys();
      await scenario().scale('v1-srv', 5);
      expect([...(await answers(scenario())).keys()]).toEqual([pinned]);
    });
  },
  'istio/plain',
);

describeScenario(
  'istio-sidecar',
  (scenario) => {
    it('the doctor says how it is balanced', () => doctorTells('istio/sidecar'));

    it('the same manifests with sidecars: all pods, new ones and after a rolling restart too', () =>
      spreads(scenario()));

    it.each(['virtualservice', 'grpcroute'])('%s: 95 to 5, then 50 to 50', (name) =>
      splits(scenario(), name, () => answers(scenario())),
    );

    it('the ingress gateway: each call on its own, 95 to 5, then 50 to 50', async () => {
      const { kubectl } = scenario();
      await splits(scenario(), 'gateway', async () => {
        await kubectl.rolledOut('entry-istio');
        const [gateway] = await kubectl.pods('gateway.networking.k8s.io/gateway-name=entry');
        return callThroughGateway(kubectl.namespace, gateway!.name, calls);
      });
    });
  },
  'istio/sidecar',
);

describeScenario(
  'istio-proxyless',
  (scenario) => {
    it('the doctor says how it is balanced', () => doctorTells('istio/proxyless'));

    it('the frontend has no Envoy, and all pods answer, new ones and after a rolling restart too', async () => {
      const { stdout } = await scenario().kubectl.run('get', 'pods', '--output=json');
      expect(stdout).toMatch(/"ISTIO_META_GENERATOR",\s+"value": "grpc"/);
      await spreads(scenario());
    });

    it.each(['virtualservice', 'grpcroute'])('%s: 95 to 5, then 50 to 50', (name) =>
      splits(scenario(), name, () => answers(scenario())),
    );
  },
  'istio/proxyless',
);
