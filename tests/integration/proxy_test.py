#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node that reaches others only through an HTTP proxy, which sees addresses and nothing else."""
import base64
import os
import select
import socket
import threading

from set_up import DATA, FederationTest, run
from federation import wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"


class ConnectProxy:
    """Answers CONNECT and hands on bytes, or refuses everything."""

    def __init__(self, refusal=None, password=None):
        self.refusal = refusal
        self.password = password
        self.targets = []
        self.bytes_seen = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(4096)
                if not more:
                    return
                head += more
            verb, target = head.split(b"\r\n")[0].decode().split(" ")[:2]
            wanted = f"Proxy-Authorization:Basic {self.password}" if self.password else ""
            if self.refusal or wanted not in head.decode().replace(": ", ":"):
                connection.sendall(f"HTTP/1.1 {self.refusal or '407 Proxy Authentication Required'}\r\n\r\n".encode())
                return
            self.targets.append((verb, target))
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host, int(port))) as peer:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                self.pump(connection, peer)

    def pump(self, one, other):
        while True:
            ready, _, _ = select.select([one, other], [], [])
            for end in ready:
                data = end.recv(65536)
                if not data:
                    return
                self.bytes_seen += data
                (other if end is one else one).sendall(data)


class ProxyTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer")
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler")
        wait_for("the recycler to know the maker", lambda: self.recycler.cli(
            "member", "show", MAKER, check=False).code == 0)
        self.maker.json("record", "publish", str(DATA / "ev-battery.json"))

    def proxy(self, **how):
        proxy = ConnectProxy(**how)
        self.addCleanup(proxy.close)
        return proxy

    def restart_through(self, url):
        self.recycler.stop()
        self.recycler.start("--http-proxy", url)

    def test_everything_goes_through_the_proxy_and_it_reads_nothing(self):
        proxy = self.proxy()
        self.restart_through(f"http://{proxy.address}")
        self.recycler.follow(self.maker, "public")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "public", 1))
        self.assertIn(("CONNECT", self.maker.address), proxy.targets)
        self.assertNotIn(b"ev-battery", bytes(proxy.bytes_seen))
        self.assertNotIn(RECYCLER.encode(), bytes(proxy.bytes_seen))
        self.assertGreater(len(proxy.bytes_seen), 4096)

    def test_a_proxy_that_wants_a_password_gets_it(self):
        proxy = self.proxy(password=base64.b64encode(b"me:p@ss").decode())
        self.restart_through(f"http://me:p%40ss@{proxy.address}")
        self.recycler.follow(self.maker, "public")
        wait_for("the replica", lambda: self.recycler.has_size(self.maker, "public", 1))
        shown = self.recycler.run_node_command("check-config", "--http-proxy", f"http://me:p%40ss@{proxy.address}")
        self.assertIn(f"http://***@{proxy.address}", shown)

    def test_a_proxy_that_refuses_is_named_as_the_reason(self):
        proxy = self.proxy(refusal="403 Forbidden")
        self.restart_through(f"http://{proxy.address}")
        self.recycler.follow(self.maker, "public")

        def error():
            return next(f for f in self.recycler.follows() if f["feed"] == "public").get("last_error", "")
        wait_for("the refusal", lambda: "403" in error())
        self.assertIn("proxy", error().lower())


if __name__ == "__main__":
    for name in ("no_proxy", "no_grpc_proxy"):  # this machine's own
        os.environ.pop(name, None)
    run()
