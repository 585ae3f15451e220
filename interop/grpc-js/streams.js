// Makes a call of each kind to grpc.testing.TestService at ADDRESS and says of each whether its answer was right.
// Usage: node streams.js ADDRESS [CA_FILE SERVER_NAME]
import { readFileSync } from 'node:fs';
import { Client, credentials, Metadata } from '@grpc/grpc-js';

const [address, caFile, serverName] = process.argv.slice(2);
const size = 100_000;
const count = 10;

const creds = caFile ? credentials.createSsl(readFileSync(caFile)) : credentials.createInsecure();
const client = new Client(address, creds, caFile ? { 'grpc.ssl_target_name_override': serverName } : {});
const path = (method) => `/grpc.testing.TestService/${method}`;
const bytes = (value) => value;
const deadline = () => ({ deadline: Date.now() + 20_000 });

// Messages by hand, for there are few: wire types of Protocol Buffers are in the low three bits of a tag.
function varint(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}
const number = (field, value) => Buffer.from([...varint(field * 8), ...varint(value)]);
const message = (field, content) =>
  Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
const payload = (field) => message(field, message(2, Buffer.alloc(size)));
/** SimpleResponse and StreamingOutputCallResponse: a payload in field 1, whose body is in field 2. */
const answer = payload(1);

const kinds = {
  unary: () =>
    new Promise((resolve, reject) => {
      const request = Buffer.concat([number(2, size), payload(3)]);
      const done = (error, reply) => (error ? reject(error) : resolve(reply.equals(answer)));
      client.makeUnaryRequest(path('UnaryCall'), bytes, bytes, request, new Metadata(), deadline(), done);
    }),
  'server stream': () => {
    const request = Buffer.concat(Array(count).fill(message(2, number(1, size))));
    const call = client.makeServerStreamRequest(
      path('StreamingOutputCall'),
      bytes,
      bytes,
      request,
      new Metadata(),
      deadline(),
    );
    return allResponses(call);
  },
  'client stream': () =>
    new Promise((resolve, reject) => {
      const done = (error, reply) => (error ? reject(error) : resolve(reply.equals(number(1, size * count))));
      const call = client.makeClientStreamRequest(
        path('StreamingInputCall'),
        bytes,
        bytes,
        new Metadata(),
        deadline(),
        done,
      );
      for (let index = 0; index < count; index++) call.write(payload(1));
      call.end();
    }),
  'bidi stream': () => {
    const call = client.makeBidiStreamRequest(
      path('FullDuplexCall'),
      bytes,
      bytes,
      new Metadata(),
      deadline(),
    );
    const request = Buffer.concat([message(2, number(1, size)), payload(3)]);
    let written = 1;
    call.on('data', () => (written++ < count ? call.write(request) : call.end()));
    call.write(request);
    return allResponses(call);
  },
};

function allResponses(call) {
  return new Promise((resolve, reject) => {
    let right = 0;
    call.on('data', (reply) => (right += reply.equals(answer) ? 1 : 0));
    call.on('error', reject);
    call.on('end', () => resolve(right === count));
  });
}

for (const [name, run] of Object.entries(kinds))
  console.log(`${name}: ${(await run()) ? 'ok' : 'wrong answer'}`);
client.close();
