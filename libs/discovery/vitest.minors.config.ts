import { availableParallelism } from 'node:os';
import base from '../../vitest.config.base.ts';

/** What is built on the experimental API of grpc-js is tested on its last three minors: the last one and these. */
const olderMinors = ['1.12', '1.13'].map((minor) => ({
  ...base,
  resolve: { ...base.resolve, alias: { '@grpc/grpc-js': `grpc-js-${minor}` } },
  test: { ...base.test, name: `grpc-js ${minor}`, include: ['src/{grpc-js,opentelemetry}/**/*.spec.ts'] },
}));

export default { ...base, test: { projects: olderMinors, maxWorkers: availableParallelism() } };
