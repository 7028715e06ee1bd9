# SPDX-License-Identifier: Apache-2.0
"""A peer that lies on the wire: drives evil-node (tests/hostile) against real nodes.

The demonstration and the hostile tests share it. The member in whose name it lies is genuinely enrolled.
"""
import json
import socket
import ssl
import subprocess

from federation import Failure

TIMEOUT_S = 60.0
UNAVAILABLE = 14
NO_CONNECTION = "-"


def run_evil_node(bin_folder, *arguments):
    return subprocess.run([str(bin_folder / "evil-node"), *arguments], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


class EvilNode:
    """A run of `evil-node serve`, in the name and, unless another is given, at the address of a member."""

    def __init__(self, federation, member, attack, *flags, address=None):
        self.process = subprocess.Popen(
            [str(federation.bin / "evil-node"), "serve", "--data", str(member.folder), "--listen",
             address or member.address, "--attack", attack, *flags],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if self.next_event().get("event") != "listening":
            raise Failure(f"evil-node --attack {attack} does not listen")

    def next_event(self):
        return json.loads(self.process.stdout.readline() or "{}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def node_uri(participant, holder="node/main", federation="ce.example"):
    return f"spiffe://{federation}/member/{participant.replace(':', '/')}/{holder}"


def authority_of(member, name):
    """The flags that let `forge` sign with an authority of this member: federation-ca or client-ca."""
    return ["--ca-key", str(member.folder / "keys" / f"{name}.key"),
            "--ca-certificate", str(member.folder / "certs" / f"{name}.crt")]


def node_credentials(member):
    return member.folder / "keys" / "node.key", member.folder / "certs" / "node.crt"


def forge(federation, name, *flags):
    """Key and certificate that nobody should have issued."""
    path = federation.folder / name
    run_evil_node(federation.bin, "forge", "--out", str(path), *flags)
    return path.with_name(f"{name}.key"), path.with_name(f"{name}.crt")


def call(federation, credentials, target, method, *flags):
    """Calls `target` as whoever holds `credentials` (none: nobody).

    The reason of the answer, OK, or NO_CONNECTION.
    """
    arguments = ["call", "--target", target.address, "--method", method,
                 "--roots", str(federation.operator.folder / "certs" / "federation-ca.crt"), *flags]
    if "--feed" in flags and "--publisher" not in flags:
        arguments += ["--publisher", target.participant]
    for flag, path in zip(("--key", "--certificate"), credentials):
        arguments += [flag, str(path)]
    answer = json.loads(run_evil_node(federation.bin, *arguments))
    if answer["code"] == 0:
        return "OK"
    return answer["reason"] or (NO_CONNECTION if answer["code"] == UNAVAILABLE else answer)


def handshake(federation, credentials, target, version):
    """What becomes of a connection that offers this TLS version ("1.2", "1.3") alone: OK, EOF or closed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = context.maximum_version = ssl.TLSVersion[f"TLSv{version.replace('.', '_')}"]
    context.load_verify_locations(federation.operator.folder / "certs" / "federation-ca.crt")
    context.set_alpn_protocols(["h2"])
    if credentials:
        key, certificate = credentials
        context.load_cert_chain(certificate, key)
    with socket.create_connection(("127.0.0.1", target.port), timeout=TIMEOUT_S) as connection:
        try:
            with context.wrap_socket(connection) as tls:
                # In TLS 1.3 the server judges the certificate after the client is done: what it says comes now.
                return "OK" if tls.recv(1) else "closed"
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return "EOF"  # which of the two depends on how far the server's closing has come
        except ConnectionError:
            return "closed"
