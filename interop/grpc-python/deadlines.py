"""Calls that run into their deadline, from both sides, as ../README.md says.

Usage: python deadlines.py serve                              prints its port, and serves methods that are never done in time
       python deadlines.py call TARGET METHOD COUNT TIMEOUT   prints how many calls ended with which status; TIMEOUT in ms, 0 = none
"""

import collections
import concurrent.futures
import json
import os
import sys
import threading

import grpc

TOO_LONG_S = 5
CONCURRENCY = 100


def die_with_parent():
    """Whoever started this program holds its stdin."""
    sys.stdin.buffer.read()
    os._exit(0)


def over(context):
    done = threading.Event()
    if context.add_callback(done.set):
        done.wait(TOO_LONG_S)


def heedless(request, context):
    threading.Event().wait(TOO_LONG_S)
    yield b"late"


def heedful(request, context):
    over(context)
    context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "late")
    yield b""


def cancelled(request, context):
    over(context)
    context.abort(grpc.StatusCode.CANCELLED, "stopped")
    yield b""


def streaming(request, context):
    yield b"first"
    over(context)


def serve():
    # As many threads as calls that may sleep at a time: without one, a call would wait for its turn.
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=2000))
    methods = {"Heedless": heedless, "Heedful": heedful, "Cancelled": cancelled, "Streaming": streaming}
    handlers = {name: grpc.unary_stream_rpc_method_handler(one) for name, one in methods.items()}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("deadlines.Slow", handlers)])
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


def call(target, method, count, timeout_ms):
    timeout = int(timeout_ms) / 1000 or None
    ended = collections.Counter()
    with grpc.insecure_channel(target) as channel:
        slow = channel.unary_stream(method)

        def once(_):
            try:
                for _answer in slow(b"please", timeout=timeout):
                    pass
                return "OK"
            except grpc.RpcError as error:
                return error.code().name

        with concurrent.futures.ThreadPoolExecutor(CONCURRENCY) as pool:
            ended.update(pool.map(once, range(int(count))))
    print(json.dumps(ended), flush=True)
    os._exit(0)


threading.Thread(target=die_with_parent, daemon=True).start()
if sys.argv[1] == "serve":
    serve()
else:
    call(*sys.argv[2:])
