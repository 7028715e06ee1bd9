#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of members, keys and certificates, as an operator and a member live it: real nodes over mutual TLS."""
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from federation import Federation, items_of, wait_for  # noqa: E402

DATA = ROOT / "deploy" / "demo-data"
OPERATOR = "0188:8000020130001"
MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
BIN = None


class LifecycleTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="meguri-test-")
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.federation = Federation(BIN, self.temporary.name)
        self.addCleanup(self.federation.stop)
        self.operator = self.federation.start_operator(OPERATOR, "運営", "Operator")
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")

    def add_recycler(self):
        return self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role", "recycler:battery",
                                          "--permit", "産廃処分|01320000001|13")

    def entry(self, asker, participant=MAKER):
        return asker.json("member", "show", participant)

    def publish(self, member, name="ev-battery.json"):
        return items_of(member.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def wait_for_entry_file(self, member, text):
        """The folder of a running node holds its registry entry; commands on the folder start from that file."""
        path = member.folder / "registry-entry"
        wait_for(f"{member.name}'s entry file to say {text}",
                 lambda: path.exists() and text.encode() in path.read_bytes())

    # Enrolling

    def test_an_old_request_neither_reactivates_a_suspended_member_nor_replaces_an_entry(self):
        request = str(self.maker.folder / "enrolment-request")
        refused = self.operator.cli("member", "enrol", request, "--out", str(self.folder / "a"), "--yes", check=False)
        self.assertEqual(refused.code, 65)
        self.assertIn("ALREADY_ENROLLED", refused.error)
        self.operator.cli("member", "suspend", MAKER)
        refused = self.operator.cli("member", "enrol", request, "--out", str(self.folder / "a"), "--yes", check=False)
        self.assertEqual(refused.code, 65)
        self.assertIn("MEMBER_SUSPENDED", refused.error)
        self.assertIn("member activate", refused.error)
        self.assertFalse((self.folder / "a").exists())
        # Again, on purpose: a certificate, and still suspended.
        self.operator.cli("member", "enrol", request, "--again", "--out", str(self.folder / "a"), "--yes")
        self.assertEqual(self.entry(self.operator)["status"], "MEMBER_STATUS_SUSPENDED")
        self.maker.run_node_command("join", str(self.folder / "a"))

    # Changing an entry

    def test_a_member_asks_for_a_change_and_the_operator_applies_it_once(self):
        self.wait_for_entry_file(self.maker, "Maker")
        request = self.maker.run_node_command("request-change", "--name-en", "Maker Holdings", "--link-domain",
                                              "id.maker.example").split("\n")[0]
        applied = self.operator.cli("member", "update", request, "--yes")
        self.assertIn("+ NAME", applied.error)
        self.assertIn("Maker Holdings", applied.error)
        self.assertNotIn("ADDRESSES", applied.error)
        wait_for("the change to reach the maker",
                 lambda: self.entry(self.maker)["name"]["en"] == "Maker Holdings")
        again = self.operator.cli("member", "update", request, "--yes", check=False)
        self.assertEqual(again.code, 65)
        self.assertIn("CHANGE_STALE", again.error)
        self.wait_for_entry_file(self.maker, "Maker Holdings")
        second = self.maker.run_node_command("request-change", "--link-domain", "").split("\n")[0]
        self.operator.cli("member", "update", second, "--yes")
        self.assertNotIn("link_domains", self.entry(self.operator))

    def test_the_operator_changes_roles_and_the_new_scope_opens_a_feed(self):
        recycler = self.add_recycler()
        self.publish(self.maker, "washing-machine.json")
        recycler.follow(self.maker, "recyclers/washing-machine")
        wait_for("the refusal outside its group", lambda: any(
            f.get("last_error_reason") == "FEED_NOT_READABLE" for f in recycler.follows()))
        self.operator.cli("member", "update", RECYCLER, "--role", "recycler:battery,washing-machine", "--yes")
        wait_for("the feed of the new group", lambda: recycler.has_size(self.maker, "recyclers/washing-machine", 1))


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
