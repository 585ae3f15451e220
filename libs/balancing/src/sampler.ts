import type { Random } from './picker.ts';

/**
 * Draws an index with a probability in proportion to its weight, in constant time: Vose's alias method. Each index
 * owns an equal column; what a light one does not fill, a heavy one (its alias) gets.
 */
export class Sampler {
  readonly #random: Random;
  readonly #size: number;
  /** Chance to keep the column's own index; undefined while all weights are equal, which needs no table. */
  readonly #keep: Float64Array | undefined;
  readonly #alias: Uint32Array;

  /** @param weights each >= 0; all 0 counts as all equal */
  constructor(weights: readonly number[], random: Random) {
    this.#random = random;
    this.#size = weights.length;
    this.#alias = new Uint32Array(weights.length);
    if (weights.some((weight) => weight !== weights[0])) this.#keep = buildTable(weights, this.#alias);
  }

  /** An index; 0 if there are none. */
  draw(): number {
    const place = this.#random() * this.#size;
    const column = Math.floor(place);
    if (this.#keep === undefined) return column;
    return place - column < this.#keep[column]! ? column : this.#alias[column]!;
  }

  /** One to compare with the first: another one while weights are equal, else by weight, so maybe the same. */
  drawSecond(first: number): number {
    return this.#keep === undefined ? this.drawOther(first) : this.draw();
  }

  /** Any index but the given one, all with the same probability. Needs two at least. */
  drawOther(index: number): number {
    const other = Math.floor(this.#random() * (this.#size - 1));
    return other < index ? other : other + 1;
  }
}

function buildTable(weights: readonly number[], alias: Uint32Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const keep = Float64Array.from(weights, (weight) => (weight * weights.length) / sum);
  const light: number[] = [];
  const heavy: number[] = [];
  keep.forEach((share, index) => (share < 1 ? light : heavy).push(index));
  while (light.length > 0 && heavy.length > 0) {
    const small = light.pop()!;
    const large = heavy.at(-1)!;
    alias[small] = large;
    keep[large] = keep[large]! - (1 - keep[small]!);
    if (keep[large] < 1) light.push(heavy.pop()!);
  }
  // What is left over is 1 but for rounding.
  for (const index of [...light, ...heavy]) keep[index] = 1;
  return keep;
}
