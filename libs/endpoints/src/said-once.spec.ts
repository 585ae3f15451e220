import { expect, it } from 'vitest';
import { SaidOnce } from './said-once.ts';

it('says each reason once, however they alternate and whatever numbers they have', () => {
  let nowMs = 0;
  const said = new SaidOnce(() => nowMs);
  const told: string[] = [];
  for (let round = 0; round < 100; round++, nowMs += 1000)
    for (const reason of [`too late after ${round}.5 s`, 'refused'])
      if (said.isNew(reason)) told.push(reason);
  expect(told).toEqual(['too late after 0.5 s', 'refused']);
});

it('tells apart whose reason it is, by numbers too', () => {
  const said = new SaidOnce(() => 0);
  expect(['10.0.0.1:1', '10.0.0.2:1'].map((about) => said.isNew('refused', about))).toEqual([true, true]);
});

it('says it again after a quiet time', () => {
  let nowMs = 0;
  const said = new SaidOnce(() => nowMs);
  expect([said.isNew('a'), said.isNew('a')]).toEqual([true, false]);
  nowMs = 600_000;
  expect(said.isNew('a')).toBe(true);
});

it('remembers no more than a thousand reasons', () => {
  const said = new SaidOnce(() => 0);
  const letters = (index: number) => String.fromCodePoint(0x4e00 + index);
  for (let index = 0; index <= 1000; index++) said.isNew(letters(index));
  expect([said.isNew(letters(1000)), said.isNew(letters(0))]).toEqual([false, true]);
});
