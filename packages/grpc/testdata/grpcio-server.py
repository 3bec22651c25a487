"""An echo service on a free port, which it prints; ends with its standard input."""
import sys
import threading
from concurrent import futures

import grpc

LIMITS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
DETAILS = b"\x08\x05\xff"
waiting = threading.Event()


def echo_metadata(context):
    for key, value in context.invocation_metadata():
        if key == "x-ask":
            context.send_initial_metadata((("x-answer", value),))
        if key == "x-ask-bin":
            context.set_trailing_metadata((("x-answer-bin", value),))


def say(request, context):
    echo_metadata(context)
    return request


def fail(request, context):
    context.set_trailing_metadata((("grpc-status-details-bin", DETAILS),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "nicht möglich: 100 % ✓")


def wait(request, context):
    context.add_callback(waiting.set)
    waiting.wait(20)
    waiting.clear()
    return request


def many(request, context):
    echo_metadata(context)
    for at in range(int(request)):
        yield str(at).encode()


def count(requests, context):
    echo_metadata(context)
    return str(sum(len(request) for request in requests)).encode()


def chat(requests, context):
    for request in requests:
        yield request


handlers = grpc.method_handlers_generic_handler("echo.Echo", {
    "Say": grpc.unary_unary_rpc_method_handler(say),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Wait": grpc.unary_unary_rpc_method_handler(wait),
    "Many": grpc.unary_stream_rpc_method_handler(many),
    "Count": grpc.stream_unary_rpc_method_handler(count),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
})
server = grpc.server(futures.ThreadPoolExecutor(8), options=LIMITS)
server.add_generic_rpc_handlers((handlers,))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(None)
