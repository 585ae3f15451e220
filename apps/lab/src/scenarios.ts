import { canary } from '../scenarios/canary.ts';
import { clientApi } from '../scenarios/client-api.ts';
import { clientDns } from '../scenarios/client-dns.ts';
import { clusterip } from '../scenarios/clusterip.ts';
import { headlessDns } from '../scenarios/headless-dns.ts';
import { maxAge } from '../scenarios/max-age.ts';
import { proxy } from '../scenarios/proxy.ts';
import { sidecar } from '../scenarios/sidecar.ts';
import { xdsDnsSrv } from '../scenarios/xds-dns-srv.ts';
import { xdsFile } from '../scenarios/xds-file.ts';
import { xdsK8s } from '../scenarios/xds-k8s.ts';
import { LabError } from './errors.ts';
import type { Scenario } from './scenario.ts';

/** All there are, from what everybody has at first to what needs a control plane. */
export const scenarios: readonly Scenario[] = [
  clusterip,
  headlessDns,
  maxAge,
  clientApi,
  clientDns,
  proxy,
  sidecar,
  canary,
  xdsFile,
  xdsDnsSrv,
  xdsK8s,
];

/** @throws LabError UNKNOWN_SCENARIO, naming the known ones */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found) return found;
  const known = scenarios.map((scenario) => scenario.name).join(', ');
  throw new LabError('UNKNOWN_SCENARIO', `no scenario ${JSON.stringify(name)}; there are: ${known}`);
}
