import base from '../../vitest.config.base.ts';

/** The long form: every scheme and scenario. */
export default {
  ...base,
  test: {
    ...base.test,
    root: import.meta.dirname,
    include: ['*.spec.ts'],
    env: { PROOF: 'full' },
    testTimeout: 180_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
};
