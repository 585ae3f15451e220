/** Hashes are whole numbers from 0 to this (excluded): as many bits as a JavaScript number holds exactly. */
export const hashRange = 2 ** 53;

const low21Bits = 0x1fffff;

/**
 * 53-bit hash of a text, the same in every process: two 32-bit multiplicative lanes, crossed by MurmurHash3's
 * finalizers (bryc's cyrb53, public domain). xxHash64, which Envoy uses, needs BigInt
 * in JavaScript: too slow for every call.
 * Well distributed, not secret: who chooses the text can choose its place.
 */
export function hashText(text: string, seed = 0): number {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  return finish(a, b);
}

/** Another hash, decided by this one and a salt (a whole number): as good as independent of both. */
export function mixHash(hash: number, salt: number): number {
  const a = Math.imul(hash ^ salt, 0x9e3779b1);
  const b = Math.imul(Math.floor(hash / 2 ** 32) ^ Math.imul(salt, 0x85ebca6b), 0x5f356495) + salt;
  const once = finish(a, b | 0);
  return finish(once | 0, (once / 2 ** 32) ^ salt);
}

function finish(a: number, b: number): number {
  const x = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  const y = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (y & low21Bits) + (x >>> 0);
}
