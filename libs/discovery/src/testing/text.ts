import { expect } from 'vitest';

/** For a field in `toMatchObject`. A bare RegExp there would match anything: it has no fields that could differ. */
export const text = (pattern: RegExp) => expect.stringMatching(pattern) as string;
