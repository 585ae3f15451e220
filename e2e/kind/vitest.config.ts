import base from '../../vitest.config.base.ts';

export default {
  ...base,
  test: {
    ...base.test,
    root: import.meta.dirname,
    include: ['*.spec.ts'],
    // Each file brings a dozen pods up: two at once would only wait for each other on a small machine.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['verbose'],
  },
};
