import { setTimeout as sleep } from 'node:timers/promises';
import { changeSlice, readSlices } from './objects.mjs';

/** Numbers that fit into an address. */
const maxNumber = 0xffffff;
/** Coprime to any number of Services that has no such factor: changes go through all of them, and not in their order. */
const step = 7919;

/**
 * Changes slices at a rate, each by a request of its own, whether or not the one before was answered.
 * @returns for each change: the Service's index, its number, when it was written, and when the API server had taken it
 * @param api the Kubernetes API that has them
 * @param {{ perSecond: number, seconds: number, onSecond?: (second: number) => void }} rate
 */
export async function changeAtRate(api, { perSecond, seconds, onSecond }) {
  const slices = await readSlices(api);
  const indices = [...slices.keys()];
  let number = lastNumber(slices);
  if (number + perSecond * seconds > maxNumber)
    throw new Error('no more addresses; remove the namespace first');
  const written = [];
  const startMs = performance.now();
  const count = Math.round(perSecond * seconds);
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, startMs + (i * 1000) / perSecond - performance.now()));
    const service = indices[(i * step) % indices.length];
    number += 1;
    const change = { service, number, atNs: process.hrtime.bigint() };
    const taken = changeSlice(api, slices.get(service), number).then(() => {
      change.takenNs = process.hrtime.bigint();
      return change;
    });
    written.push(taken);
    if (i % perSecond === 0) onSecond?.(i / perSecond);
  }
  return Promise.all(written);
}

/** Of the changes of earlier runs. */
function lastNumber(slices) {
  let last = 0;
  for (const { endpoints } of slices.values()) {
    const [first, a, b, c] = endpoints[0].addresses[0].split('.').map(Number);
    if (first === 11) last = Math.max(last, (a << 16) | (b << 8) | c);
  }
  return last;
}
