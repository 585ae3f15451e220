import type { Endpoint } from '@evenly/endpoints';
import { readMeshConfig } from '@evenly/mesh-config';
import { expect, it } from 'vitest';
import { usableEndpoints } from './hosts.ts';

const me = { id: 'p', region: '', zone: '', node: '' };
const service = (policy = '{}') =>
  readMeshConfig(
    `services: { a: { source: { static: { endpoints: [] } }, policy: ${policy} } }\n`,
    'mesh.yaml',
  ).services.get('a')!;

const regions = { all: [] };

const many = Array.from({ length: 10_002 }, (_, index): Endpoint => ({
  address: `127.0.${index >> 8}.${index & 255}`,
  port: 9,
  priority: index < 3 ? 1 : 0,
  state: 'ready',
}));

it('of more than 10,000 those of the first priorities get calls, and it is said', () => {
  const { used, tooMany } = usableEndpoints(many, { ...service(), regions }, me);
  expect(used).toHaveLength(10_000);
  expect(used.filter(({ priority }) => priority === 1)).toHaveLength(1);
  expect(tooMany).toBe('10002 endpoints are too many: 10000 get calls');
});

it('of any number a subset is not too many', () => {
  const { used, tooMany } = usableEndpoints(many, { ...service('{ subsetting: { size: 3 } }'), regions }, me);
  expect(used.map(({ priority }) => priority)).toEqual([0, 0, 0]);
  expect(tooMany).toBeUndefined();
});

it('of several clusters those of the own region come first; a proxy that does not say where it is, is with its own', () => {
  const [eu, us] = ['eu', 'us'].map((region, index): Endpoint => ({
    ...{ address: '127.0.0.1', port: index + 1, region, state: 'ready' },
  }));
  const seen = (region: string) =>
    usableEndpoints(
      [eu!, us!],
      { ...service(), regions: { own: 'us', all: ['eu', 'us'] } },
      { ...me, region },
    ).used.map(({ endpoint, priority }) => `${endpoint.region} ${priority}`);
  expect(seen('eu')).toEqual(['eu 0', 'us 1']);
  expect(seen('')).toEqual(['us 0', 'eu 1']);
});
