export const SMALLEST_SLAB_BYTES = 4_096;
export const LARGEST_SLAB_BYTES = 65_536;
/** Kept of each size: those that a turn's connections use one after the other, and a few that wait for their sockets. */
const MAX_KEPT = 16;

/** Slabs that nobody uses, by size: 4, 8, 16, 32 and 64 KiB. */
const kept: Buffer[][] = [[], [], [], [], []];

const sizeClass = (bytes: number): number => 32 - Math.clz32(Math.ceil(bytes / SMALLEST_SLAB_BYTES) - 1);

/** A slab of at least `bytes`, with anything in it. */
export function takeSlab(bytes: number): Buffer {
  if (bytes > LARGEST_SLAB_BYTES) return Buffer.allocUnsafeSlow(bytes);
  const index = sizeClass(bytes);
  return kept[index]!.pop() ?? Buffer.allocUnsafeSlow(SMALLEST_SLAB_BYTES << index);
}

/** Takes a slab back whose bytes nobody reads any more. */
export function giveSlab(slab: Buffer): void {
  if (slab.length > LARGEST_SLAB_BYTES) return;
  const ofSize = kept[sizeClass(slab.length)]!;
  if (ofSize.length < MAX_KEPT) ofSize.push(slab);
}
