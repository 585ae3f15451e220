"""Answers SayHello with a name, as the control plane of the bootstrap says: arguments are HOST:PORT and the name."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import grpc.experimental


def main(address, name):
    reply = f"Hello from {name}".encode()
    echo = grpc.unary_unary_rpc_method_handler(lambda _request, _context: bytes([0x0A, len(reply)]) + reply)
    server = grpc.server(ThreadPoolExecutor(8), xds=True)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("echo.EchoServer", {"SayHello": echo})]
    )
    creds = grpc.xds_server_credentials(grpc.insecure_server_credentials())
    server.add_secure_port(address, creds)
    server.start()
    sys.stdin.buffer.read()
    os._exit(0)  # grpcio's own threads would hold up a normal exit


main(*sys.argv[1:])
