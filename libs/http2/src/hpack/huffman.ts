import type { ByteWriter } from './bytes.ts';
import { codeLengths, codes, END_OF_STRING } from './huffman-table.ts';
import { compressionError } from './integer.ts';

/*
 * Decoding walks a machine with one state per inner node of the code tree, four bits at a step. No code is
 * shorter than five bits, so a step emits at most one symbol. An entry holds the next state (bits 0–7), the
 * symbol (8–15) and the two marks below.
 */
const EMIT = 1 << 16;
const FAIL = 1 << 17;

interface Node {
  index: number;
  children: [Node | number | undefined, Node | number | undefined];
  /** True where stopping is valid: fewer than eight bits of EOS, all ones (RFC 7541 §5.2). */
  mayEnd: boolean;
}

const nodes = buildTree();
const steps = buildSteps();
const mayEnd = Uint8Array.from(nodes, (node) => (node.mayEnd ? 1 : 0));

function buildTree(): Node[] {
  const all: Node[] = [];
  const add = (mayEndHere: boolean): Node => {
    const node: Node = { index: all.length, children: [undefined, undefined], mayEnd: mayEndHere };
    all.push(node);
    return node;
  };
  const root = add(true);
  for (let symbol = 0; symbol < codes.length; symbol++) {
    const length = codeLengths[symbol]!;
    let node = root;
    for (let bit = length - 1; bit >= 0; bit--) {
      const side = (codes[symbol]! >>> bit) & 1;
      if (bit === 0) {
        node.children[side] = symbol;
        break;
      }
      const depth = length - bit;
      let next = node.children[side];
      if (typeof next !== 'object') next = add(node.mayEnd && side === 1 && depth < 8);
      node.children[side] = next;
      node = next;
    }
  }
  return all;
}

function buildSteps(): Int32Array {
  const table = new Int32Array(nodes.length * 16);
  for (const node of nodes) {
    for (let nibble = 0; nibble < 16; nibble++) table[node.index * 16 + nibble] = walk(node, nibble);
  }
  return table;
}

function walk(from: Node, nibble: number): number {
  let node = from;
  let entry = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = node.children[(nibble >>> bit) & 1];
    if (typeof next === 'object') {
      node = next;
    } else if (next === undefined || next === END_OF_STRING) {
      return FAIL;
    } else {
      entry = EMIT | (next << 8);
      node = nodes[0]!;
    }
  }
  return entry | node.index;
}

/** Where strings are decoded before they become strings; grows to the longest seen, which block limits bound. */
let scratch = Buffer.allocUnsafe(4096);

/**
 * Decodes `bytes[start, end)` to a string of octets (latin1).
 * @throws Http2Error COMPRESSION_ERROR for EOS, or padding that is not a short prefix of EOS
 */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  const longest = Math.ceil(((end - start) * 8) / 5);
  if (scratch.length < longest) scratch = Buffer.allocUnsafe(longest);
  const out = scratch;
  let length = 0;
  let state = 0;
  for (let position = start; position < end; position++) {
    const byte = bytes[position]!;
    const high = steps[(state << 4) | (byte >>> 4)]!;
    if (high & EMIT) out[length++] = high >>> 8;
    const low = steps[((high & 0xff) << 4) | (byte & 15)]!;
    if (low & EMIT) out[length++] = low >>> 8;
    if ((high | low) & FAIL) throw compressionError('EOS inside a Huffman string');
    state = low & 0xff;
  }
  if (mayEnd[state] === 0) throw compressionError('wrong padding of a Huffman string');
  return out.toString('latin1', 0, length);
}

/** Bytes that `text` (octets, latin1) takes Huffman-coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits += codeLengths[text.charCodeAt(index) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Appends `text` Huffman-coded and padded with ones (RFC 7541 §5.2). */
export function writeHuffman(writer: ByteWriter, text: string, length: number): void {
  writer.reserve(length);
  const { bytes } = writer;
  let position = writer.position;
  // `pending` holds fewer than 8 bits between symbols; a code has up to 30, so it is written byte by byte.
  let pending = 0;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index) & 0xff;
    const code = codes[symbol]!;
    let left = codeLengths[symbol]!;
    while (count + left >= 8) {
      const taken = 8 - count;
      left -= taken;
      bytes[position++] = (pending << taken) | ((code >>> left) & ((1 << taken) - 1));
      pending = 0;
      count = 0;
    }
    pending = (pending << left) | (code & ((1 << left) - 1));
    count += left;
  }
  if (count > 0) bytes[position++] = (pending << (8 - count)) | (0xff >>> count);
  writer.position = position;
}
