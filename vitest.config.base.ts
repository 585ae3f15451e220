import { defineConfig } from 'vitest/config';

// Tests read the libraries' sources, not their dist, so a test never sees a stale build.
const conditions = ['@evenly/source'];

export default defineConfig({
  resolve: { conditions },
  // Without "import" among them: vitest hands conditions on to the worker's node, where they also rule require(), and
  // express' CommonJS dependencies (is-promise) would be given ES modules.
  ssr: { resolve: { conditions: [...conditions, 'node'] } },
  test: {
    include: ['src/**/*.spec.ts'],
    environment: 'node',
    // States are waited for, never slept for; a loaded machine takes its time.
    // A test in which nothing was asserted, as in a loop over an empty list, fails.
    expect: { poll: { timeout: 15_000 }, requireAssertions: true },
    // Only against what hangs: beside other work, or with coverage, a second of computing has taken half a minute.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default'],
    globalSetup: [new URL('./vitest.temp-folder.ts', import.meta.url).pathname],
  },
});
