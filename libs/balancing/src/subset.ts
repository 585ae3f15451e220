import { hashText, mixHash } from './hash.ts';

/** Clients that share one order of the backends; a power of two, for `fractionOf`. */
const lotSize = 256;

/**
 * The backends that client number `clientIndex` connects to: the same for the same input, `size` of them, or all if
 * there are fewer. Every backend gets nearly the same number of clients: all but exactly if
 * `256 × size >= backends`, or with many clients. For clients that are numbered: the ordinals of a StatefulSet, the
 * streams of a control plane.
 *
 * Google's SRE book shuffles backends for each lot of clients, and deals them out in slices: as even, but the size of
 * a lot hangs on the number of backends, so one backend more deals everything anew. Here, as in Google's successor of
 * it ("Reinventing backend subsetting", ACM Queue 2022), clients are spread over the shuffled backends by a
 * low-discrepancy sequence, and the shuffle is a hash of each key: one backend more or less changes at most two of a
 * client's backends, mostly none.
 *
 * @param keys of backends, without duplicates, in any order
 * @param size at least 1
 */
export function evenSubset(keys: readonly string[], size: number, clientIndex: number): string[] {
  // Another order for each lot: the neighbours of a backend that dies differ, and rounding errors even out.
  const order = shuffled(keys, Math.floor(clientIndex / lotSize));
  const start = Math.floor(fractionOf(clientIndex % lotSize) * keys.length);
  return Array.from({ length: Math.min(size, keys.length) }, (_, i) => order[(start + i) % keys.length]!);
}

/**
 * The same for clients without a number, as gRFC A68's random subsetting: those `size` backends that rank highest by
 * a hash of client and key. One backend more or less changes at most one. Backends get a binomial number of clients:
 * with 100 clients that choose 20 of 100, 20 ± 4.
 */
export function randomSubset(keys: readonly string[], size: number, clientId: string): string[] {
  return shuffled(keys, hashText(clientId)).slice(0, size);
}

/** Who a client is among those that share endpoints: its number, or else any text that tells it apart. */
export type ClientId = number | string;

export function chooseSubset(keys: readonly string[], size: number, id: ClientId): string[] {
  return typeof id === 'number' ? evenSubset(keys, size, id) : randomSubset(keys, size, id);
}

function shuffled(keys: readonly string[], seed: number): string[] {
  // Mixed first, since the seeds of lots differ by few bits.
  const salt = mixHash(seed, 1) | 0;
  const ranked = keys.map((key) => ({ key, rank: mixHash(hashText(key), salt) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  return ranked.map(({ key }) => key);
}

/** Van der Corput's sequence 0, 1/2, 1/4, 3/4, 1/8 …: any first n of it are spread evenly over 0 to 1. */
function fractionOf(index: number): number {
  let fraction = 0;
  for (let bit = 0.5; index > 0; index >>>= 1, bit /= 2) if (index & 1) fraction += bit;
  return fraction;
}
