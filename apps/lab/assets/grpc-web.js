/* A gRPC-Web call from the browser, by hand: the page has no build step. */
'use strict';

/**
 * A unary call as gRPC-Web has it: a message frame there, a message frame and a trailer frame back.
 * @param {string} url
 * @param {string} name
 */
async function sayHello(url, name) {
  const text = new TextEncoder().encode(name);
  const message = [0x0a, ...varint(text.length), ...text]; // EchoRequest{name = 1}
  const frame = Uint8Array.from([0, 0, 0, message.length >> 8, message.length & 0xff, ...message]);
  const headers = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' };
  const response = await fetch(url, { method: 'POST', headers, body: frame });
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  let answer = '';
  let trailers = `grpc-status:${response.headers.get('grpc-status') ?? ''}`;
  for (let i = 0; i + 5 <= bytes.length;) {
    const length = new DataView(bytes.buffer).getUint32(i + 1);
    const content = bytes.subarray(i + 5, i + 5 + length);
    if ((bytes[i] ?? 0) & 0x80) trailers = new TextDecoder().decode(content);
    else answer = new TextDecoder().decode(content.subarray((content[1] ?? 0) & 0x80 ? 3 : 2)); // EchoReply{message = 1}
    i += 5 + length;
  }
  const status = /grpc-status:\s*(\d+)/.exec(trailers)?.[1];
  if (status !== '0') throw new Error(`gRPC status ${status ?? 'missing'} ${trailers}`);
  return answer;
}

/** @param {number} value */
const varint = (value) => (value < 128 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
