import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMeshConfig } from './mesh-reader.ts';
import { printMeshConfig } from './print.ts';
import { meshConfig } from './testing/arbitrary-config.ts';

/** The runs take a second or two; a busy machine needs longer. */
const loadedMachineMs = 60_000;

describe('printMeshConfig', () => {
  // fast-check prints the seed when this fails.
  it(
    'writes what readMeshConfig reads as the same config',
    () => {
      fc.assert(
        fc.property(meshConfig, (config) => {
          expect(readMeshConfig(printMeshConfig(config), 'mesh.yaml')).toStrictEqual(config);
        }),
        { numRuns: 50 },
      );
    },
    loadedMachineMs,
  );
});
