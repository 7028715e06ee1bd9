#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest moves from one host to another, with its records, feeds and history; its followers go on."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy"), str(pathlib.Path(__file__).parent)]
import move_file  # noqa: E402
from federation import Federation, items_of, wait_for  # noqa: E402

DATA = ROOT / "deploy" / "demo-data"
VERIFIER = ROOT / "tests" / "vectors" / "verify.py"
OPERATOR = "0188:8000020130001"
HOST = "0188:7123456789012"
OTHER = "0188:2000012090003"
RECYCLER = "0188:4000012090001"
MILL = "0199:mill"
WORKSHOP = "0199:workshop.1"
PERMIT = ("--role", "recycler:battery", "--permit", "産廃処分|01320000001|13")
BIN = None


class MovingTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="meguri-moving-")
        self.addCleanup(temporary.cleanup)
        self.federation = Federation(BIN, temporary.name)
        self.addCleanup(self.federation.stop)
        self.operator = self.federation.start_operator(OPERATOR, "運営", "Operator")
        self.host = self.federation.add_member("host", HOST, "ホスト", "Host", "--role", "manufacturer")
        self.other = self.federation.add_member("other", OTHER, "別ホスト", "Other host", "--role", "manufacturer")
        self.mill = self.federation.add_guest(self.host, "mill", MILL, "製錬所", "Mill", "--role", "manufacturer")
        self.workshop = self.federation.add_guest(self.host, "workshop", WORKSHOP, "工房", "Workshop", *PERMIT)
        self.host.stop()
        self.host.start()
        for member in (self.host, self.mill, self.workshop):
            self.wait_for_registry(member)
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", *PERMIT)

    def wait_for_registry(self, member):
        wait_for(f"{member.name} to find itself in the registry", lambda: member.cli(
            "member", "show", member.participant, check=False).code == 0)

    def publish(self, member, name="ev-battery.json"):
        return items_of(member.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def listed(self, member, publisher):
        return {v["envelope"]["record_id"] for v in items_of(member.json("record", "list", "--all", "--publisher",
                                                                         publisher.participant))}

    def follow_of(self, follower, publisher, feed="public"):
        return next(f for f in follower.follows() if (f["publisher"], f["feed"]) == (publisher.participant, feed))

    def move(self, exported):
        """Moves the mill to the other host with what was exported, as far as the registry."""
        self.wait_until_known(self.other)
        signed = self.mill.move_in(self.other, exported)
        self.operator.cli("member", "update", str(signed), "--yes")
        self.wait_for_registry(self.mill)

    def wait_until_known(self, host):
        wait_for(f"{host.name} to know the mill", lambda: host.cli("member", "show", MILL, check=False).code == 0)

    def bytes_of(self, member, record):
        file = self.federation.folder / f"{member.name}-{record}-{len(list(self.federation.folder.iterdir()))}.meguri"
        member.cli("record", "get", record, "--save", str(file))
        return file

    def verify(self, file):
        return self.recycler.cli("verify", str(file), "--trust-bundle", str(self.recycler.folder / "trust-bundle"),
                                 check=False)

    def test_a_member_moves_and_its_followers_go_on(self):
        before = self.publish(self.mill)
        feeds = ("public", "members", "recyclers/battery")
        self.recycler.follow(self.mill, *feeds)
        self.workshop.follow(self.mill, *feeds)
        for follower in (self.recycler, self.workshop):
            for feed in ("public", "recyclers/battery"):
                wait_for("the first record", lambda: follower.has_size(self.mill, feed, 1))
        self.mill.follow(self.recycler, "public")
        old_file = self.bytes_of(self.mill, before)
        self.assertEqual(self.verify(old_file).code, 0)
        # One follower is away while the member moves.
        self.recycler.stop()
        exported = self.mill.move_out()
        self.assertEqual(exported.stat().st_mode & 0o777, 0o600)
        self.assertIn("exported", self.host.run_node_command("host", "list"))
        wait_for("the move to be told", lambda: self.follow_of(self.workshop, self.mill).get(
            "last_error_reason") in ("MEMBER_MOVING", "MEMBER_MOVED"))
        self.move(exported)
        later = self.publish(self.mill, "washing-machine.json")
        self.recycler.start()
        for follower in (self.recycler, self.workshop):
            for feed, size in (("public", 2), ("recyclers/battery", 1)):
                follower.wait_until_live(self.mill, feed)
                wait_for("the next record", lambda: follower.has_size(self.mill, feed, size))
            self.assertEqual(self.listed(follower, self.mill), {before, later})
            for feed in feeds:
                self.assertEqual(self.follow_of(follower, self.mill, feed).get("last_error_reason", ""), "")
        # It follows whom it followed, has its history, and all of it verifies, the file from before the move too.
        self.assertEqual(self.follow_of(self.mill, self.recycler)["feed"], "public")
        self.assertEqual(self.listed(self.mill, self.mill), {before, later})
        for file in (old_file, self.bytes_of(self.mill, before), self.bytes_of(self.recycler, later)):
            self.assertEqual(self.verify(file).code, 0, self.verify(file).error)
            # A verifier that shares no code with ours says the same.
            other = subprocess.run([sys.executable, str(VERIFIER), "record", str(file), "--trust-bundle",
                                    str(self.recycler.folder / "trust-bundle")], capture_output=True, text=True)
            self.assertEqual(other.returncode, 0, other.stderr)
        # A new follower reads what two hosts have signed as one feed.
        self.host.follow(self.mill, "public")
        wait_for("a newcomer to have it all", lambda: self.host.has_size(self.mill, "public", 2))
        self.other.stop()
        checked = self.other.run_node_command("fsck").splitlines()
        self.assertTrue(all(line.endswith(": 0 problems") for line in checked), checked)
        self.host.stop()
        self.host.run_node_command("host", "remove", MILL)
        self.assertFalse((self.host.folder / "hosted" / "0199-mill").exists())

    def test_what_it_commits_of_its_narrower_feeds_goes_on_at_the_new_host(self):
        self.enterContext(unittest.mock.patch.dict(os.environ, {"MEGURI_HEADS_SECONDS": "1"}))
        self.host.stop()
        self.host.start()
        self.publish(self.mill)
        self.recycler.follow(self.mill, "recyclers/battery")
        wait_for("the first record", lambda: self.recycler.has_size(self.mill, "recyclers/battery", 1))
        wait_for("what is committed of it", lambda: self.recycler.has_size(self.mill, "heads", 2))
        exported = self.mill.move_out()
        committed = int(self.follow_of(self.recycler, self.mill, "heads")["size"])
        self.move(exported)
        self.publish(self.mill)
        wait_for("the next record", lambda: self.recycler.has_size(self.mill, "recyclers/battery", 2))
        wait_for("the new host to commit more", lambda: self.recycler.has_size(self.mill, "heads", committed + 3))
        for feed in ("recyclers/battery", "heads"):
            row = self.follow_of(self.recycler, self.mill, feed)
            self.assertEqual((row["state"], row.get("last_error_reason", "")), ("FOLLOW_STATE_LIVE", ""), feed)
        self.other.stop()
        checked = self.other.run_node_command("fsck").splitlines()
        self.assertTrue(all(line.endswith(": 0 problems") for line in checked), checked)

    def test_the_former_host_can_add_nothing(self):
        self.publish(self.mill)
        self.recycler.follow(self.mill, "public")
        wait_for("the record", lambda: self.recycler.has_size(self.mill, "public", 1))
        old_client = self.federation.folder / "old-client"
        shutil.copytree(self.mill.client_folder("admin"), old_client)
        exported = self.mill.move_out()
        # It forgets that the member was exported, and serves on.
        self.host.stop()
        self.host.run_node_command("host", "resume", MILL)
        self.move(exported)
        self.host.start()
        call = [str(self.federation.bin / "meguri"), "--home", str(old_client), "--lang", "en"]
        wait_for("the former host to learn of the move", lambda: "MEMBER_MOVED" in subprocess.run(
            [*call, "node", "status"], capture_output=True, text=True).stderr)
        refused = subprocess.run([*call, "record", "publish", str(DATA / "washing-machine.json")], capture_output=True,
                                 text=True)
        self.assertIn("MEMBER_MOVED", refused.stderr)
        self.assertIn(self.other.address, refused.stderr)
        later = self.publish(self.mill, "washing-machine.json")
        wait_for("what the new host adds", lambda: self.recycler.has_size(self.mill, "public", 2))
        self.assertIn(later, self.listed(self.recycler, self.mill))

    def test_a_move_with_an_old_copy_contradicts_what_followers_have(self):
        self.publish(self.mill)
        old_copy = self.mill.move_out()
        self.host.stop()
        self.host.run_node_command("host", "resume", MILL)
        self.host.start()
        self.wait_for_registry(self.mill)
        kept_back = self.publish(self.mill, "washing-machine.json")
        self.recycler.follow(self.mill, "public")
        wait_for("both records", lambda: self.recycler.has_size(self.mill, "public", 2))
        self.move(old_copy)
        follow = wait_for("the contradiction", lambda: next(
            (f for f in self.recycler.follows() if f.get("last_error_reason") == "MOVE_CONTRADICTED"), None))
        self.assertTrue(follow["state"].upper().endswith("QUARANTINED"), follow)
        self.assertIn("former host had signed 2", follow["last_error"])
        evidence = self.recycler.json("feed", "evidence", MILL, "public")
        self.assertEqual([note.split("\n")[1] for note in evidence["checkpoints"]], ["2", "1"])
        # Nothing that was read is lost with it.
        self.assertIn(kept_back, self.listed(self.recycler, self.mill))

    def test_a_member_gives_up_its_own_node_and_becomes_a_guest(self):
        batch = self.publish(self.recycler)
        self.workshop.follow(self.recycler, "public", "members")
        wait_for("the record", lambda: self.workshop.has_size(self.recycler, "public", 1))
        wait_for("the other host to know it", lambda: self.other.cli("member", "show", RECYCLER, check=False).code == 0)
        key = self.federation.folder / "kept.key"
        shutil.copy(self.recycler.folder / "keys" / "record.key", key)
        # A host with guests stays, for their sake.
        self.host.stop()
        refused = subprocess.run(self.host.node_command("host", "export", HOST, "--out", str(key) + ".no"),
                                 capture_output=True, text=True)
        self.assertIn("HOSTS_OTHERS", refused.stderr)
        self.host.start()
        exported = self.federation.folder / "recycler.move"
        self.recycler.stop()
        self.recycler.run_node_command("host", "export", RECYCLER, "--out", str(exported))
        refused = subprocess.run(self.recycler.node_command("serve"), capture_output=True, text=True)
        self.assertIn("MEMBER_EXPORTED", refused.stderr)
        self.other.stop()
        self.other.run_node_command("host", "import", str(exported))
        self.other.start()
        signed = self.federation.folder / "signed"
        request = self.other.folder / "hosted" / RECYCLER.replace(":", "-", 1) / "move-request"
        self.operator.cli("member", "sign", str(request), "--record-key", str(key), "--out", str(signed), "--yes")
        self.operator.cli("member", "update", str(signed), "--yes")
        home = pathlib.Path(self.other.run_node_command("client", "add", "admin", "--role", "admin", "--member", RECYCLER))
        shutil.copy(key, home / "record.key")
        call = [str(self.federation.bin / "meguri"), "--home", str(home), "--lang", "en", "record"]
        wait_for("the guest to publish at its host", lambda: subprocess.run(
            [*call, "publish", str(DATA / "washing-machine.json")], capture_output=True).returncode == 0)
        wait_for("the next record", lambda: self.workshop.has_size(self.recycler, "public", 2))
        self.assertIn(batch, self.listed(self.workshop, self.recycler))

    def forged(self, content):
        """Files that are whole in themselves, and why nobody takes them in."""
        def changed(at, flips):
            made, count = move_file.change_entries(content, lambda *entry: flips(entry[2]) if at(*entry[:2]) else None)
            self.assertGreater(count, 0)
            return made

        def is_record(family, key):
            return family == move_file.RECORDS and len(key) == 9 and key[8] == 0

        def flip_signature(value):  # the last byte of the signature under a header
            return value[:1] + move_file.write([(n, v[:-1] + bytes([v[-1] ^ 1]) if n == 2 else v)
                                                for n, v in move_file.parse(value[1:])])
        yield "MOVE_RECORD", changed(is_record, flip_signature)
        yield "MOVE_DAMAGED", changed(lambda family, key: family == move_file.RECORDS and key[8:9] != b"\x00",
                                      lambda value: value[:-1] + bytes([value[-1] ^ 1]))
        yield "MOVE_DAMAGED", changed(lambda family, key: family == move_file.LOOKUPS and key[:1] == b"e",
                                      lambda value: value[:-1] + bytes([value[-1] ^ 1]))
        # Another head than its feed has, and a feed of which there is no head.
        frames = move_file.frames_of(content)

        def with_feeds(change):
            return move_file.file_of([(field, change(fields) if field == move_file.FEEDS else fields)
                                      for field, fields in frames])
        yield "MOVE_FEED", with_feeds(lambda feeds: [
            (n, move_file.write([(m, v.replace(b"\n1\n", b"\n2\n") if m == 3 else v) for m, v in move_file.parse(feed)]))
            for n, feed in feeds])
        yield "MOVE_FEED", with_feeds(lambda feeds: feeds[1:])
        # A head of the registry that the operator has not signed.
        yield "MOVE_COPY", changed(lambda family, key: family == move_file.LOOKUPS and key[:1] == b"d",
                                   lambda value: value.replace(b"/registry\n", b"/Registry\n"))
        # What is no part of a member's store, and another member.
        first = next(fields for field, fields in frames if field == move_file.ENTRIES)
        forged = [(n, move_file.write([(1, 1), (2, b"m/format"), (3, b"\x00x")]) if entry is first[0][1] else entry)
                  for n, entry in first]
        yield "MOVE_FILE", move_file.file_of([(field, forged if fields is first else fields)
                                              for field, fields in frames])
        yield "MOVE_OTHER_FEDERATION", move_file.file_of(
            [(field, [(n, b"other.example" if n == 2 else v) for n, v in fields] if field == move_file.HEADER else fields)
             for field, fields in frames])
        yield "MOVE_NOT_MEMBER", move_file.file_of(
            [(field, [(n, b"0199:nobody" if n == 3 else v) for n, v in fields] if field == move_file.HEADER else fields)
             for field, fields in frames])
        yield "MOVE_RECORD", move_file.file_of(
            [(field, [(n, WORKSHOP.encode() if n == 3 else v) for n, v in fields] if field == move_file.HEADER else fields)
             for field, fields in frames])

    def test_what_is_damaged_or_another_members_is_not_taken_in(self):
        self.publish(self.mill)
        exported = self.mill.move_out()
        self.wait_until_known(self.other)
        self.other.stop()
        changed = self.federation.folder / "changed.move"
        content = exported.read_bytes()
        for position in range(20, len(content), len(content) // 4):
            changed.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1:])
            refused = subprocess.run(self.other.node_command("host", "import", str(changed)), capture_output=True,
                                     text=True)
            self.assertEqual(refused.returncode, 65, refused.stderr)
        changed.write_bytes(content[:-40])
        refused = subprocess.run(self.other.node_command("host", "import", str(changed)), capture_output=True, text=True)
        self.assertIn("MOVE_FILE", refused.stderr)
        self.assertFalse(list((self.other.folder / "hosted").iterdir()))
        for reason, content in self.forged(exported.read_bytes()):
            changed.write_bytes(content)
            refused = subprocess.run(self.other.node_command("host", "import", str(changed)), capture_output=True,
                                     text=True)
            self.assertIn(f"({reason})", refused.stderr)
        self.assertFalse(list((self.other.folder / "hosted").iterdir()))
        # A copy of the member's folder does as well, at whichever node it is exported.
        backup = self.other.folder / "hosted" / "0199-mill"
        shutil.copytree(self.mill.folder_at_host, backup)
        (backup / "exported").unlink()
        again = self.federation.folder / "again.move"
        self.other.run_node_command("host", "export", MILL, "--out", str(again))
        shutil.rmtree(backup)
        self.other.run_node_command("host", "import", str(again))
        # The workshop cannot sign for the mill.
        request = self.other.folder / "hosted" / "0199-mill" / "move-request"
        command = [str(self.federation.bin / "meguri"), "--lang", "en", "member", "sign", str(request), "--record-key",
                   str(self.workshop.key_path), "--out", str(self.federation.folder / "no"), "--yes"]
        refused = subprocess.run(command, capture_output=True, text=True)
        self.assertIn("KEY_NOT_NAMED", refused.stderr)
        again = subprocess.run(self.other.node_command("host", "import", str(exported)), capture_output=True, text=True)
        self.assertIn("HOSTED_ALREADY", again.stderr)


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
