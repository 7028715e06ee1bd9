#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest outgrows its host and moves to a node of its own, with all that it has; its followers go on."""
import shutil
import subprocess

import move_file
from set_up import DATA, OPERATOR, FederationTest, run
from federation import items_of, wait_for

HOST = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
MILL = "0199:mill"
PERMIT = ("--role", "recycler:battery", "--permit", "産廃処分|01320000001|13")
FEEDS = ("public", "members", "recyclers/battery")


class OwnNodeTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.host = self.federation.add_member("host", HOST, "ホスト", "Host", "--role", "manufacturer")
        self.mill = self.federation.add_guest(self.host, "mill", MILL, "製錬所", "Mill", "--role", "manufacturer")
        self.host.stop()
        self.host.start()
        self.wait_for_registry(self.mill)

    def wait_for_registry(self, member):
        wait_for(f"{member.name} to find itself in the registry", lambda: member.cli(
            "member", "show", member.participant, check=False).code == 0)

    def add_recycler(self):
        return self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", *PERMIT)

    @staticmethod
    def published(answer):
        return items_of(answer)[0]["record_id"]

    def publish(self, member, name="ev-battery.json"):
        return self.published(member.json("record", "publish", str(DATA / name)))

    def listed(self, member, publisher):
        return {v["envelope"]["record_id"] for v in items_of(member.json("record", "list", "--all", "--publisher",
                                                                         publisher.participant))}

    def grant(self, owner, reader):
        """From the offer to the agreement; the ID of the grant."""
        def sees(member, command, key):
            return wait_for(f"{member.name} to see {' '.join(command)}", lambda: member.json(*command).get(key))
        offer = self.published(owner.json("offer", "publish", "--title", "電池の組成", "--group", "battery", "--purpose",
                                          "recycling"))
        sees(reader, ("offer", "list"), "offers")
        reader.json("access", "request", offer)
        waiting = sees(owner, ("access", "requests", "--waiting"), "requests")
        grant = self.published(owner.json("access", "approve", waiting[0]["record_id"]))
        sees(reader, ("access", "grants"), "grants")
        reader.cli("access", "agree", grant, "--yes")
        return grant

    def state_of(self, grant, owner):
        """What the owner sees of a grant, once the reader has agreed."""
        found = next((g for g in owner.json("access", "grants").get("grants", []) if g["record_id"] == grant), None)
        return (found["state"], found["agreed_by"]) if found and found.get("agreed_by") else None

    def refusal(self, member, *arguments):
        completed = subprocess.run(member.node_command(*arguments), capture_output=True, text=True)
        self.assertNotEqual(completed.returncode, 0, completed.stdout)
        return completed.stderr

    def check_whole(self, member):
        member.stop()
        checked = member.run_node_command("fsck").splitlines()
        self.assertTrue(all(line.endswith(": 0 problems") for line in checked), checked)
        member.start()

    def test_a_guest_gets_a_node_of_its_own_and_goes_back_and_its_followers_go_on(self):
        recycler = self.add_recycler()
        before = self.publish(self.mill)
        recycler.follow(self.mill, *FEEDS)
        self.mill.follow(recycler, "public")
        wait_for("the first record", lambda: recycler.has_size(self.mill, "recyclers/battery", 1))
        grant = self.grant(self.mill, recycler)
        agreed = wait_for("the agreement", lambda: self.state_of(grant, self.mill))
        recycler.cli("record", "get", before)
        rows = len(items_of(self.mill.json("audit", "list")))
        self.assertGreater(rows, 0)
        old_client = self.folder / "old-client"
        shutil.copytree(self.mill.client_folder("admin"), old_client)
        exported = self.mill.move_out()
        own, signed = self.mill.move_home(exported, "--record-key", str(self.mill.key_path))
        self.assertIn("NOT_ENROLLED", self.refusal(own, "serve"))
        self.federation.settle(own, signed)
        own.add_client("admin", "admin")
        self.wait_for_registry(own)
        entry = self.operator.json("member", "show", MILL)
        self.assertIn(own.address, str(entry))
        # It has all that it had: records, whom it follows, what it granted, and whom it gave what.
        self.assertEqual(self.listed(own, own) >= {before}, True)
        self.assertIn((RECYCLER, "public"), [(f["publisher"], f["feed"]) for f in own.follows()])
        self.assertEqual(self.state_of(grant, own), agreed)
        self.assertGreaterEqual(len(items_of(own.json("audit", "list"))), rows)
        # Its followers go on from where they were, with what it publishes there.
        later = self.publish(own, "washing-machine.json")
        for feed in FEEDS:
            recycler.wait_until_live(own, feed)
        wait_for("the next record", lambda: later in self.listed(recycler, own))
        self.assertTrue(all(f.get("last_error_reason", "") == "" for f in recycler.follows()), recycler.follows())
        for record in (before, later):
            file = self.folder / f"{record}.meguri"
            recycler.cli("record", "get", record, "--save", str(file))
            verified = recycler.cli("verify", str(file), "--trust-bundle", str(recycler.folder / "trust-bundle"))
            self.assertEqual(verified.code, 0)
        # The former host serves it no more, and says where it went.
        refused = subprocess.run([str(self.federation.bin / "meguri"), "--home", str(old_client), "--lang", "en", "node",
                                  "status"], capture_output=True, text=True)
        self.assertNotEqual(refused.returncode, 0)
        self.host.stop()
        self.host.run_node_command("host", "remove", MILL)
        self.check_whole(own)
        # And back, to the host that it came from.
        back = self.folder / "back.move"
        own.stop()
        own.run_node_command("host", "export", MILL, "--out", str(back))
        change = self.mill.move_in(self.host, back)
        self.operator.cli("member", "update", str(change), "--yes")
        self.wait_for_registry(self.mill)
        last = wait_for("the host to take what it publishes", lambda: (
            a := self.mill.cli("-o", "json", "record", "publish", str(DATA / "washing-machine.json"),
                               check=False)).code == 0 and self.published(a.json()))
        wait_for("the last record", lambda: last in self.listed(recycler, self.mill))
        self.check_whole(self.host)

    def test_the_record_key_may_stay_with_the_client(self):
        exported = self.mill.move_out()
        own, signed = self.mill.move_home(exported)
        self.assertFalse((own.folder / "keys" / "record.key").exists())
        self.federation.settle(own, signed)
        own.add_client("admin", "admin")
        shutil.copy(self.mill.key_path, own.client_folder("admin") / "record.key")
        self.wait_for_registry(own)
        self.publish(own)

    def test_what_does_not_fit_is_refused_and_leaves_nothing(self):
        self.publish(self.mill)
        exported = self.mill.move_out()
        bundle = ("--trust-bundle", str(self.operator.folder / "trust-bundle"))
        # Into the folder of another member's node.
        self.assertIn("FOLDER_IN_USE", self.refusal(self.host, "init", "--from", str(exported), *bundle))
        own, signed = self.mill.move_home(exported)
        # Into the node of the member itself, once more or as a guest of itself.
        self.assertIn("FOLDER_IN_USE", self.refusal(own, "init", "--from", str(exported), *bundle))
        self.assertIn("init --from", self.refusal(own, "host", "import", str(exported)))
        self.assertEqual((own.folder / "hosted").exists(), False)
        # What is no part of it.
        other = self.folder / "elsewhere"

        def refused(file, *flags, reason):
            error = self.refusal_at(other, "init", "--from", str(file), *flags)
            self.assertIn(reason, error)
            self.assertFalse(other.exists())
        refused(exported, reason="--trust-bundle")
        refused(exported, *bundle, "--listen", "0.0.0.0:7443", reason="--address")
        refused(exported, *bundle, "--node-name", "No Name", reason="node")
        refused(exported, *bundle, "--name-en", "Mill", reason="excludes")
        refused(exported, *bundle, "--record-key", str(self.host.folder / "keys" / "record.key"), reason="KEY_NOT_NAMED")
        foreign = self.folder / "foreign"
        subprocess.run([str(self.federation.bin / "meguri-node"), "--data", str(foreign), "init", "--operator",
                        "--federation", "other.example", "--participant", OPERATOR, "--name-ja", "他", "--name-en", "Other",
                        "--kind", "related-body"], check=True, capture_output=True)
        refused(exported, "--trust-bundle", str(foreign / "trust-bundle"), reason="MOVE_OTHER_FEDERATION")
        changed = self.folder / "changed.move"
        content = exported.read_bytes()
        changed.write_bytes(content[:-40])
        refused(changed, *bundle, reason="MOVE_FILE")

        def without_registry(family, key, value):
            return value[:-1] + bytes([value[-1] ^ 1]) if family == move_file.LOOKUPS and key[:1] == b"e" else None
        changed.write_bytes(move_file.change_entries(content, without_registry)[0])
        refused(changed, *bundle, reason="MOVE_DAMAGED")

        def is_record(family, key):
            return family == move_file.RECORDS and len(key) == 9 and key[8] == 0

        def resigned(family, key, value):  # another last byte in the signature under each header, the registry's too
            return value[:1] + move_file.write([(n, v[:-1] + bytes([v[-1] ^ 1]) if n == 2 else v)
                                                for n, v in move_file.parse(value[1:])]) if is_record(family, key) else None
        changed.write_bytes(move_file.change_entries(content, resigned)[0])
        refused(changed, *bundle, reason="MOVE_REGISTRY")
        # The member's entry has changed since its host last saw it: its new node would undo that.
        self.operator.cli("member", "update", MILL, "--name-en", "Old mill", "--yes")
        stale = self.operator.cli("member", "update", str(signed), "--out", str(self.folder / "no"), "--yes", check=False)
        self.assertIn("CHANGE_STALE", stale.error)
        self.assertFalse((self.folder / "no").exists())

    def refusal_at(self, folder, *arguments):
        completed = subprocess.run([str(self.federation.bin / "meguri-node"), "--data", str(folder), *arguments],
                                   capture_output=True, text=True)
        self.assertNotEqual(completed.returncode, 0, completed.stdout)
        return completed.stderr


if __name__ == "__main__":
    run()
