import base from '../../vitest.config.base.ts';

// Without "import" among them: vitest hands conditions on to the worker's node, where they also rule require(), and
// express' CommonJS dependencies (is-promise) would be given ES modules.
export default {
  ...base,
  ssr: { resolve: { conditions: ['@evenly/source', 'node'] } },
  // States are waited for, and a loaded machine takes its time.
  test: { ...base.test, expect: { poll: { timeout: 15_000 } } },
};
