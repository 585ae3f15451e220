import { expect } from 'vitest';
import { readMeshConfig } from '../mesh-reader.ts';
import { faultsOf } from './faults.ts';

/** Small mesh configs whose faults stand on a known line. */

export const read = (text: string) => readMeshConfig(text, 'conf/mesh.yaml');
export const onlyFault = (text: string) => {
  const faults = faultsOf(() => read(text));
  expect(faults).toHaveLength(1);
  expect(faults[0]!.file).toBe('conf/mesh.yaml');
  const { line, field, reason } = faults[0]!;
  return { line, field, reason };
};

/** A config with one service that stands on the given lines; two services to route to. */
export const service = (yaml: string) =>
  `services:\n  a:\n    source: { static: { endpoints: [10.0.0.1:1] } }\n${yaml}`;
export const source = (yaml: string) => `services:\n  a:\n    source:\n      ${yaml}`;
export const services =
  'services:\n' +
  '  a: { source: { static: { endpoints: [] } }, subsets: { v2: { source: { file: { path: x } } } } }\n' +
  '  b: { source: { static: { endpoints: [] } } }\n';
/** Its first route stands on line 5. */
export const routes = (...list: string[]) =>
  `${services}routes:\n${list.map((one) => `  - ${one}\n`).join('')}`;
export const listeners = (...list: string[]) =>
  `${services}listeners:\n${list.map((one) => `  - ${one}\n`).join('')}`;
