import base from '../../vitest.config.base.ts';

/** Nodes, images and clusters share a machine with others. */
export default {
  ...base,
  test: {
    ...base.test,
    root: import.meta.dirname,
    include: ['*.spec.ts'],
    testTimeout: 600_000,
    hookTimeout: 400_000,
    reporters: ['verbose'],
  },
};
