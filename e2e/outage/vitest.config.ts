import base from '../../vitest.config.base.ts';

export default {
  ...base,
  test: {
    ...base.test,
    root: import.meta.dirname,
    include: ['*.spec.ts'],
    testTimeout: 1_500_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
};
