import base from '../../vitest.config.base.ts';

// A page is read from its top to its end, in a checkout and on ports that all of them share: one page at a time.
export default {
  ...base,
  test: {
    ...base.test,
    root: import.meta.dirname,
    include: ['*.spec.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
};
