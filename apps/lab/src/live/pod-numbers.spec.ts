import { expect, it } from 'vitest';
import { PodNumbers } from './pod-numbers.ts';

it('keeps the number of a pod for as long as it is shown', () => {
  const numbers = new PodNumbers();
  expect(numbers.of(['a-1', 'a-2', 'b-1'])).toEqual({ 'a-1': 0, 'a-2': 1, 'b-1': 2 });
  // Whatever else comes and goes, and in whatever order it is named.
  expect(numbers.of(['a-3', 'b-1', 'a-2'])).toEqual({ 'a-2': 1, 'b-1': 2, 'a-3': 0 });
  expect(numbers.of(['a-10', 'a-3', 'b-1', 'a-2'])).toMatchObject({ 'a-2': 1, 'a-3': 0, 'a-10': 3 });
});
