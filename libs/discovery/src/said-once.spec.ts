import { expect, it } from 'vitest';
import { SaidOnce } from './said-once.ts';

it('says each reason once, however they alternate and whatever numbers they have', () => {
  let nowMs = 0;
  const said = new SaidOnce(() => nowMs);
  const told: string[] = [];
  for (let round = 0; round < 100; round++, nowMs += 1000)
    for (const reason of [`too late after ${round}.5 s`, 'refused'])
      if (said.isNews(reason)) told.push(reason);
  expect(told).toEqual(['too late after 0.5 s', 'refused']);
});

it('tells apart whose reason it is, by numbers too', () => {
  const said = new SaidOnce(() => 0);
  expect(['10.0.0.1:1', '10.0.0.2:1'].map((about) => said.isNews('refused', about))).toEqual([true, true]);
});

it('says it again after a quiet time', () => {
  let nowMs = 0;
  const said = new SaidOnce(() => nowMs);
  expect([said.isNews('a'), said.isNews('a')]).toEqual([true, false]);
  nowMs = 600_000;
  expect(said.isNews('a')).toBe(true);
});

it('remembers no more than a thousand reasons', () => {
  const said = new SaidOnce(() => 0);
  const letters = (index: number) => String.fromCodePoint(0x4e00 + index);
  for (let index = 0; index <= 1000; index++) said.isNews(letters(index));
  expect([said.isNews(letters(1000)), said.isNews(letters(0))]).toEqual([false, true]);
});
