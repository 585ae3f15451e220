import { expect, test } from 'vitest';
import { fuzzOnce, Random } from './testing/fuzz.ts';

const count = Number(process.env['FUZZ_COUNT'] ?? 20_000);
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(
  `${count} mutated frame sequences: no exception, no growth beyond the limits (FUZZ_SEED=${seed})`,
  { timeout: 3_600_000 },
  () => {
    // Every sequence has its own seed, so that one that fails can be run alone: FUZZ_SEED=… FUZZ_COUNT=1.
    let done = 0;
    for (let index = 0; index < count; index++) {
      const own = (seed + index * 2) >>> 0;
      try {
        fuzzOnce(new Random(own));
        done++;
      } catch (error) {
        expect.fail(`FUZZ_SEED=${own} FUZZ_COUNT=1: ${(error as Error).stack}`);
      }
    }
    expect(done).toBe(count);
  },
);
