"""Makes the calls that its standard input asks for, and says of each what came of it, as README.md says."""

import json
import os
import sys
import threading

import grpc

print_lock = threading.Lock()
channels = {}
under_way = {}


def main():
    for line in sys.stdin:
        call = json.loads(line)
        if "cancel" in call:
            future = under_way.get(call["cancel"])
            if future is not None:
                future.cancel()
        else:
            make(call, channel_to(call["target"], call.get("authority")))
    os._exit(0)  # grpcio's own threads would hold up a normal exit


def channel_to(target, authority):
    """One for each target and authority: kept for as long as somebody may call it again."""
    key = (target, authority)
    if key not in channels:
        options = [("grpc.default_authority", authority)] if authority else []
        channels[key] = grpc.insecure_channel(target, options)
    return channels[key]


def make(call, channel):
    invoke = channel.unary_unary(call["path"], request_serializer=None, response_deserializer=None)
    metadata = [tuple(header) for header in call["headers"]]
    future = invoke.future(b"", timeout=call["timeoutMs"] / 1000, metadata=metadata)
    under_way[call["id"]] = future
    future.add_done_callback(lambda done: end(call["id"], done))


def end(call_id, done):
    del under_way[call_id]
    if done.code() == grpc.StatusCode.OK:
        emit(id=call_id, **{"from": done.result().decode()})
    else:
        emit(id=call_id, code=done.code().name, details=done.details())


def emit(**line):
    with print_lock:
        print(json.dumps(line), flush=True)


main()
