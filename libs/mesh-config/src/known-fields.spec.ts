import { describe, expect, it } from 'vitest';
import { readAnyConfig } from './read-config.ts';
import { faultsOf } from './testing/faults.ts';

const reasonsOf = (config: unknown) =>
  faultsOf(() => readAnyConfig(JSON.stringify(config), 'f')).map(
    ({ field, reason }) => `${field}: ${reason}`,
  );
const source = { static: { endpoints: ['10.0.0.1:1'] } };

describe('a field that nobody knows', () => {
  it.each([
    [{ services: { a: { source, polciy: {} } } }, 'services.a.polciy', 'policy'],
    [{ services: { a: { source: { dnsSvr: {} } } } }, 'services.a.source.dnsSvr', 'dnsSrv'],
    [{ services: { a: { source } }, route: [] }, 'route', 'routes'],
    [
      { services: { a: { source, policy: { load_balancing: 'random' } } } },
      'services.a.policy.load_balancing',
      'loadBalancing',
    ],
    [
      { services: { a: { source } }, routes: [{ match: { hedaers: [] }, to: [{ service: 'a' }] }] },
      'routes[0].match.hedaers',
      'headers',
    ],
    [{ services: [{ serviceNmae: 'a', portName: 'b' }] }, 'services[0].serviceNmae', 'serviceName'],
    [{ name: 'a', spec: { listeners: [], cluster: [] } }, 'spec.cluster', 'clusters'],
  ])('in %j is told which one was meant', (config, field, meant) => {
    expect(reasonsOf(config)).toContain(
      `${field}: is not a field that is known here; did you mean ${meant}?`,
    );
  });

  it('is told which there are, when none is near and they are few', () => {
    const [reason] = reasonsOf({
      services: { a: { source, policy: { subsetting: { size: 1, colour: 2 } } } },
    });
    expect(reason).toMatch(/colour: is not a field that is known here: known are size$/);
  });
});
