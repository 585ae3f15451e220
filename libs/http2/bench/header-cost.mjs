// What a request block costs that differs with every call, so that no memo knows it: ns to decode, check and encode.
// Usage: npm run build && node bench/header-cost.mjs
import { HeaderBlock, headerList } from '../dist/headers/block.js';
import { Decoder } from '../dist/hpack/decoder.js';
import { Encoder } from '../dist/hpack/encoder.js';

/** @type {[string, string][]} */
const fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/echo.Echo/Say'],
  [':authority', 'svc.example:50051'],
  ['content-type', 'application/grpc'],
  ['user-agent', 'grpc-go/1.85.0'],
  ['te', 'trailers'],
  ['grpc-accept-encoding', 'gzip'],
  ['authorization', `Bearer ${'x'.repeat(200)}`],
];
const limits = { maxFields: 100, maxListBytes: 61_440 };
const [sender, decoder, encoder] = [new Encoder(4096), new Decoder(), new Encoder(4096)];
/** @returns {[string, string][]} */
const unique = (index) => [
  ['traceparent', `00-${String(index).padStart(32, '0')}-0123456789abcdef-01`],
  ['grpc-timeout', `${1000 + index}m`],
];
const blocks = Array.from({ length: 1000 }, (_, index) =>
  Buffer.from(sender.encode(headerList([...fields, ...unique(index)]))),
);
// The first blocks insert into the table and must come once and in order; the rest may be decoded again and again.
const warmUp = 5;
for (const block of blocks.splice(0, warmUp)) decoder.decode(block, 0, block.length, limits);

const nanoseconds = { decode: 0n, check: 0n, encode: 0n };
const rounds = 200;
for (let round = 0; round < rounds; round++) {
  for (const bytes of blocks) {
    const start = process.hrtime.bigint();
    const decoded = decoder.decode(bytes, 0, bytes.length, limits);
    const afterDecode = process.hrtime.bigint();
    const block = new HeaderBlock(decoded.fields, decoded.listBytes, false);
    block.asRequest();
    const afterCheck = process.hrtime.bigint();
    encoder.encode(block);
    const end = process.hrtime.bigint();
    nanoseconds.decode += afterDecode - start;
    nanoseconds.check += afterCheck - afterDecode;
    nanoseconds.encode += end - afterCheck;
  }
}
const count = BigInt(rounds * blocks.length);
const perBlock = Object.entries(nanoseconds).map(([step, total]) => `${step} ${total / count} ns`);
console.log(`${blocks.at(-1)?.length} bytes, ${fields.length + 2} fields: ${perBlock.join(', ')}`);
