#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Peers with genuine certificates that send HTTP/2 frames of which the node has more work than they have."""
import os
import pathlib
import socket
import ssl
import struct
import threading

from set_up import SharedFederationTest, run
from federation import wait_for
from hostile import TIMEOUT_S, call, node_credentials

VICTIM = "0188:7123456789012"
EVIL = "0188:4011001098993"

SENT_MAX = 64 << 20         # bytes, of which some wait in the sockets when the connection ends
RSS_GROWTH_MAX = 64 << 20   # bytes, of the node, while all floods come one after the other
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
MANY = 1000


def frame(kind, stream, payload=b"", flags=0):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    """An HPACK string (RFC 7541 §5.2), as it is."""
    if len(value) < 127:
        return bytes([len(value)]) + value
    rest, length = len(value) - 127, b"\x7f"
    while rest >= 128:
        length += bytes([rest % 128 + 128])
        rest //= 128
    return length + bytes([rest]) + value


def field(name, value):
    return b"\x00" + text(name) + text(value)


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0)
CALL = (b"\x83\x87" + field(b":path", b"/meguri.feed.v1.FeedService/GetCheckpoint") + field(b":authority", b"x") +
        field(b"content-type", b"application/grpc") + field(b"te", b"trailers"))


def again(piece):
    while True:
        yield piece


def headers_without_end(piece):
    yield frame(HEADERS, 1, CALL)
    yield from again(frame(CONTINUATION, 1, piece) * (1 if len(piece) > MANY else MANY))


def one_long_value():
    yield frame(HEADERS, 1, CALL + b"\x00" + text(b"x-long") + b"\x7f\x81\xff\xff\x1d")
    yield from again(frame(CONTINUATION, 1, b"v" * 16_000))


def one_value_again_and_again():
    """Each byte stands for 3,900: the entry of the dynamic table that was just made."""
    yield frame(HEADERS, 1, CALL + b"\x40" + text(b"x-table") + text(b"w" * 3900) + b"\xbe" * 12_000)
    yield from again(frame(CONTINUATION, 1, b"\xbe" * 16_000))


def streams(*each, flags=END_HEADERS, first=b""):
    yield first
    stream = 1
    while True:
        out = b""
        for _ in range(50):
            out += frame(HEADERS, stream, CALL, flags) + b"".join(frame(kind, stream, payload) for kind, payload in each)
            stream += 2
        yield out


def data_without_content():
    yield frame(HEADERS, 1, CALL, END_HEADERS)
    yield from again(frame(DATA, 1) * MANY)


FLOODS = {
    "headers-without-end": lambda: headers_without_end(field(b"x-more", b"v" * 8000)),
    "headers-without-content": lambda: headers_without_end(b""),
    "one-long-value": one_long_value,
    "one-value-again-and-again": one_value_again_and_again,
    "streams-opened-and-reset": lambda: streams((RESET, struct.pack(">I", 8)), flags=END_HEADERS | END_STREAM),
    "streams-that-stay-open": streams,
    "streams-after-an-early-acknowledgement": lambda: streams(first=frame(SETTINGS, 0, flags=ACK)),
    "calls-whose-answers-nobody-reads": lambda: streams(flags=END_HEADERS | END_STREAM,
                                                        first=frame(SETTINGS, 0, flags=ACK)),
    "streams-that-the-node-must-reset": lambda: streams((WINDOW_UPDATE, b"\0\0\0\0"), flags=END_HEADERS | END_STREAM,
                                                        first=frame(SETTINGS, 0, flags=ACK)),
    "data-after-the-end": lambda: streams((DATA, b"x"), flags=END_HEADERS | END_STREAM,
                                          first=frame(SETTINGS, 0, flags=ACK)),
    "data-without-content": data_without_content,
    "pings": lambda: again(frame(PING, 0, b"12345678") * MANY),
    "answers-to-no-ping": lambda: again(frame(PING, 0, b"12345678", ACK) * MANY),
    "settings": lambda: again(frame(SETTINGS, 0, struct.pack(">HI", 4, 65_535)) * MANY),
    "acknowledgements": lambda: again(frame(SETTINGS, 0, flags=ACK) * MANY),
    "priorities": lambda: again(frame(PRIORITY, 1, b"\0\0\0\0\x10") * MANY),
    "farewells": lambda: again(frame(GOAWAY, 0, b"\0" * 8) * MANY),
    "unknown-frames": lambda: again(frame(0xEE, 0, b"u" * 16_000)),
}


def context_of(role, credentials, roots):
    context = ssl.SSLContext(role)
    context.check_hostname = False
    context.load_verify_locations(roots)
    context.set_alpn_protocols(["h2"])
    key, certificate = credentials
    context.load_cert_chain(certificate, key)
    return context


def send(connection, pieces):
    """How many bytes the other end has let come before it ended the connection; None if it did not."""
    connection.settimeout(TIMEOUT_S)
    sent = 0
    try:
        for piece in pieces:
            connection.sendall(piece)
            sent += len(piece)
            if sent > SENT_MAX:
                return None
    except (OSError, ssl.SSLError) as error:
        return None if isinstance(error, TimeoutError) else sent
    return None


class FloodsTest(SharedFederationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.evil = cls.federation.init_member("evil", EVIL, "悪", "Evil", "--role", "manufacturer")
        cls.federation.enrol(cls.evil)
        cls.victim = cls.federation.add_member("victim", VICTIM, "被害者", "Victim", "--role", "manufacturer")
        cls.roots = cls.operator.folder / "certs" / "federation-ca.crt"

    def rss(self):
        return int(pathlib.Path(f"/proc/{self.victim.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def log(self):
        return self.victim.log_path.read_text("utf-8", "replace")

    def credentials_of(self, name):
        self.victim.add_client(name, "read")
        folder = self.victim.folder / "clients" / name
        return folder / "client.key", folder / "client.crt"

    def connect(self, credentials):
        context = context_of(ssl.PROTOCOL_TLS_CLIENT, credentials, self.roots)
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.victim.port), timeout=TIMEOUT_S))

    def test_each_flood_ends_its_connection_and_nothing_else(self):
        # Each has a name of its own: who has flooded is kept out for a minute.
        everybody = {name: self.credentials_of(name) for name in FLOODS}
        before = self.rss()
        for name, flood in FLOODS.items():
            with self.subTest(name), self.connect(everybody[name]) as connection:
                connection.sendall(PREFACE)
                self.assertIsNotNone(send(connection, flood()), "the connection went on")
                self.assertEqual(call(self.federation, node_credentials(self.operator), self.victim, "checkpoint",
                                      "--feed", "public"), "OK")
        self.assertLess(self.rss() - before, RSS_GROWTH_MAX)

    def test_who_has_flooded_is_named_and_kept_out(self):
        credentials = self.credentials_of("flooder")
        self.assertEqual(call(self.federation, credentials, self.victim, "status"), "OK")
        with self.connect(credentials) as connection:
            connection.sendall(PREFACE)
            self.assertIsNotNone(send(connection, FLOODS["streams-opened-and-reset"]()))
        wait_for("the log to say so", lambda: "client/flooder: The peer sent more than" in self.log())
        self.assertEqual(call(self.federation, credentials, self.victim, "status"), "-")
        wait_for("the log to say so", lambda: "client/flooder has flooded this node and is kept out" in self.log())

    def test_a_publisher_that_floods_its_follower_is_left(self):
        context = context_of(ssl.PROTOCOL_TLS_SERVER, node_credentials(self.evil), self.roots)
        ended = []

        def serve(listener, flood):
            with listener.accept()[0] as plain, context.wrap_socket(plain, server_side=True) as connection:
                connection.sendall(frame(SETTINGS, 0))
                ended.append(send(connection, flood()))

        before = self.rss()
        for name in ("settings", "pings", "unknown-frames", "headers-without-end"):
            with self.subTest(name), socket.create_server(("127.0.0.1", self.evil.port)) as listener:
                listener.settimeout(TIMEOUT_S)
                ended.clear()
                thread = threading.Thread(target=serve, args=(listener, FLOODS[name]))
                thread.start()
                self.victim.cli("feed", "follow", EVIL, "public")
                thread.join()
                self.assertEqual(len(ended), 1)
                self.assertIsNotNone(ended[0], "the connection went on")
                self.victim.cli("feed", "unfollow", EVIL)
        self.assertLess(self.rss() - before, RSS_GROWTH_MAX)


if __name__ == "__main__":
    run()
