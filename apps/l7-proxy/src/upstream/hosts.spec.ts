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

const many = Array.from({ length: 10_002 }, (_, index): Endpoint => ({
  address: `127.0.${index >> 8}.${index & 255}`,
  port: 9,
  priority: index < 3 ? 1 : 0,
  state: 'ready',
}));

it('of more than 10,000 those of the first priorities get calls, and it is said', () => {
  const { used, tooMany } = usableEndpoints(many, service(), me);
  expect(used).toHaveLength(10_000);
  expect(used.filter(({ priority }) => priority === 1)).toHaveLength(1);
  expect(tooMany).toBe('10002 endpoints are too many: 10000 get calls');
});

it('of any number a subset is not too many', () => {
  const { used, tooMany } = usableEndpoints(many, service('{ subsetting: { size: 3 } }'), me);
  expect(used.map(({ priority }) => priority)).toEqual([0, 0, 0]);
  expect(tooMany).toBeUndefined();
});
