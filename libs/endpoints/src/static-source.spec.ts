import { describe } from 'vitest';
import { staticSource } from './static-source.ts';
import { compliesAsSource } from './testing/source-compliance.ts';

describe('staticSource', () => {
  compliesAsSource(() => ({ source: staticSource([{ address: '10.0.0.1', port: 1, state: 'ready' }]) }));
});
