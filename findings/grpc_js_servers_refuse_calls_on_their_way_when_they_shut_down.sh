#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7 on Node 20; google.golang.org/grpc 1.85.0 beside it.
#
# What it does: tryShutdown() of a grpc-js server says goodbye with one GOAWAY that names the last call it has seen. A call that
# the client began before it read that frame is not answered. grpc-go's GracefulStop() first sends a GOAWAY that excludes no call,
# waits for the answer to a PING, takes the calls that came until then, and names the last of them in a second GOAWAY, as RFC 9113,
# section 6.8, recommends.
# Why it surprises: both are the graceful end, and a test with calls already under way sees no difference: they are finished.
# Who is hurt: clients with calls in every moment. gRPC tries a refused call again by itself, but once only (gRFC A6): where all
# servers of a name end in the same second (a fast rollout, a scale-in to new pods), the second server may refuse it too, and the
# caller gets UNAVAILABLE "Stream refused by server" although others are well. A retryPolicy for UNAVAILABLE helps, and so does
# ending the servers only after clients have left them (preStop).
# Where it comes from: closeSession in src/server.ts calls close() of Node's session, which sends the number of the last stream.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export GOFLAGS=-mod=mod
{ npm init --yes && npm install --no-audit --no-fund @grpc/grpc-js@1.14.7; } >install.log 2>&1 || { cat install.log; exit 2; }

cat >server.mjs <<'EOF'
import { Server, ServerCredentials } from '@grpc/grpc-js';

const asItIs = (bytes) => bytes;
const method = {
  path: '/a.B/C',
  requestStream: false,
  responseStream: false,
  requestSerialize: asItIs,
  requestDeserialize: asItIs,
  responseSerialize: asItIs,
  responseDeserialize: asItIs,
};
const server = new Server();
server.addService({ C: method }, { C: (call, answer) => answer(null, Buffer.alloc(0)) });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => console.log(port));
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
EOF

cat >main.go <<'EOF'
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

func main() {
	answer := func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		return &emptypb.Empty{}, decode(&emptypb.Empty{})
	}
	server := grpc.NewServer()
	methods := []grpc.MethodDesc{{MethodName: "C", Handler: answer}}
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "a.B", Methods: methods}, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	stopped := make(chan struct{})
	go func() { <-end; server.GracefulStop(); close(stopped) }()
	_ = server.Serve(listener)
	<-stopped
}
EOF
{ go mod init find && go get google.golang.org/grpc@v1.85.0 && go build -o go-server .; } >install.log 2>&1 || { cat install.log; exit 2; }

# A client that has a call on its way at the moment it reads the first GOAWAY: it writes the call, and then answers PINGs.
cat >client.mjs <<'EOF'
import { connect } from 'node:net';

const [HEADERS, SETTINGS, PING, GOAWAY] = [1, 4, 6, 7];
const frame = (type, flags, stream, payload = Buffer.alloc(0)) => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const text = (value) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const fields = {
  ':method': 'POST',
  ':scheme': 'http',
  ':path': '/a.B/C',
  ':authority': 'a',
  te: 'trailers',
  'content-type': 'application/grpc',
};
const headers = Object.entries(fields).map(([name, value]) =>
  Buffer.concat([Buffer.from([0]), text(name), text(value)]),
);
const call = (stream) =>
  Buffer.concat([frame(HEADERS, 4, stream, Buffer.concat(headers)), frame(0, 1, stream, Buffer.alloc(5))]);

const answered = new Set();
const goaways = new Set();
let bytes = Buffer.alloc(0);
const socket = connect(Number(process.argv[2]), '127.0.0.1');
socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0), call(1)]));
socket.on('data', (data) => {
  bytes = Buffer.concat([bytes, data]);
  while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
    const end = 9 + bytes.readUIntBE(0, 3);
    on(bytes[3], bytes[4], bytes.readUInt32BE(5), bytes.subarray(9, end));
    bytes = bytes.subarray(end);
  }
});
function on(type, flags, stream, payload) {
  if (type === SETTINGS && flags === 0) socket.write(frame(SETTINGS, 1, 0));
  if (type === PING && flags === 0) socket.write(frame(PING, 1, 0, payload));
  if (type === HEADERS && flags & 1) {
    answered.add(stream);
    if (stream === 1) process.kill(Number(process.argv[3]), 'SIGTERM');
  }
  if (type !== GOAWAY) return;
  const last = payload.readUInt32BE(0);
  if (goaways.size === 0) socket.write(call(3));
  goaways.add(last === 2 ** 31 - 1 ? 'any' : last);
}
socket.on('error', (error) => console.log(error.code));
socket.on('close', () => console.log(`GOAWAY up to ${[...goaways].join(', up to ')}; answered: ${[...answered].join(', ')}`));
EOF

node --version
for command in 'node server.mjs' ./go-server; do
  rm -f port
  $command >port &
  until [ -s port ]; do sleep 0.1; done
  echo "$command: $(node client.mjs "$(cat port)" "$!")"
  wait "$!"
done | tee out
diff out - <<'EOF'
node server.mjs: GOAWAY up to 1; answered: 1
./go-server: GOAWAY up to any, up to 3; answered: 1, 3
EOF
