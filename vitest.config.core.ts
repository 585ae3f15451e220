import { mergeConfig } from 'vitest/config';
import base from './vitest.config.base.ts';

/**
 * For libraries that keep nothing in the process: their specs share what a worker has loaded, instead of each loading the
 * same modules again, which took half of the time. grpc-js keeps channels and clients of xDS for all of a process, so
 * whoever makes calls with it keeps a process for each spec.
 */
export default mergeConfig(base, { test: { isolate: false } });
