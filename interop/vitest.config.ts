import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.base.ts';

export default mergeConfig(base, {
  // The first build of the Go programs downloads and compiles their modules.
  test: {
    include: ['*.spec.ts'],
    globalSetup: ['testing/build-go.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
