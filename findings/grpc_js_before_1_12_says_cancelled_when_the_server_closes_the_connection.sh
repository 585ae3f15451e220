#!/usr/bin/env bash
# @grpc/grpc-js 1.11.3 and 1.12.6 on Node 20: client and server in one process, over loopback.
#
# What it does: a call is under way when its server closes the TCP connection without a word (FIN; no GOAWAY, no RST), as
# the kernel does for a process that ends. With 1.11.3 the call ends with CANCELLED, with 1.12.6 with UNAVAILABLE.
# Why it surprises: CANCELLED is for calls that their caller gave up (grpc/grpc-node#2340).
# Who is hurt: whoever retries UNAVAILABLE, by a retryPolicy or by hand, and may not move past 1.11: such calls are lost.
# Where it comes from: Node cancels the streams of a session that is closed, and that code was taken for the caller's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund before@npm:@grpc/grpc-js@1.11.3 since@npm:@grpc/grpc-js@1.12.6
cat >call.mjs <<'JS'
import { createServer } from 'node:http2';
import { once } from 'node:events';

const grpc = (await import(process.argv[2])).default;
const sockets = [];
const server = createServer()
  .on('connection', (socket) => sockets.push(socket))
  .on('stream', (stream) => {
    stream.on('error', () => {}).resume();
    for (const socket of sockets) socket.destroy();
  });
await once(server.listen(0, '127.0.0.1'), 'listening');
const client = new grpc.Client(`127.0.0.1:${server.address().port}`, grpc.credentials.createInsecure());
const deadline = Date.now() + 20_000;
client.makeUnaryRequest('/a.B/C', (text) => Buffer.from(text), String, 'hello', new grpc.Metadata(), { deadline }, (error) => {
  console.log(grpc.status[error?.code ?? 0]);
  process.exit();
});
JS
before=$(node call.mjs before) since=$(node call.mjs since)
echo "1.11.3: $before, 1.12.6: $since"
[ "$before" = CANCELLED ] && [ "$since" = UNAVAILABLE ]
