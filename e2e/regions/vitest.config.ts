import base from '../../vitest.config.base.ts';

/** Two API servers, pods and callers share a machine with others. */
export default {
  ...base,
  test: {
    ...base.test,
    root: import.meta.dirname,
    include: ['*.spec.ts'],
    testTimeout: 400_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
};
