#!/usr/bin/python3
"""A client of docs/wire-protocol.md, written from that document and from nothing else.

    roost_client.py SOCKET check                  handshake, echo, errors, cancel, credits where the server has them
    roost_client.py SOCKET request METHOD [TEXT]  METHOD as in method.proto without prefix; TEXT in text format
    roost_client.py SOCKET stream METHOD COUNT [TEXT]

Needs the Debian packages protobuf-compiler and python3-protobuf.
"""

import os
import socket
import struct
import sys

import google_protobuf

HELLO, REQUEST, REPLY, ERROR, ITEM, END, CREDIT, CANCEL, EVENT, PING, PONG, GOODBYE = range(1, 13)
STREAM = 1
HEADER = struct.Struct(">BBHIHHI")
MESSAGES = {  # method: request message, answer message
    "STATUS": ("StatusRequest", "StatusReply"),
    "CONFIG_SHOW": ("ConfigShowRequest", "ConfigShowReply"),
    "CONFIG_HISTORY": ("ConfigHistoryRequest", "ConfigHistoryReply"),
    "DOCTOR": ("DoctorRequest", "DoctorReply"),
    "METRICS": ("MetricsRequest", "MetricsReply"),
    "LOGS": ("LogsRequest", "LogLines"),
    "EVENTS": ("EventsRequest", "Events"),
    "RESTART": ("RestartRequest", "ChangeReply"),
    "STOP": ("StopRequest", "ChangeReply"),
    "START": ("StartRequest", "ChangeReply"),
    "SCALE": ("ScaleRequest", "ChangeReply"),
    "RELOAD": ("ReloadRequest", "ReloadReply"),
    "CONFIG_ROLLBACK": ("ConfigRollbackRequest", "ReloadReply"),
}


class Failure(Exception):
    """An error frame."""

    def __init__(self, code, message, details=()):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.details = code, message, list(details)


class Client:
    """One connection to a Roost process."""

    def __init__(self, path, types, name="roost_client.py", timeout=10):
        self.types = types
        self.last_id = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        hello = types["Hello"](min_version=1, max_version=1, role=types["Role"].Value("ROLE_CLIENT"), name=name,
                               pid=os.getpid(), max_frame_length=1 << 20)
        self.send(HELLO, payload=hello.SerializeToString())
        kind, _, _, _, payload = self.receive()
        assert kind == HELLO, kind
        self.welcome = types["Welcome"].FromString(payload)
        assert self.welcome.version == 1, self.welcome

    def send(self, kind, flags=0, id=0, method=0, argument=0, payload=b""):
        header = HEADER.pack(1, kind, flags, id, method, 0, argument)
        self.socket.sendall(struct.pack(">I", len(header) + len(payload)) + header + payload)

    def receive(self):
        """The next frame as kind, id, method, argument, payload. An error of the connection is raised."""
        (length,) = struct.unpack(">I", self.exactly(4))
        assert 16 <= length <= 1 << 20, length
        version, kind, _, id, method, _, argument = HEADER.unpack(self.exactly(16))
        assert version == 1, version
        payload = self.exactly(length - 16)
        if kind == ERROR and id == 0:
            raise self.failure(argument, payload)
        return kind, id, method, argument, payload

    def exactly(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the connection ended")
            data += piece
        return bytes(data)

    def failure(self, code, payload):
        detail = self.types["ErrorDetail"].FromString(payload)
        return Failure(self.types["ErrorCode"].Name(code).removeprefix("ERROR_CODE_"), detail.message, detail.details)

    def method(self, name):
        return self.types["Method"].Value("METHOD_" + name)

    def begin(self, method, payload=b"", deadline_ms=0, stream=False):
        self.last_id += 1
        self.send(REQUEST, STREAM if stream else 0, self.last_id, self.method(method), deadline_ms, payload)
        return self.last_id

    def answer(self, id):
        """The next frame for a request; pings are answered, what belongs to others is dropped."""
        while True:
            kind, got, _, argument, payload = self.receive()
            if kind == PING:
                self.send(PONG, id=got)
            elif kind in (REPLY, ERROR, ITEM, END) and got == id:
                if kind == ERROR:
                    raise self.failure(argument, payload)
                return kind, payload

    def request(self, method, payload=b"", deadline_ms=10_000):
        kind, reply = self.answer(self.begin(method, payload, deadline_ms))
        assert kind == REPLY, kind
        return reply

    def stream(self, method, payload=b"", credit=1):
        """Items, `credit` of them granted ahead."""
        id = self.begin(method, payload, stream=True)
        self.send(CREDIT, id=id, argument=credit)
        try:
            while True:
                kind, item = self.answer(id)
                if kind == END:
                    id = None
                    return
                yield item
                self.send(CREDIT, id=id, argument=1)
        finally:
            if id is not None:
                self.send(CANCEL, id=id)

    def ping(self):
        self.send(PING, id=77)
        while True:
            kind, id, *_ = self.receive()
            if kind == PONG:
                assert id == 77, id
                return

    def close(self):
        self.send(GOODBYE)
        self.socket.close()


def check(client):
    """What every server does."""
    for size in (0, 1, 64, 100_000, (1 << 20) - 16):
        payload = os.urandom(size)
        assert client.request("ECHO", payload) == payload, size
    client.ping()
    try:
        client.request("UNSPECIFIED")
        raise AssertionError("method 0 was served")
    except Failure as failure:
        assert failure.code == "UNKNOWN_METHOD", failure
    client.send(CANCEL, id=4000)  # of nothing
    client.send(CREDIT, id=4000, argument=1)
    client.send(EVENT, method=9999)
    first, second = client.begin("ECHO", b"1"), client.begin("ECHO", b"2")
    assert client.answer(first) == (REPLY, b"1")
    assert client.answer(second) == (REPLY, b"2")
    print("ok", client.welcome.name, client.welcome.pid)


def main():
    from google.protobuf import text_format

    path, verb, *rest = sys.argv[1:]
    types = google_protobuf.load()
    client = Client(path, types)
    try:
        if verb == "check":
            check(client)
            return
        ask, answer = MESSAGES[rest[0]]
        if verb == "request":
            message = text_format.Parse(rest[1] if len(rest) > 1 else "", types[ask]())
            replies = [client.request(rest[0], message.SerializeToString())]
        else:
            message = text_format.Parse(rest[2] if len(rest) > 2 else "", types[ask]())
            replies = (item for item, _ in zip(client.stream(rest[0], message.SerializeToString()), range(int(rest[1]))))
        for reply in replies:
            print(text_format.MessageToString(types[answer].FromString(reply), as_one_line=True, as_utf8=True))
    except Failure as failure:
        sys.exit("\n".join([str(failure), *failure.details]))
    finally:
        client.close()


if __name__ == "__main__":
    main()
