import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** All that `npm test` runs, in one pool: the last project of many would have the machine's other cores idle. */
export default defineConfig({
  test: {
    projects: ['{apps,libs}/*/vitest.config.ts'],
    // Many tests start programs and wait for them: one more than there are cores keeps those busy.
    maxWorkers: availableParallelism() + 1,
  },
});
