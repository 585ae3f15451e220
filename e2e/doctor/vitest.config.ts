import base from '../../vitest.config.base.ts';

export default {
  ...base,
  test: { ...base.test, root: import.meta.dirname, include: ['*.spec.ts'] },
};
