import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listenerDefaults } from './file-format/listener-format.ts';
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

  it('has nothing of certificates in memory, nor of their keys', () => {
    const certificates = [{ serverNames: ['shop.example'], cert: 'the certificate', key: 'the key' }];
    const at = { name: 'shop', address: '0.0.0.0', port: 443 };
    const listeners = [{ ...listenerDefaults, ...at, certificates }];
    const printed = printMeshConfig({ services: new Map(), routes: [], listeners });
    expect(printed).toContain('shop');
    expect(printed).not.toMatch(/the certificate|the key|shop.example/);
  });
});
