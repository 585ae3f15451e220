"""Calls echo.EchoServer/SayHello in a loop and prints who answered, as ../README.md says.

The bootstrap for xds targets comes from GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG, as always in grpcio.
"""

import json
import os
import sys
import threading
import time

import grpc
import grpc.experimental

CALL_TIMEOUT_S = 10
PAUSE_AFTER_ANSWER_S = 0.003
PAUSE_AFTER_FAILURE_S = 0.1

print_lock = threading.Lock()


def main():
    channels = {}
    for call in sys.argv[1:]:
        target, _, header = call.partition("#")
        if target not in channels:
            # Plaintext, but for xds targets whose service wants something else.
            plaintext = grpc.experimental.insecure_channel_credentials()
            channels[target] = (
                grpc.secure_channel(target, grpc.xds_channel_credentials(plaintext))
                if target.startswith("xds:")
                else grpc.insecure_channel(target)
            )
        loop = threading.Thread(target=call_forever, args=(channels[target], call, header), daemon=True)
        loop.start()
    # Whoever started this program holds its stdin: when that closes, nobody is left to read the answers.
    sys.stdin.buffer.read()
    os._exit(0)  # grpcio's own threads would hold up a normal exit


def call_forever(channel, call, header):
    say_hello = channel.unary_unary(
        "/echo.EchoServer/SayHello", request_serializer=encode, response_deserializer=decode
    )
    keeps_cookies = header == "cookies"
    metadata = [tuple(header.split("=", 1))] if header and not keeps_cookies else None
    while True:
        try:
            message, rpc = say_hello.with_call("Python", timeout=CALL_TIMEOUT_S, metadata=metadata)
            if keeps_cookies:
                metadata = with_cookie(rpc) or metadata
        except grpc.RpcError as error:
            emit(call=call, error=f"{error.code().name}: {error.details()}")
            time.sleep(PAUSE_AFTER_FAILURE_S)
        else:
            emit(call=call, **{"from": message.rsplit(" ", 1)[-1]})
            time.sleep(PAUSE_AFTER_ANSWER_S)


def with_cookie(rpc):
    """Metadata with the cookie that a response sets, if it sets one."""
    given = [value for name, value in rpc.initial_metadata() if name == "set-cookie"]
    return [("cookie", given[0].partition(";")[0])] if given else None


def emit(**line):
    with print_lock:
        print(json.dumps(line), flush=True)


def encode(text):
    """EchoRequest: one string in field 1, so no generated code is needed. At most 127 bytes."""
    data = text.encode()
    assert len(data) < 128
    return bytes([0x0A, len(data)]) + data


def decode(data):
    """EchoReply: one string in field 1, of at most 127 bytes."""
    if data[0] != 0x0A or data[1] != len(data) - 2:
        raise ValueError(f"not an EchoReply: {data.hex()}")
    return data[2:].decode()


main()
