# SPDX-License-Identifier: Apache-2.0
"""Starts a federation of real nodes on loopback with throw-away keys, and drives it through the programs that users use.

The demonstration and the integration tests share it. Nothing here knows how a node works inside.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

PORTS = (10_000, 32_000)
# Only what fails takes as long: a busy machine is no failure.
READY_TIMEOUT_S = 60.0
EVENT_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.02


class Failure(Exception):
    """Something did not happen that should have, in words for whoever reads the output."""


def free_port():
    """A port that nobody listens on, outside the range that outgoing connections of other tests take theirs from."""
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_for(what, condition, timeout_s=EVENT_TIMEOUT_S, interval_s=POLL_INTERVAL_S):
    """Returns the first true value of condition(); raises Failure(what) when time is over."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {timeout_s:.0f} s in vain: {what}")
        pause.wait(interval_s)


class Answer:
    """What a run of the command-line client gave."""

    def __init__(self, completed):
        self.code = completed.returncode
        self.text = completed.stdout
        self.error = completed.stderr

    def json(self):
        return json.loads(self.text)


class Member:
    """One member and its node."""

    def __init__(self, federation, name, participant):
        self.federation = federation
        self.name = name
        self.participant = participant
        self.folder = federation.folder / name
        self.port = free_port()
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def log_path(self):
        return self.folder.parent / f"{self.name}.log"

    def node_command(self, *arguments):
        return [str(self.federation.bin / "meguri-node"), "--data", str(self.folder), *arguments]

    def run_node_command(self, *arguments):
        completed = subprocess.run(self.node_command(*arguments), capture_output=True, text=True)
        if completed.returncode != 0:
            raise Failure(f"meguri-node {' '.join(arguments)}: {completed.stderr.strip()}")
        return completed.stdout.strip()

    def start(self, *flags, command="serve"):
        with open(self.log_path, "ab") as log:
            begin = log.seek(0, 2)
            self.process = subprocess.Popen(self.node_command(command, *flags), stderr=log, stdin=subprocess.DEVNULL)
        wait_for(f"{self.name} to be ready", lambda: self._is_ready(begin), READY_TIMEOUT_S)

    def _is_ready(self, begin):
        with open(self.log_path, "rb") as log:
            log.seek(begin)
            text = log.read().decode("utf-8", "replace")
        if '"event":"node-ready"' in text:
            return True
        if self.process.poll() is not None:
            raise Failure(f"{self.name} did not start: {text.strip()}")
        return False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, signal_number=signal.SIGTERM):
        if self.is_running():
            self.process.send_signal(signal_number)
            self.process.wait(timeout=READY_TIMEOUT_S)
        self.process = None

    def add_client(self, name, role):
        return self.run_node_command("client", "add", name, "--role", role)

    def client_folder(self, client):
        return self.folder / "clients" / client

    def cli(self, *arguments, client="admin", check=True, environment=None):
        """Runs `meguri` as a client of this member, English, without progress bars."""
        command = [str(self.federation.bin / "meguri"), "--home", str(self.client_folder(client)), "--lang", "en",
                   "--progress", "none", *arguments]
        completed = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
        if check and completed.returncode != 0:
            raise Failure(f"meguri {' '.join(arguments)} (exit {completed.returncode}): {completed.stderr.strip()}")
        return Answer(completed)

    def json(self, *arguments, client="admin"):
        return self.cli("-o", "json", *arguments, client=client).json()

    def follow(self, publisher, *feeds):
        self.cli("feed", "follow", publisher.participant, *feeds)

    def follows(self):
        return items_of(self.json("feed", "list"))

    def wait_until_live(self, publisher, *feeds):
        def all_live():
            live = {f["feed"] for f in self.follows()
                    if f["publisher"] == publisher.participant and f["state"].upper().endswith("LIVE")}
            return set(feeds) <= live
        wait_for(f"{self.name} to have all of {', '.join(feeds)} of {publisher.name}", all_live)

    def give_back(self, publisher):
        """Writes what it has of a publisher's feeds into a file. Its node is stopped meanwhile."""
        copy = self.folder.parent / f"{publisher.name}-of-{self.name}.copy"
        self.stop()
        self.run_node_command("give-back", publisher.participant, "--out", str(copy))
        self.start()
        return copy

    def has_size(self, publisher, feed, size):
        return any(f["publisher"] == publisher.participant and f["feed"] == feed and int(f.get("size", 0)) >= size
                   for f in self.follows())


class Guest(Member):
    """A member that is hosted on another member's node. Its record key never leaves its own folder."""

    def __init__(self, host, name, participant):
        super().__init__(host.federation, name, participant)
        self.host = host

    @property
    def address(self):
        return self.host.address

    @property
    def key_path(self):
        return self.folder / "record.key"

    @property
    def folder_at_host(self):
        return self.host.folder / "hosted" / self.participant.replace(":", "-", 1)

    def run_cli(self, *arguments):
        """Runs `meguri` before there is a client folder."""
        command = [str(self.federation.bin / "meguri"), "--lang", "en", *arguments]
        completed = subprocess.run(command, capture_output=True, text=True)
        if completed.returncode != 0:
            raise Failure(f"meguri {' '.join(arguments)}: {completed.stderr.strip()}")
        return completed.stdout

    def ask_host(self, name_ja, name_en, *flags):
        """Makes the record key here and the rest at the host. Returns the request that all keys have signed."""
        self.folder.mkdir(parents=True)
        key = json.loads(self.run_cli("-o", "json", "key", "generate", str(self.key_path)))
        self.host.run_node_command("host", "add", self.participant, "--record-public-key", key["public_key"],
                                   "--name-ja", name_ja, "--name-en", name_en, *flags)
        signed = self.folder / "signed-request"
        self.run_cli("member", "sign", str(self.folder_at_host / "enrolment-request"), "--record-key",
                     str(self.key_path), "--out", str(signed), "--yes")
        return signed

    def add_client(self, name, role):
        made = self.host.run_node_command("client", "add", name, "--role", role, "--member", self.participant)
        shutil.move(made, self.client_folder(name))
        shutil.copy(self.key_path, self.client_folder(name) / "record.key")
        return str(self.client_folder(name))

    def move_out(self):
        """Has the host write what it has of this member into a file. Its node is stopped meanwhile."""
        exported = self.folder / f"{self.host.name}.move"
        self.host.stop()
        self.host.run_node_command("host", "export", self.participant, "--out", str(exported))
        self.host.start()
        return exported

    def move_in(self, host, exported):
        """Has another host take in what the file holds, and signs that. Returns the change for the operator."""
        return self._enter(host, "import", str(exported))[0]

    def recover_in(self, host, *copies):
        """The same with copies of followers. Returns what the host was told, too."""
        return self._enter(host, "recover", self.participant, *with_flag("--copy", copies))

    def _enter(self, host, *command):
        host.stop()
        told = host.run_node_command("host", *command)
        host.start()
        self.host = host
        shutil.rmtree(self.folder / "clients")
        (self.folder / "clients").mkdir()
        self.add_client("admin", "admin")
        return self._sign(self.folder_at_host / "move-request", host.name), told

    def move_home(self, exported, *flags):
        """Makes a node of its own of what its host has exported, and signs that. Returns the member as the owner of
        that node, and the change for the operator."""
        return self._begin_at_home("--from", str(exported), *flags)[:2]

    def recover_home(self, *copies):
        """The same with copies of followers. Returns what was told, too."""
        return self._begin_at_home("--recover", self.participant, *with_flag("--copy", copies))

    def _begin_at_home(self, *flags):
        own = Member(self.federation, f"{self.name}-node", self.participant)
        told = own.run_node_command("init", "--trust-bundle", str(self.federation.operator.folder / "trust-bundle"),
                                    "--listen", own.address, *flags)
        self.federation.members[own.name] = own
        return own, self._sign(own.folder / "move-request", own.name), told

    def _sign(self, request, name):
        signed = self.folder / f"{name}.signed"
        self.run_cli("member", "sign", str(request), "--record-key", str(self.key_path), "--out", str(signed), "--yes")
        return signed


def with_flag(flag, values):
    return [word for value in values for word in (flag, str(value))]


def items_of(answer):
    """The rows of a list command's JSON, whether it is a list or an object that holds one."""
    if isinstance(answer, list):
        return answer
    lists = [value for value in answer.values() if isinstance(value, list)]
    return lists[0] if lists else []


class Federation:
    """An operator and members, below one folder."""

    def __init__(self, bin_folder, folder, name="ce.example"):
        self.bin = pathlib.Path(bin_folder)
        self.folder = pathlib.Path(folder)
        self.name = name
        self.members = {}

    def start_operator(self, participant, name_ja, name_en):
        operator = Member(self, "operator", participant)
        operator.run_node_command("init", "--operator", "--federation", self.name, "--participant", participant,
                                  "--name-ja", name_ja, "--name-en", name_en, "--kind", "related-body",
                                  "--listen", operator.address)
        operator.add_client("admin", "admin")
        operator.start()
        self.members["operator"] = self.operator = operator
        operator.cli("member", "enrol", str(operator.folder / "enrolment-request"), "--yes")
        return operator

    def init_member(self, name, participant, name_ja, name_en, *flags):
        member = Member(self, name, participant)
        member.run_node_command("init", "--trust-bundle", str(self.operator.folder / "trust-bundle"),
                                "--participant", participant, "--name-ja", name_ja, "--name-en", name_en,
                                "--listen", member.address, *flags)
        self.members[name] = member
        return member

    def enrol(self, member):
        answer = self.folder / f"{member.name}.enrolment"
        self.operator.cli("member", "enrol", str(member.folder / "enrolment-request"), "--out", str(answer), "--yes")
        member.run_node_command("join", str(answer))

    def settle(self, own, signed):
        """Publishes that a member has moved to a node of its own, and starts that node."""
        answer = self.folder / f"{own.name}.enrolment"
        self.operator.cli("member", "update", str(signed), "--out", str(answer), "--yes")
        own.run_node_command("join", str(answer))
        own.start()

    def add_member(self, name, participant, name_ja, name_en, *flags):
        """Makes a member's node, enrols it, starts it, and waits until it knows the federation."""
        member = self.init_member(name, participant, name_ja, name_en, *flags)
        self.enrol(member)
        member.add_client("admin", "admin")
        member.start()
        wait_for(f"{name} to find itself in the registry",
                 lambda: member.cli("member", "show", participant, check=False).code == 0)
        return member

    def add_guest(self, host, name, participant, name_ja, name_en, *flags):
        """Has a member hosted on a node that runs; it is served once that node was started anew."""
        guest = Guest(host, name, participant)
        request = guest.ask_host(name_ja, name_en, *flags)
        self.operator.cli("member", "enrol", str(request), "--yes")
        (guest.folder / "clients").mkdir()
        guest.add_client("admin", "admin")
        self.members[name] = guest
        return guest

    def stop(self):
        for member in self.members.values():
            member.stop()
