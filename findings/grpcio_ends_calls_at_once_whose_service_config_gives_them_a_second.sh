#!/usr/bin/env bash
# grpcio 1.85.1 (gRPC C-core) on Python 3.11: client and server in one process, over loopback.
#
# What it does: a service config gives the calls of a method a "timeout" of 1 s, and the server answers after 0.1 s. Every call
# ends with DEADLINE_EXCEEDED, at once. With a timeout of 1 s that the caller gives, or of 30 s in the service config, all are OK.
# Why it surprises: the value is valid, is far longer than the calls, and works in grpc-go, grpc-java and grpc-js.
# Who is hurt: clients whose service config, or route of an xDS control plane, limits calls to a second or two; with more, calls end
# one to two seconds early.
# Where it comes from: one to two seconds are missing of each such timeout, as many for all calls of a process and others in the
# next one, as of a start that is rounded (grpc/grpc issues 34547 and 40633, open).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
{ python3 -m venv env && env/bin/pip install --quiet grpcio==1.85.1; } >install.log 2>&1 || { cat install.log; exit 2; }
cat >find.py <<'EOF'
import json
import time
from concurrent import futures

import grpc


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        def answer(request, context):
            time.sleep(0.1)
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


def code(port, config, timeout=None):
    options = [("grpc.service_config", json.dumps(config))]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        grpc.channel_ready_future(channel).result(10)
        try:
            channel.unary_unary("/a.B/C")(b"", timeout=timeout)
        except grpc.RpcError as error:
            return error.code().name
        return "OK"


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Handler(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
limited = lambda timeout: {"methodConfig": [{"name": [{}], "timeout": timeout}]}
print("service config 30s:", code(port, limited("30s")))
print("service config 1s:", code(port, limited("1s")))
print("caller 1s:", code(port, {}, timeout=1))
server.stop(0)
EOF
env/bin/python --version
env/bin/python find.py | tee out
diff out - <<'EOF'
service config 30s: OK
service config 1s: DEADLINE_EXCEEDED
caller 1s: OK
EOF
