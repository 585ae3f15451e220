import { mergeConfig } from 'vitest/config';
import base from '../vitest.config.base.ts';

export default mergeConfig(base, { test: { include: ['carriers/*.spec.ts'], hookTimeout: 60_000 } });
