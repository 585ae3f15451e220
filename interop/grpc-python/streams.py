"""Makes a call of each kind to grpc.testing.TestService at ADDRESS and says of each whether its answer was right.

Usage: python streams.py ADDRESS [CA_FILE SERVER_NAME]
"""

import queue
import sys

import grpc

SIZE = 100_000
COUNT = 10
TIMEOUT_S = 20


# Messages by hand, for there are few: wire types of Protocol Buffers are in the low three bits of a tag.
def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value // 128)


def number(field, value):
    return varint(field * 8) + varint(value)


def message(field, content):
    return varint(field * 8 + 2) + varint(len(content)) + content


def payload(field):
    return message(field, message(2, bytes(SIZE)))


# SimpleResponse and StreamingOutputCallResponse: a payload in field 1, whose body is in field 2.
ANSWER = payload(1)


def unary(channel):
    call = channel.unary_unary("/grpc.testing.TestService/UnaryCall")
    return call(number(2, SIZE) + payload(3), timeout=TIMEOUT_S) == ANSWER


def server_stream(channel):
    call = channel.unary_stream("/grpc.testing.TestService/StreamingOutputCall")
    request = message(2, number(1, SIZE)) * COUNT
    return list(call(request, timeout=TIMEOUT_S)) == [ANSWER] * COUNT


def client_stream(channel):
    call = channel.stream_unary("/grpc.testing.TestService/StreamingInputCall")
    requests = (payload(1) for _ in range(COUNT))
    return call(requests, timeout=TIMEOUT_S) == number(1, SIZE * COUNT)


def bidi_stream(channel):
    call = channel.stream_stream("/grpc.testing.TestService/FullDuplexCall")
    request = message(2, number(1, SIZE)) + payload(3)
    requests = queue.Queue()
    requests.put(request)
    answers = []
    for answer in call(iter(requests.get, None), timeout=TIMEOUT_S):
        answers.append(answer)
        requests.put(request if len(answers) < COUNT else None)
    return answers == [ANSWER] * COUNT


def connect(address, ca_file=None, server_name=None):
    if ca_file is None:
        return grpc.insecure_channel(address)
    with open(ca_file, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    return grpc.secure_channel(address, credentials, [("grpc.ssl_target_name_override", server_name)])


with connect(*sys.argv[1:]) as opened:
    for kind in (unary, server_stream, client_stream, bidi_stream):
        right = kind(opened)
        print(f"{kind.__name__.replace('_', ' ')}: {'ok' if right else 'wrong answer'}", flush=True)
