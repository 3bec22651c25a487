"""Calls the echo service on the port given, in every way, and prints what came of it as one JSON object."""
import base64
import hashlib
import json
import sys
import threading
import time

import grpc

MIB = 2 ** 20
LIMITS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
ASK = (("x-ask", "hello"), ("x-ask-bin", b"\x00\x01\xfe\xff"))
port = sys.argv[1]
channel = grpc.insecure_channel("127.0.0.1:" + port, options=LIMITS)


def pairs(metadata):
    """Metadata as an object; bytes as base64."""
    result = {}
    for key, value in metadata or ():
        result[key] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
    return result


def outcome(call, value=None):
    return {
        "value": value,
        "code": call.code().name,
        "details": call.details(),
        "initial": pairs(call.initial_metadata()),
        "trailing": pairs(call.trailing_metadata()),
    }


def failed(error, value=None):
    """What failed calls tell; one that was refused has no metadata."""
    return outcome(error, value)


def unary(name, request, **options):
    try:
        value, call = channel.unary_unary("/echo.Echo/" + name).with_call(request, **options)
        return outcome(call, value.decode("latin1"))
    except grpc.RpcError as error:
        return failed(error)


def stream(name, request, **options):
    call = channel.unary_stream("/echo.Echo/" + name)(request, **options)
    values = []
    try:
        for value in call:
            values.append(value.decode())
    except grpc.RpcError:
        pass
    return outcome(call, values)


def big():
    body = b"abcdefgh" * (64 * MIB // 8)
    answer = channel.unary_unary("/echo.Echo/Say")(body, timeout=60)
    return hashlib.sha256(answer).hexdigest() == hashlib.sha256(body).hexdigest()


def cancelled():
    call = channel.unary_unary("/echo.Echo/Wait").future(b"")
    threading.Timer(0.3, call.cancel).start()
    try:
        call.result()
    except grpc.FutureCancelledError:
        return call.code().name
    return None


def slow():
    """Reads two messages of an endless stream, rests, and gives up."""
    call = channel.unary_stream("/echo.Echo/Flood")(b"")
    next(call)
    time.sleep(1)
    size = len(next(call))
    call.cancel()
    return size


def count():
    value, call = channel.stream_unary("/echo.Echo/Count").with_call((b"x" * 100 for _ in range(1000)), metadata=ASK)
    return outcome(call, value.decode())


def chat():
    requests = (word.encode() for word in ("one", "two", "", "three"))
    return [value.decode() for value in channel.stream_stream("/echo.Echo/Chat")(requests)]


print(json.dumps({
    "say": unary("Say", b"hi", metadata=ASK, timeout=20),
    "sayLater": unary("SayLater", b"hi", metadata=ASK, timeout=20),
    "empty": unary("Say", b""),
    "gzip": unary("Say", b"ab" * 50000, compression=grpc.Compression.Gzip)["value"] == "ab" * 50000,
    "fail": unary("Fail", b""),
    "absent": unary("Absent", b""),
    "overdue": unary("Wait", b"", timeout=0.2),
    "cancelled": cancelled(),
    "many": stream("Many", b"1000", metadata=ASK),
    "manyThenFail": stream("ManyThenFail", b"3"),
    "count": count(),
    "chat": chat(),
    "slow": slow(),
    "big": big(),
    "repeated": all(unary("Say", b"%d" % at)["value"] == str(at) for at in range(300)),
}))
