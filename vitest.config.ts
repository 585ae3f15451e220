import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** All that `npm test` runs, in one pool: the last project of many would have the machine's other cores idle. */
export default defineConfig({
  test: {
    projects: ['{apps,libs}/*/vitest.config.ts'],
    // Many tests start programs and wait for them: one more than there are cores keeps those busy.
    maxWorkers: availableParallelism() + 1,
    // With --coverage. Of what runs in the tests' own processes: programs that they start are not seen.
    coverage: {
      include: ['{apps,libs}/*/src/**/*.ts'],
      exclude: ['**/*.spec.ts', '**/testing/**', '**/gen/**'],
      reporter: ['text-summary', 'html'],
      reportsDirectory: 'dist/coverage',
    },
  },
});
