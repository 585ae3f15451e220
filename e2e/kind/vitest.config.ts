import base from '../../vitest.config.base.ts';

const root = import.meta.dirname;
const shared = { ...base.test, root, testTimeout: 300_000, hookTimeout: 300_000 };

export default {
  ...base,
  test: {
    root,
    reporters: ['verbose'],
    projects: [
      {
        ...base,
        test: {
          ...shared,
          name: 'side by side',
          include: ['*.spec.ts'],
          // Each is in a namespace of its own, and mostly waits. The machine's cores say how much a cluster can do.
          maxWorkers: Number(process.env['E2E_WORKERS'] ?? 2),
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...base,
        test: {
          ...shared,
          name: 'alone',
          include: ['alone/*.spec.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...base,
        test: { ...shared, name: 'istio', include: ['istio/*.spec.ts'], sequence: { groupOrder: 2 } },
      },
    ],
  },
};
