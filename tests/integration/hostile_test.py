#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hostile peer on the wire, with genuine keys and certificates, against real nodes: each attack meets its own reason."""
import json
import pathlib
import shutil
import socket
import ssl
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from federation import Failure, Federation, items_of, wait_for  # noqa: E402
from hostile import (EvilNode, authority_of, call, forge, handshake, node_credentials,  # noqa: E402
                     node_uri, run_evil_node)

DATA = ROOT / "deploy" / "demo-data"
OPERATOR = "0188:8000020130001"
VICTIM = "0188:7123456789012"
EVIL = "0188:4011001098993"
BYSTANDER = "0188:4000012090001"
STRANGER = "0088:4900000000009"
HONEST_SIZE = 3  # entries that the evil node serves honestly first, and that must be all there is after every attack
ATTACK_TIMEOUT_S = 60.0
BIN = None

# What the evil node does to a follower that already holds three honest entries of its feed, and the reason that
# `meguri feed list` shows. Nothing of it is stored.
REFUSED = """
tampered-section           SECTION_DIGEST        one bit of a section's payload is changed
tampered-salt              SECTION_DIGEST        one bit of a section's salt is changed
short-salt                 SECTION_SALT          a salt of 31 bytes
changed-slot               SECTION_DIGEST        a section claims another slot
slot-beyond-header         SECTION_SLOT          slot 8 of 8
huge-slot                  SECTION_SLOT          slot 4,294,967,295
section-twice              SECTION_SLOT          one section comes twice
slot-not-in-entry          SLOT_NOT_IN_ENTRY     a section comes that the entry does not open
entry-slot-beyond-header   SECTION_MISSING       the entry opens slot 63 of 8
section-missing            SECTION_MISSING       a section does not come that the entry opens
changed-type               SECTION_DIGEST        a section claims another type
no-type                    SECTION_TYPE          a section of type 0
changed-audiences          SECTION_DIGEST        a section claims another audience
unknown-audience           SECTION_AUDIENCES     an audience that nobody has defined
no-audience                SECTION_AUDIENCES     a section for nobody
huge-section               SECTION_SIZE          8 MiB and a byte
huge-record                RECORD_SIZE           32 MiB and a byte in five sections
huge-message               RESOURCE_EXHAUSTED    a message of 41 MiB
changed-index              BAD_SIGNATURE         another leaf of the signed batch
index-beyond-size          BATCH_INDEX           leaf 4 of 4
changed-size               BAD_SIGNATURE         a batch twice as large, with one more hash in the path
size-without-path          BATCH_PATH            a batch twice as large
odd-size                   BATCH_SIZE            a batch of 3
no-size                    BATCH_SIZE            a batch of 0
huge-size                  BATCH_SIZE            a batch of 2^63
changed-path               BAD_SIGNATURE         one bit of a path hash is changed
short-path-hash            BATCH_PATH            a path hash of 31 bytes
changed-signature          BAD_SIGNATURE         one bit of the signature is changed, under a root that was verified before
no-signature               BAD_SIGNATURE         a signature of 0 bytes
wrong-key                  UNKNOWN_KEY           the key ID is that of the operator's record key
unknown-key                UNKNOWN_KEY           a key ID that nobody has
short-key                  HASH_SIZE             a key ID of 31 bytes
feed-key-signs-records     UNKNOWN_KEY           the member's own feed key signs a record
tampered-header            HEADER_HASH           one bit of the header is changed
tampered-header-and-entry  BAD_SIGNATURE         the same, and the feed entry names the new hash
garbage-header             WIRE_GRAMMAR          a header that is none
empty-header               WIRE_GRAMMAR          a header of 0 bytes
newer-header-unsigned      BAD_SIGNATURE         a header of format 2 that nobody signed
newer-header-wrong-key     UNKNOWN_KEY           a header of format 2 that the feed key signed
newer-header-too-large     WIRE_GRAMMAR          a header of format 2 of more than 4,096 bytes
tombstone-with-sections    TOMBSTONE_SECTIONS    the end of a record opens its sections
tombstone-with-slots       TOMBSTONE_SECTIONS    the same, and the sections do not come
wrong-header-hash          HEADER_HASH           the feed entry names another record
short-entry                FEED_ENTRY            a feed entry of 40 bytes
newer-entry                NEWER_FORMAT          a feed entry of format 2
no-envelope                WIRE_GRAMMAR          a feed entry without a record
foreign-record             PUBLISHER_MISMATCH    a genuine record of another publisher
in-anothers-name           PUBLISHER_MISMATCH    a record in the operator's name
batch-before-target        NO_TARGET             entries before any signed head
gap                        BATCH_POSITION        the batch leaves out an entry
wrong-start                BATCH_POSITION        the batch begins at 0 again
huge-start                 BATCH_POSITION        the batch begins at 2^64 - 1
too-many-entries           BATCH_COUNT           257 entries in one message
more-than-promised         BATCH_COUNT           five entries under a signed head for one more
empty-batch                BATCH_COUNT           no entries
unexpected-feed            UNEXPECTED_FEED       entries of a feed that was not asked for
unexpected-feed-name       UNEXPECTED_FEED       a feed of a name that breaks a character when it is cut
wrong-proof                CONSISTENCY_PROOF     one bit of the proof is changed
no-proof                   CONSISTENCY_PROOF     no proof
long-proof                 CONSISTENCY_PROOF     64 hashes, one more than any tree needs
short-proof-hash           HASH_SIZE             a proof hash of 31 bytes
entries-swapped            CONSISTENCY_PROOF     two entries in the wrong order
entry-left-out             CONSISTENCY_PROOF     an entry is left out
last-of-batch-tampered     SECTION_DIGEST        two sound records and a tampered one: none is stored
forked-growth              CONSISTENCY_PROOF     a larger feed that does not extend the one before
foreign-origin             CHECKPOINT_ORIGIN     the signed head of the operator's registry
other-feed                 CHECKPOINT_ORIGIN     the signed head of another feed of the same member
other-signer               CHECKPOINT_SIGNATURE  the record key signs the head
tampered-checkpoint        CHECKPOINT_SIGNATURE  one digit of the size is changed
garbage-checkpoint         CHECKPOINT_FORM       a head that is none
huge-checkpoint            CHECKPOINT_FORM       a head of 1 MiB
false-heartbeat            SIGNATURE_MISSING     a registry heartbeat signed by the evil node
forged-heartbeat           BAD_SIGNATURE         the same under the operator's key ID
feed-heartbeat-other-head  HEARTBEAT_MISMATCH    the publisher's word that its feed is another than the head it sent
feed-heartbeat-other-key   SIGNATURE_MISSING     the right word, signed by the record key
denied                     FEED_NOT_READABLE     the publisher does not let the victim have the feed
denied-garbled             PEER_REASON           the same, with a reason that would move a terminal's cursor
denied-other-feed          UNEXPECTED_FEED       a feed is denied that was not asked for
hang-up                    STREAM_CLOSED         the stream ends at once
garbled-end                GARBLED               the stream ends with bytes that are no text
garbled-reason             PEER_REASON           the stream ends with a reason that would move a terminal's cursor
"""

# The publisher contradicts what it signed before: the follow is quarantined until somebody decides.
CAUGHT = """
rolled-back                ROLLBACK              a signed head of 2 entries after one of 3
emptied                    ROLLBACK              a signed head of 0 entries after one of 3
rolled-back-midstream      ROLLBACK              heads of 5 and of 4 entries on one stream
rolled-back-promise        ROLLBACK              a head of 5 entries, a broken connection, a head of 4
replaced-promise           FORK                  a head of 5 entries, and before they come one of 6 that begin otherwise
broken-promise             FORK                  a head of 5 entries, a broken connection, 6 that begin otherwise
forked                     FORK                  another root of 3 entries
forked-promise             FORK                  a head of 5 entries, a broken connection, another root of 5
"""

# What is signed as it should be is stored, however strange; two headers for one version are kept as evidence.
STORED = """
honest                     -                     three sound records
oddities                   -                     payloads that are none, a Member record outside the registry, types of the future …
newer-headers              -                     records of a format that this program does not know
squatted-ids               -                     records under the IDs of other members' records
two-headers                TWO_HEADERS           other headers for versions that exist
two-openings               TWO_OPENINGS          two sections of one type for one header, in two entries
"""

# Who calls the victim's node, how, and the reason of the answer ("-": the connection is not made). CALLERS says who
# they are.
CALLS = """
evil follow public                                       OK
evil follow owner                                        FEED_NOT_READABLE
evil follow recyclers/battery                            FEED_NOT_READABLE
evil follow to/{BYSTANDER}                               FEED_NOT_READABLE
evil follow nonsense                                     FEED_NAME
evil follow public --epoch 2                             FOLLOW_REQUEST
evil follow public --publisher {EVIL}                    NOT_HOSTED
evil follow public --acting {BYSTANDER}                  NOT_HOSTED_THERE
evil follow public --acting {VICTIM}                     NOT_HOSTED_THERE
evil follow public --acting {STRANGER}                   NODE_NOT_REGISTERED
evil follow public --acting nonsense                     ACTING_MEMBER
evil follow public --acting {EVIL} --acting {BYSTANDER}  ACTING_MEMBER
evil follow public --position 18446744073709551615       OK
evil follow {FEEDS_65}                                   FOLLOW_REQUEST
evil checkpoint public                                   OK
evil checkpoint owner                                    FEED_NOT_READABLE
evil follow-nonsense                                     REQUEST_BYTES
evil get-nonsense                                        REQUEST_BYTES
evil publish                                             CALLER_CLASS
evil add-follow                                          CALLER_CLASS
evil status                                              CALLER_CLASS
reader follow public                                     OK
reader add-follow                                        CLIENT_ROLE
reader publish                                           CLIENT_ROLE
reader follow public --acting {EVIL}                     ACTING_MEMBER
unregistered follow public                               NODE_NOT_REGISTERED
unregistered get-nonsense                                NODE_NOT_REGISTERED
unregistered status                                      CALLER_CLASS
other-federation follow public                           CERTIFICATE_FEDERATION
client-of-operator status                                CERTIFICATE_CHAIN
node-of-client-authority follow public                   CERTIFICATE_CHAIN
client-of-evil status                                    -
self-signed follow public                                -
expired follow public                                    -
nobody follow public                                     -
"""

# What becomes of a connection that offers this version and this certificate, and what the victim's log says of it
# (gRPC hangs up without a TLS alert).
HANDSHAKES = """
1.3  evil            OK        -
1.2  evil            EOF       no shared cipher
1.3  nobody          closed    peer did not return a certificate
1.3  self-signed     closed    certificate verify failed
1.3  client-of-evil  closed    certificate verify failed
1.3  expired         closed    certificate verify failed
"""


def rows(table, columns=3):
    return [line.split(None, columns - 1) for line in table.strip().splitlines()]


class HostileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="meguri-hostile-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.federation = Federation(BIN, temporary.name)
        cls.addClassCleanup(cls.federation.stop)
        cls.operator = cls.federation.start_operator(OPERATOR, "運営", "Operator")
        cls.evil = cls.enrol_without_node("evil", EVIL)
        cls.bystander = cls.enrol_without_node("bystander", BYSTANDER)
        cls.victim = cls.federation.add_member("victim", VICTIM, "被害者", "Victim", "--role", "manufacturer",
                                               "--gs1-prefix", "4912345")
        cls.victim.add_client("reader", "read")
        cls.record = items_of(cls.victim.json("record", "publish", str(DATA / "ev-battery.json")))[0]["record_id"]
        cls.record_file = cls.folder / "battery.meguri"
        cls.victim.cli("record", "get", cls.record, "--save", str(cls.record_file))
        cls.callers = cls.make_callers()

    @classmethod
    def enrol_without_node(cls, name, participant):
        member = cls.federation.init_member(name, participant, name, name, "--role", "manufacturer")
        cls.federation.enrol(member)
        member.add_client("admin", "admin")
        return member

    # A follower, and a publisher that lies. Each test has a feed of its own, so that what it stores is its own affair.

    def follow_of(self, feed, publisher=EVIL):
        return next(f for f in self.victim.follows() if f["publisher"] == publisher and f["feed"] == feed)

    def wait_for_follow(self, what, feed, expected):
        last = None

        def find():
            nonlocal last
            last = self.follow_of(feed)
            return last if expected(last) else None

        try:
            return wait_for(what, find, ATTACK_TIMEOUT_S)
        except Failure:
            self.fail(f"{what} ended otherwise: {last}")

    def attack(self, attack, feed, expected, *flags):
        """Lets the victim follow the feed while the evil node commits the attack, until `expected` holds of the follow."""
        with EvilNode(self.federation, self.evil, attack, *flags):
            self.victim.follow(self.evil, feed)
            try:
                return self.wait_for_follow(attack, feed, expected)
            finally:
                self.victim.cli("feed", "unfollow", EVIL)

    def meets(self, attack, reason, feed="public", flags=(), is_over=lambda follow: True):
        follow = self.attack(attack, feed, lambda f: f.get("last_error_reason", "") == reason and is_over(f), *flags)
        self.assertTrue(follow["last_error"])
        self.assertTrue(self.victim.is_running())
        return follow

    def begin_honestly(self, feed):
        self.attack("honest", feed, lambda f: f["state"].endswith("_LIVE") and int(f["size"]) == HONEST_SIZE)

    def test_a_follower_refuses_each_attack_with_its_own_reason(self):
        known = run_evil_node(BIN, "attacks").split()
        self.assertEqual(sorted(known), sorted(row[0] for row in rows(REFUSED) + rows(CAUGHT) + rows(STORED)))
        self.begin_honestly("public")
        for attack, reason, what in rows(REFUSED):
            with self.subTest(attack, what=what):
                flags = ["--foreign-record", str(self.record_file)] if attack == "foreign-record" else []
                # Tried again, a feed is live from its honest head on until the lie comes; the last error stays meanwhile.
                follow = self.meets(attack, reason, flags=flags, is_over=lambda f: f["state"] != "FOLLOW_STATE_LIVE")
                self.assertEqual(int(follow["size"]), HONEST_SIZE)
                self.assertNotEqual(follow["state"], "FOLLOW_STATE_QUARANTINED")
        for attack, reason, what in rows(CAUGHT):
            with self.subTest(attack, what=what):
                follow = self.meets(attack, reason)
                self.assertEqual(int(follow["size"]), HONEST_SIZE)
                self.assertEqual(follow["state"], "FOLLOW_STATE_QUARANTINED")
        # After all of that the honest feed goes on where it was.
        self.begin_honestly("public")

    def test_what_is_signed_is_stored_and_what_contradicts_itself_is_frozen(self):
        stored = self.attack("oddities", "members", lambda f: int(f.get("size", 0)) == HONEST_SIZE + 8)
        self.assertEqual(stored.get("last_error_reason", ""), "")
        operator = json.dumps(self.victim.json("member", "show", OPERATOR))
        self.assertIn("ACTIVE", operator)
        self.assertNotIn("The New Operator", operator)
        feed = f"to/{VICTIM}"
        self.begin_honestly(feed)
        caught = self.attack("two-headers", feed, lambda f: f.get("last_error_reason") == "TWO_HEADERS")
        self.assertEqual(int(caught["size"]), HONEST_SIZE + 4)
        views = items_of(self.victim.json("record", "list", "--all"))
        self.assertEqual(sum(1 for view in views if view.get("frozen")), 2)
        self.assertEqual(max(int(view["envelope"].get("version", 0)) for view in views), 7)
        process = self.victim.process
        self.victim.stop()
        self.assertEqual(process.returncode, 0)
        try:
            self.assertIn(" 0 problems", self.victim.run_node_command("fsck"))
        finally:
            self.victim.start()

    def test_records_of_a_newer_format_are_kept_and_counted(self):
        feed = "authorities/17"
        stored = self.attack("newer-headers", feed, lambda f: int(f.get("size", 0)) == HONEST_SIZE + 3)
        self.assertEqual(stored.get("last_error_reason", ""), "")
        self.assertEqual(int(stored["newer_format_records"]), 2)
        self.assertIn('"newer-format"', self.victim.log_path.read_text("utf-8", "replace"))

    def test_a_relay_is_trusted_in_nothing_and_blamed_for_its_own_lies(self):
        """The publisher is away, and the bystander's node hands its feed on. A smaller head is no rollback from there."""
        feed = "authorities/18"
        self.begin_honestly(feed)
        for attack, reason, state in (("rolled-back", "", "FOLLOW_STATE_LIVE"),
                                      ("tampered-section", "SECTION_DIGEST", "FOLLOW_STATE_WAITING"),
                                      ("forked", "FORK", "FOLLOW_STATE_QUARANTINED")):
            with self.subTest(attack), EvilNode(self.federation, self.evil, attack, "--tls-from",
                                                str(self.bystander.folder), address=self.bystander.address):
                self.victim.cli("feed", "follow", EVIL, feed, "--via", BYSTANDER)
                follow = self.wait_for_follow(attack, feed, lambda f: f.get("last_error_reason", "") == reason
                                              and f["state"] == state)
                self.assertEqual(int(follow["size"]), HONEST_SIZE)
                if reason == "SECTION_DIGEST":
                    self.assertIn(f"By way of {BYSTANDER}", follow["last_error"])
                # A relay that lied is left alone for an hour; a node that starts again has forgotten that.
                self.victim.cli("feed", "unfollow", EVIL)
                self.victim.stop()
                self.victim.start()
        self.victim.cli("feed", "follow", EVIL, feed, "--via", EVIL)
        self.victim.cli("feed", "unfollow", EVIL)

    def test_two_faces_are_found_out(self):
        """The evil node shows the victim one feed and the operator another; the two compare what they know."""
        def follow_of(member):
            return next(f for f in member.follows() if f["publisher"] == EVIL and f["feed"] == "public")

        def is_caught(member):
            return follow_of(member).get("last_error_reason") == "FORK"

        both = (self.victim, self.operator)
        for member, attack in zip(both, ("honest", "forked-growth")):
            with EvilNode(self.federation, self.evil, attack):
                member.follow(self.evil, "public")
                wait_for(f"the {attack} feed", lambda: int(follow_of(member).get("size", 0)) >= HONEST_SIZE, ATTACK_TIMEOUT_S)
            self.assertFalse(is_caught(member))
        try:
            for member in both:
                member.stop()
                member.start("--exchange-seconds", "1")
            for member in both:
                try:
                    wait_for("two faces to be found out", lambda: is_caught(member), ATTACK_TIMEOUT_S)
                except Failure as failure:
                    told = [(m.name, follow_of(m), m.log_path.read_text("utf-8", "replace").splitlines()[-20:])
                            for m in both]
                    self.fail(f"{failure}: {told}")
                path = self.folder / f"two-faces-{member.name}.evidence"
                member.cli("feed", "evidence", EVIL, "public", "--out", str(path))
                self.assert_proven(path, "FEED_FORK")
        finally:
            for member in both:
                member.cli("feed", "unfollow", EVIL)
                member.stop()
                member.start()

    def assert_proven(self, path, kind):
        """Anybody can check it offline, and no bit of it can be changed."""
        told = self.victim.json("evidence", "verify", str(path))
        self.assertEqual((told["verdict"], told["kind"], told["publisher"]), ("PROVEN", kind, EVIL))
        changed = bytearray(path.read_bytes())
        changed[len(changed) // 2] ^= 1
        path.write_bytes(bytes(changed))
        self.assertEqual(self.victim.cli("evidence", "verify", str(path), check=False).code, 1)

    def test_who_contradicted_itself_can_be_shown(self):
        feed = "authorities/18"
        self.begin_honestly(feed)
        with EvilNode(self.federation, self.evil, "replaced-promise"):
            self.victim.follow(self.evil, feed)
            self.wait_for_follow("replaced-promise", feed, lambda f: f.get("last_error_reason") == "FORK")
        path = self.folder / "fork.evidence"
        told = self.victim.json("feed", "evidence", EVIL, feed, "--out", str(path))
        self.assertEqual((told["reason"], [note.splitlines()[1] for note in told["checkpoints"]]), ("FORK", ["5", "6"]))
        self.assert_proven(path, "FEED_FORK")
        self.assertIn('"follow-quarantined"', self.victim.log_path.read_text("utf-8", "replace"))
        self.victim.cli("feed", "unfollow", EVIL)
        self.assertIn("NO_EVIDENCE", self.victim.cli("feed", "evidence", EVIL, feed, check=False).error)

        feed = "authorities/19"
        self.begin_honestly(feed)
        self.attack("two-headers", feed, lambda f: f.get("last_error_reason") == "TWO_HEADERS")
        frozen = next(view for view in items_of(self.victim.json("record", "list", "--all")) if view.get("frozen"))
        path = self.folder / "headers.evidence"
        two = self.victim.json("record", "evidence", frozen["envelope"]["record_id"], "--out", str(path))["headers"]
        self.assert_proven(path, "RECORD_FORK")
        self.assertEqual(len({header["header"] for header in two}), 2)

        feed = "authorities/22"
        self.begin_honestly(feed)
        caught = self.attack("two-openings", feed, lambda f: f.get("last_error_reason") == "TWO_OPENINGS")
        self.assertEqual(int(caught["size"]), HONEST_SIZE + 2)
        path = self.folder / "sections.evidence"
        for view in items_of(self.victim.json("record", "list", "--all")):
            record = view["envelope"]["record_id"]
            if view.get("frozen") and record != frozen["envelope"]["record_id"] and not path.exists():
                shown = self.victim.json("record", "evidence", record)["headers"]
                if len(shown) == 1:
                    self.assertEqual(len({section["type"] for section in shown[0]["sections"]}), 1)
                    self.victim.cli("record", "evidence", record, "--out", str(path))
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assert_proven(path, "SECTION_FORK")
        self.assertIn('"two-openings"', self.victim.log_path.read_text("utf-8", "replace"))
        self.victim.stop()
        try:
            self.assertIn(" 0 problems", self.victim.run_node_command("fsck"))
        finally:
            self.victim.start()
        self.assertIn("NO_EVIDENCE", self.victim.cli("record", "evidence", self.record, check=False).error)

    def test_a_record_id_that_another_member_took_leads_to_its_owner(self):
        feed = "authorities/16"
        self.attack("squatted-ids", feed, lambda f: int(f.get("size", 0)) == HONEST_SIZE + 2,
                    "--foreign-record", str(self.record_file))
        view = self.victim.json("record", "get", self.record)
        self.assertEqual(view["envelope"]["publisher"], VICTIM)
        self.assertEqual(self.victim.cli("member", "show", VICTIM, check=False).code, 0)

    def test_a_caught_publisher_stays_quarantined_over_a_restart(self):
        feed = "authorities/JP"
        self.begin_honestly(feed)
        with EvilNode(self.federation, self.evil, "forked"):
            self.victim.follow(self.evil, feed)
            self.wait_for_follow("forked", feed, lambda f: f.get("last_error_reason") == "FORK")
        self.victim.stop()
        self.victim.start()
        with EvilNode(self.federation, self.evil, "honest"):
            follow = self.follow_of(feed)
            self.assertEqual((follow["state"], follow["last_error_reason"]), ("FOLLOW_STATE_QUARANTINED", "FORK"))
            again = self.victim.cli("feed", "follow", EVIL, feed, check=False)
            self.assertIn("QUARANTINED", again.error)
            # Whoever removes and adds the follow has decided.
            self.victim.cli("feed", "unfollow", EVIL)
            self.victim.follow(self.evil, feed)
            self.wait_for_follow("honest", feed, lambda f: f["state"].endswith("_LIVE"))
        self.victim.cli("feed", "unfollow", EVIL)

    def test_a_follower_calls_a_lying_publisher_less_and_less_often(self):
        feed = "authorities/13"
        self.begin_honestly(feed)
        with EvilNode(self.federation, self.evil, "tampered-section") as evil:
            self.victim.follow(self.evil, feed)
            times = []
            while len(times) < 5:
                event = evil.next_event()
                self.assertEqual(event["event"], "asked")
                if event["feed"] == feed:  # `heads` comes along
                    times.append(time.monotonic())
            self.victim.cli("feed", "unfollow", EVIL)
        # Pauses of at least 1/4, 1/2, 1 and 2 s. Without growth they would be 3/4 s at most.
        self.assertGreater(times[4] - times[0], 3.7)

    def test_a_follower_refuses_another_server_than_the_publishers_node(self):
        feed = "authorities/14"
        self.begin_honestly(feed)
        self.meets("honest", "NODE_IDENTITY", feed, ["--tls-from", str(self.bystander.folder)])
        self.meets("honest", "NODE_CERTIFICATE", feed, ["--tls-from", str(self.folder_of("self-signed"))])
        self.meets("honest", "NODE_CERTIFICATE", feed, ["--tls-from", str(self.folder_of("expired"))])
        self.assertEqual(self.serve_tls("TLSv1_3", feed), "TLSv1.3")
        self.assertIn(self.serve_tls("TLSv1_2", feed), ("UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER"))

    def folder_of(self, caller):
        """A folder whose node key and certificate are the caller's."""
        folder = self.folder / f"{caller}-node"
        for name, path in zip(("keys/node.key", "certs/node.crt"), self.callers[caller]):
            (folder / name).parent.mkdir(parents=True)
            shutil.copy(path, folder / name)
        return folder

    def serve_tls(self, version, feed):
        """Which TLS version, or error, the victim and the evil node agree on if that node speaks only `version`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        key, certificate = self.callers["evil"]
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["h2"])
        with socket.create_server(("127.0.0.1", self.evil.port)) as listener:
            listener.settimeout(ATTACK_TIMEOUT_S)
            self.victim.follow(self.evil, feed)
            try:
                connection = listener.accept()[0]
                connection.settimeout(ATTACK_TIMEOUT_S)
                with context.wrap_socket(connection, server_side=True) as tls:
                    return tls.version()
            except ssl.SSLError as error:
                return error.reason
            finally:
                self.victim.cli("feed", "unfollow", EVIL)

    # Callers of the victim's node.

    @classmethod
    def forge(cls, name, *flags):
        return forge(cls.federation, name, *flags)

    @classmethod
    def make_callers(cls):
        """Key and certificate of everyone who calls."""
        def of_client(member, name):
            folder = member.folder / "clients" / name
            return folder / "client.key", folder / "client.crt"

        by_operator = authority_of(cls.operator, "federation-ca")
        return {
            "evil": node_credentials(cls.evil),
            "reader": of_client(cls.victim, "reader"),
            "client-of-evil": of_client(cls.evil, "admin"),
            "unregistered": cls.forge("unregistered", *by_operator, "--identity", node_uri(STRANGER)),
            "other-federation": cls.forge("other-federation", *by_operator, "--identity", node_uri(EVIL, federation="other.example")),
            "client-of-operator": cls.forge("client-of-operator", *by_operator, "--identity", node_uri(VICTIM, "client/admin"),
                                            "--admin"),
            "node-of-client-authority": cls.forge("node-of-client-authority", *authority_of(cls.victim, "client-ca"),
                                                  "--identity", node_uri(BYSTANDER)),
            "self-signed": cls.forge("self-signed", "--identity", node_uri(EVIL)),
            "expired": cls.forge("expired", *by_operator, "--identity", node_uri(EVIL), "--expired"),
            "nobody": (),
        }

    def call(self, caller, method, *flags, member=None):
        return call(self.federation, self.callers[caller], member or self.victim, method, *flags)

    def test_a_node_refuses_each_caller_with_its_own_reason(self):
        names = {"EVIL": EVIL, "VICTIM": VICTIM, "BYSTANDER": BYSTANDER, "STRANGER": STRANGER,
                 "FEEDS_65": " --feed ".join(["public"] * 65)}
        for line in CALLS.strip().splitlines():
            with self.subTest(line):
                caller, method, *flags, reason = line.format(**names).split()
                if method in ("follow", "checkpoint"):
                    flags = ["--feed", *flags]
                self.assertEqual(self.call(caller, method, *flags), reason)

    def test_a_node_renews_a_certificate_for_its_own_holder_alone(self):
        def renew(caller, participant):
            return self.call(caller, "renew", "--identity", node_uri(participant), member=self.operator)

        self.assertEqual(renew("evil", EVIL), "OK")
        self.assertEqual(renew("evil", VICTIM), "CERTIFICATE_REQUEST")
        self.assertEqual(renew("unregistered", STRANGER), "NODE_NOT_REGISTERED")

    def test_a_suspended_member_is_refused_as_reader_and_as_publisher(self):
        feed = "authorities/15"
        self.begin_honestly(feed)
        self.operator.cli("member", "suspend", EVIL)
        try:
            wait_for("the suspension", lambda: self.call("evil", "follow", "--feed", "public") == "MEMBER_SUSPENDED")
            self.assertEqual(self.call("evil", "renew", "--identity", node_uri(EVIL),
                                       member=self.operator), "MEMBER_SUSPENDED")
            # The registry is open to it: how else would it learn that it is active again?
            self.assertEqual(self.call("evil", "follow", "--feed", "registry", member=self.operator), "OK")
            self.meets("honest", "PUBLISHER_SUSPENDED", feed)
        finally:
            self.operator.cli("member", "activate", EVIL)
        wait_for("the activation", lambda: self.call("evil", "follow", "--feed", "public") == "OK")
        self.begin_honestly(feed)

    def test_a_publisher_that_nobody_registered_is_not_called(self):
        self.victim.cli("feed", "follow", STRANGER, "public")
        wait_for("the refusal", lambda: self.follow_of("public", STRANGER).get("last_error_reason") == "NO_ADDRESS")
        self.victim.cli("feed", "unfollow", STRANGER)

    def test_the_handshake_itself_refuses(self):
        for version, caller, outcome, logged in rows(HANDSHAKES, 4):
            with self.subTest(f"TLS {version} {caller}"):
                self.assertEqual(handshake(self.federation, self.callers[caller], self.victim, version), outcome)
                if logged != "-":
                    # Of one reason the first in a minute is told in full, so another caller may have brought it.
                    wait_for(logged, lambda: logged.encode() in self.victim.log_path.read_bytes(), ATTACK_TIMEOUT_S)

    def test_bytes_that_are_no_tls_end_the_connection(self):
        for name, sent in (("plain HTTP", b"GET / HTTP/1.1\r\n\r\n"), ("plain gRPC", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                           ("noise", bytes(range(256)) * 64), ("nothing", b"")):
            with self.subTest(name):
                with socket.create_connection(("127.0.0.1", self.victim.port), timeout=ATTACK_TIMEOUT_S) as connection:
                    connection.sendall(sent)
                    try:
                        while connection.recv(4096):
                            pass
                    except ConnectionError:
                        pass
        self.assertEqual(self.call("evil", "follow", "--feed", "public"), "OK")


if __name__ == "__main__":
    BIN = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
