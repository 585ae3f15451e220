import base from '../vitest.config.base.ts';

export default {
  ...base,
  test: {
    ...base.test,
    include: ['local/**/*.spec.ts', 'client/**/*.spec.ts'],
    // Each file runs a lab of a dozen processes: two at once would only wait for each other on a small machine.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
};
