"""Makes the calls that its standard input asks for, and says of each what came of it, as README.md says."""

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

print_lock = threading.Lock()
channels = {}


def main():
    callers = ThreadPoolExecutor(max_workers=64)
    for line in sys.stdin:
        call = json.loads(line)
        callers.submit(make, call, channel_to(call["target"], call.get("authority")))
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
    try:
        name = invoke(b"", timeout=call["timeoutMs"] / 1000, metadata=metadata)
    except grpc.RpcError as error:
        emit(id=call["id"], code=error.code().name, details=error.details())
    else:
        emit(id=call["id"], **{"from": name.decode()})


def emit(**line):
    with print_lock:
        print(json.dumps(line), flush=True)


main()
