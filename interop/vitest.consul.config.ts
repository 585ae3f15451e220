import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.base.ts';

export default mergeConfig(base, {
  test: {
    include: ['consul/*.spec.ts'],
    // An agent that starts again has to find its leader first.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 180_000,
    // The first time, Consul is built.
    hookTimeout: 60 * 60_000,
  },
});
