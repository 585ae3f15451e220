import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.base.ts';

export default mergeConfig(base, {
  // One matrix after the other: each has the machine to itself.
  test: { include: ['carriers/**/*.spec.ts'], fileParallelism: false, hookTimeout: 60_000 },
});
