#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7 on Node 20, against a grpc-go 1.85.0 server (a grpc-go client beside it).
#
# What it does: a server ends a call with the message "no such user " (a blank at the end), or with a trailer "x-trailer: t ".
# grpc-go's client gets both as they were sent. grpc-js's client gets the status code alone: the message is empty, the trailer
# is not there.
# Why it surprises: nothing is logged, the code is right, and the message comes through as soon as it ends in a letter. Texts
# with a blank at an end are made by "%s: " formats and by lists that are joined.
# Who is hurt: Node clients of servers in Go (or C++), whose errors say nothing.
# Where it comes from: Node's HTTP/2 (nghttp2) leaves out whole fields whose value has a blank at an end, which RFC 9113 §8.2.1
# forbids; gRPC's own rules let a message have one, and grpc-go sends it unencoded (nodejs/node issue 56703).
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-0}" 2>/dev/null || true; chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<'EOF'
module find

go 1.24

require google.golang.org/grpc v1.85.0
EOF
cat >main.go <<'EOF'
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

func main() {
	if os.Args[1] == "server" {
		listener, _ := net.Listen("tcp", "127.0.0.1:0")
		fmt.Println(listener.Addr())
		_ = grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			stream.SetTrailer(metadata.Pairs("x-trailer", "t "))
			return status.Error(codes.NotFound, "no such user ")
		})).Serve(listener)
		return
	}
	client, _ := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var trailer metadata.MD
	err := client.Invoke(ctx, "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}, grpc.Trailer(&trailer))
	fmt.Printf("grpc-go: %v %q %q\n", status.Code(err), status.Convert(err).Message(), trailer.Get("x-trailer"))
}
EOF
cat >client.mjs <<'EOF'
import grpc from '@grpc/grpc-js';
const client = new grpc.Client(process.argv[2], grpc.credentials.createInsecure());
const bytes = (value) => value;
client.makeUnaryRequest('/a.B/C', bytes, bytes, Buffer.alloc(0), { deadline: Date.now() + 10_000 }, (error) => {
  const trailer = JSON.stringify(error.metadata.get('x-trailer'));
  console.log(`grpc-js: ${grpc.status[error.code]} ${JSON.stringify(error.details)} ${trailer}`);
  client.close();
});
EOF
{ go mod tidy && go build -o find . && npm install --silent --no-save @grpc/grpc-js@1.14.7; } >install.log 2>&1 || { cat install.log; exit 2; }
./find server >address &
server=$!
until [ -s address ]; do sleep 0.1; done
{ ./find "$(cat address)"; node client.mjs "$(cat address)"; } | tee out
node --version
diff out - <<'EOF'
grpc-go: NotFound "no such user " ["t "]
grpc-js: NOT_FOUND "" []
EOF
