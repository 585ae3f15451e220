import base from '../vitest.config.ts';

// The lab's pages in a real browser, and its measures: minutes, so no part of `npm test`.
export default { ...base, test: { ...base.test, include: ['lab/**/*.spec.ts'] } };
