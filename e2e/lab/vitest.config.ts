import base from '../vitest.config.ts';

// The lab's pages in a real browser, and its measures: minutes, so no part of `npm test`. A dozen processes and a browser
// take their time to start on a machine that does other things too.
export default {
  ...base,
  test: {
    ...base.test,
    include: ['lab/**/*.spec.ts'],
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
};
