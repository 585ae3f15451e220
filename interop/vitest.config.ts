import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.base.ts';

export default mergeConfig(base, {
  test: {
    include: ['*.spec.ts', 'testing/*.spec.ts'],
    globalSetup: ['testing/prepare.ts', 'testing/backends.ts'],
    // They wait most of the time. More at a time would take the processor from each other.
    maxWorkers: 2,
    // A step waits until a change has arrived (60 s at most), then takes a sample.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
