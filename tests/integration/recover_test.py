#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest whose host is gone goes on elsewhere, with what its followers have of it."""
import os
import shutil
import subprocess
import unittest.mock

import move_file
from set_up import DATA, FederationTest, run
from federation import items_of, wait_for

HOST = "0188:7123456789012"
OTHER = "0188:2000012090003"
RECYCLER = "0188:4000012090001"
MILL = "0199:mill"
PERMIT = ("--role", "recycler:battery", "--permit", "産廃処分|01320000001|13")
FEEDS = ("public", "members", "recyclers/battery")


class RecoverTest(FederationTest):
    def setUp(self):
        self.enterContext(unittest.mock.patch.dict(os.environ, {"MEGURI_HEADS_SECONDS": "1"}))
        super().setUp()
        self.host = self.federation.add_member("host", HOST, "ホスト", "Host", "--role", "manufacturer")
        self.other = self.federation.add_member("other", OTHER, "別ホスト", "Other host", "--role", "manufacturer")
        self.mill = self.federation.add_guest(self.host, "mill", MILL, "製錬所", "Mill", "--role", "manufacturer")
        self.host.stop()
        self.host.start()
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", *PERMIT)
        for member in (self.mill, self.other):
            wait_for(f"{member.name} to know the mill", lambda: member.cli("member", "show", MILL, check=False).code == 0)

    def publish(self, member, name="ev-battery.json"):
        return items_of(member.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def listed(self, member, publisher):
        return {v["envelope"]["record_id"] for v in items_of(member.json("record", "list", "--all", "--publisher",
                                                                         publisher.participant))}

    def follow_of(self, follower, feed):
        return next(f for f in follower.follows() if (f["publisher"], f["feed"]) == (MILL, feed))

    def follow_mill(self, follower, feeds, record_feed):
        follower.follow(self.mill, *feeds)
        wait_for("the first record", lambda: follower.has_size(self.mill, record_feed, 1))

    def burn_down(self):
        """Nothing of the host is left."""
        self.host.stop()
        shutil.rmtree(self.host.folder)

    def wait_until_settled(self, member):
        wait_for(f"{member.name} to be served", lambda: member.cli("node", "status", check=False).code == 0)

    def check_whole(self, member):
        member.stop()
        checked = member.run_node_command("fsck").splitlines()
        self.assertTrue(all(line.endswith(": 0 problems") for line in checked), checked)
        member.start()

    def refusal(self, member, *arguments):
        completed = subprocess.run(member.node_command(*arguments), capture_output=True, text=True)
        self.assertNotEqual(completed.returncode, 0, completed.stdout)
        return completed.stderr

    def test_a_guest_goes_on_at_another_host_with_what_its_followers_have(self):
        before = self.publish(self.mill)
        ended = self.publish(self.mill)
        self.follow_mill(self.recycler, FEEDS, "recyclers/battery")
        for feed in ("public", "recyclers/battery"):
            wait_for("both records", lambda: self.recycler.has_size(self.mill, feed, 2))
        wait_for("what is committed", lambda: self.recycler.has_size(self.mill, "heads", 2))
        old_file = self.folder / "old.meguri"
        self.recycler.cli("record", "get", before, "--save", str(old_file))
        self.burn_down()
        copy = self.recycler.give_back(self.mill)
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        signed, told = self.mill.recover_in(self.other, copy)
        self.assertIn("recyclers/battery", told)
        self.assertIn(RECYCLER, told)
        self.operator.cli("member", "update", str(signed), "--yes")
        self.wait_until_settled(self.mill)
        # The member has its records again, with the sections that anybody had.
        wait_for("the records", lambda: self.listed(self.mill, self.mill) == {before, ended})
        explained = self.mill.json("access", "explain", before, "--reader", RECYCLER)
        allowed = {s["section_type"] for s in explained["sections"] if s.get("allowed")}
        self.assertIn("dismantling", allowed, explained)
        # Followers go on where they were, in narrower feeds too, and what is said of old records reaches them.
        later = self.publish(self.mill)
        self.mill.cli("record", "withdraw", ended, "--yes")
        for feed, size in (("public", 4), ("recyclers/battery", 4)):
            wait_for(f"what is new in {feed}", lambda: self.recycler.has_size(self.mill, feed, size))
            self.assertEqual(self.follow_of(self.recycler, feed).get("last_error_reason", ""), "", feed)
        self.assertEqual(self.listed(self.recycler, self.mill), {before, later})
        committed = int(self.follow_of(self.recycler, "heads")["size"])
        wait_for("the new host to commit more", lambda: self.recycler.has_size(self.mill, "heads", committed + 2))
        self.assertEqual(self.follow_of(self.recycler, "heads").get("last_error_reason", ""), "")
        for file in (old_file, self.folder / "new.meguri"):
            if not file.exists():
                self.recycler.cli("record", "get", later, "--save", str(file))
            self.recycler.cli("verify", str(file), "--trust-bundle", str(self.recycler.folder / "trust-bundle"))
        # Who comes new reads what two hosts have signed as one feed.
        self.operator.follow(self.mill, "public")
        wait_for("a newcomer to have it all", lambda: self.operator.has_size(self.mill, "public", 4))
        self.check_whole(self.other)

    def test_it_gets_a_node_of_its_own_from_several_copies(self):
        before = self.publish(self.mill)
        self.follow_mill(self.other, ("public",), "public")
        self.follow_mill(self.recycler, ("recyclers/battery",), "recyclers/battery")
        self.burn_down()
        copies = [member.give_back(self.mill) for member in (self.other, self.recycler)]
        own, signed, told = self.mill.recover_home(*copies)
        self.assertIn("public", told)
        self.federation.settle(own, signed)
        own.add_client("admin", "admin")
        shutil.copy(self.mill.key_path, own.client_folder("admin") / "record.key")
        self.wait_until_settled(own)
        self.assertEqual(self.listed(own, own), {before})
        later = self.publish(own)
        for follower, feed in ((self.other, "public"), (self.recycler, "recyclers/battery")):
            wait_for("what is new", lambda: follower.has_size(own, feed, 2))
            wait_for("the record", lambda: later in self.listed(follower, own))
        self.check_whole(own)

    def test_a_follower_whose_copy_was_not_asked_for_shows_the_contradiction(self):
        self.publish(self.mill)
        self.follow_mill(self.other, ("public",), "public")
        self.other.cli("feed", "unfollow", MILL, "public")
        more = self.publish(self.mill)
        self.follow_mill(self.recycler, ("public",), "public")
        wait_for("both records", lambda: self.recycler.has_size(self.mill, "public", 2))
        self.burn_down()
        signed, told = self.mill.recover_in(self.other)
        self.assertIn("takes\nnothing more of that feed", told)
        self.operator.cli("member", "update", str(signed), "--yes")
        follow = wait_for("the contradiction", lambda: next(
            (f for f in self.recycler.follows() if f.get("last_error_reason") == "MOVE_CONTRADICTED"), None))
        self.assertTrue(follow["state"].upper().endswith("QUARANTINED"), follow)
        self.assertIn(more, self.listed(self.recycler, self.mill))

    def test_what_is_no_copy_of_it_is_refused_and_leaves_nothing(self):
        self.publish(self.mill)
        self.follow_mill(self.recycler, FEEDS, "recyclers/battery")
        self.burn_down()
        copy = self.recycler.give_back(self.mill)
        self.recycler.stop()
        self.assertIn("NO_COPY", self.refusal(self.recycler, "give-back", OTHER, "--out", str(self.folder / "no")))
        self.recycler.start()
        self.other.stop()

        def refused(*arguments, reason):
            self.assertIn(reason, self.refusal(self.other, "host", *arguments))
            hosted = self.other.folder / "hosted"
            self.assertFalse(hosted.exists() and list(hosted.iterdir()))
        refused("recover", MILL, reason="NO_COPY")
        refused("import", str(copy), reason="host recover")
        refused("recover", "0199:nobody", "--copy", str(copy), reason="MOVE_NOT_MEMBER")
        refused("recover", RECYCLER, "--copy", str(copy), reason="COPY_FILE")
        changed = self.folder / "changed.copy"
        content = copy.read_bytes()
        changed.write_bytes(content[:-40])
        refused("recover", MILL, "--copy", str(changed), reason="MOVE_FILE")
        for position in range(20, len(content), len(content) // 4):
            changed.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1:])
            refused("recover", MILL, "--copy", str(changed), reason="meguri-node: ")
        # Whole in itself, and not what the mill has signed.
        frames = move_file.raw_frames_of(content)
        for mark, other, reason in ((b"Meguri Cell", b"Meguri Sell", "SECTION_DIGEST"),
                                    (b"/public\n1\n", b"/public\n2\n", "CHECKPOINT_SIGNATURE")):
            forged = [frame.replace(mark, other) for frame in frames]
            self.assertNotEqual(forged, frames)
            changed.write_bytes(move_file.file_of_raw(forged))
            refused("recover", MILL, "--copy", str(changed), reason=reason)


if __name__ == "__main__":
    run()
