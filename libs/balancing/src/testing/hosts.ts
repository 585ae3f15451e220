import { HostTable, type Host, type HostSpec } from '../host.ts';
import type { Picker } from '../picker.ts';

/** `10.0.0.0:80`, `10.0.0.1:80`, … */
export function keys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.0.${index >> 8}.${index & 255}:80`);
}

/** One spec for each weight. */
export function specs(weights: readonly number[], more: Partial<HostSpec> = {}): HostSpec[] {
  return keys(weights.length).map((key, index) => ({ key, weight: weights[index]!, ...more }));
}

export function hosts(weights: readonly number[], more?: Partial<HostSpec>): readonly Host[] {
  return new HostTable().update(specs(weights, more), 0);
}

export function ones(count: number): number[] {
  return new Array<number>(count).fill(1);
}

/** How often each key was picked in `picks` picks. */
export function tally(picker: Picker, picks: number, nowMs = 0): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < picks; i++) {
    const key = picker.pick(nowMs)!.key;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
