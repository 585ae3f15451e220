import { defineConfig } from 'vitest/config';

// Tests read the libraries' sources, not their dist, so a test never sees a stale build.
const conditions = ['@evenly/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions: [...conditions, 'node'] } },
  test: {
    include: ['src/**/*.spec.ts'],
    environment: 'node',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: ['default'],
  },
});
