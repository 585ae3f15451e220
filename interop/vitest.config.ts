import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.base.ts';

export default mergeConfig(base, {
  test: {
    include: ['*.spec.ts', 'testing/*.spec.ts'],
    globalSetup: ['testing/backends.ts'],
    // One client after the other: each has the machine, and the backends, to itself.
    fileParallelism: false,
    // A step waits until a change has arrived (60 s at most), then takes a sample.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
