#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7 on Node 20: client and server in one process, over loopback.
#
# What it does: a service config says how long a method may take, as "timeout": "0.5s", and the server answers after 0.1 s.
# Every call ends with DEADLINE_EXCEEDED. With "0.500000000s", the same time, every call is OK.
# Why it surprises: both are valid forms of a protobuf Duration in JSON, and the short one is what people and other programs
# write (protobuf's own JSON printers write "0.500s"). "1.5s" seems to work, but is a second and 5 ns.
# Who is hurt: whoever shares one service config among languages, or gets it from a control plane.
# Where it comes from: the text behind the point is read as a number of nanoseconds, without padding it to nine digits.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-save @grpc/grpc-js@1.14.7 >install.log 2>&1 || { cat install.log; exit 2; }
cat >find.mjs <<'EOF'
import grpc from '@grpc/grpc-js';

const bytes = (value) => value;
const method = { path: '/a.B/C', requestStream: false, responseStream: false, requestSerialize: bytes };
const call = { ...method, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes };
const server = new grpc.Server();
server.addService({ C: call }, { C: (_, reply) => setTimeout(() => reply(null, Buffer.alloc(0)), 100) });
const port = await new Promise((resolve, reject) =>
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  ),
);
for (const timeout of ['30s', '0.5s', '0.500000000s', '30.5s']) {
  const config = JSON.stringify({ loadBalancingConfig: [], methodConfig: [{ name: [{}], timeout }] });
  const options = { 'grpc.service_config': config };
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  await new Promise((resolve) => client.waitForReady(Date.now() + 10_000, resolve));
  const code = await new Promise((resolve) =>
    client.makeUnaryRequest('/a.B/C', bytes, bytes, Buffer.alloc(0), (error) => resolve(error?.code ?? 0)),
  );
  console.log(`"timeout": "${timeout}": ${grpc.status[code]}`);
  client.close();
}
server.forceShutdown();
EOF
node --version
node find.mjs | tee out
diff out - <<'EOF'
"timeout": "30s": OK
"timeout": "0.5s": DEADLINE_EXCEEDED
"timeout": "0.500000000s": OK
"timeout": "30.5s": OK
EOF
