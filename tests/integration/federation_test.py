#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real nodes over mutual TLS on loopback: what two or three of them must do together. Each test has its own federation."""
import hashlib
import json
import shutil
import signal
import subprocess

from set_up import DATA, OPERATOR, FederationTest, run
from federation import items_of, wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"


class FederationTest(FederationTest):
    def setUp(self):
        super().setUp()

    def add_maker(self):
        return self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer", "--gs1-prefix",
                                          "4912345")

    def add_recycler(self):
        return self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role", "recycler:battery",
                                          "--permit", "産廃処分|01320000001|13")

    def publish(self, member, name):
        return items_of(member.json("record", "publish", str(DATA / name)))[0]["record_id"]

    def listed(self, member, *filter_text):
        arguments = ["--filter", *filter_text] if filter_text else []
        return {v["envelope"]["record_id"] for v in items_of(member.json("record", "list", "--all", *arguments))}

    def test_a_record_survives_kill_9_and_a_restart(self):
        maker = self.add_maker()
        record = self.publish(maker, "ev-battery.json")
        maker.stop(signal.SIGKILL)
        maker.start()
        self.assertEqual(self.listed(maker), {record})
        maker.stop()
        self.assertIn(" 0 problems", maker.run_node_command("fsck"))

    def test_a_follower_goes_on_where_it_was_after_kill_9_of_either_end(self):
        maker = self.add_maker()
        recycler = self.add_recycler()
        recycler.follow(maker, "public", "recyclers/battery")
        first = self.publish(maker, "ev-battery.json")
        wait_for("the first record", lambda: recycler.has_size(maker, "public", 1))
        recycler.stop(signal.SIGKILL)
        second = self.publish(maker, "washing-machine.json")
        recycler.start()
        wait_for("the second record", lambda: recycler.has_size(maker, "public", 2))
        maker.stop(signal.SIGKILL)
        maker.start()
        third = self.publish(maker, "ev-battery.json")
        wait_for("the third record", lambda: recycler.has_size(maker, "public", 3))
        self.assertEqual(self.listed(recycler), {first, second, third})
        for member in (maker, recycler):
            member.stop()
            self.assertIn(" 0 problems", member.run_node_command("fsck"))

    def test_nothing_of_a_hidden_section_shows_to_a_reader_without_the_right(self):
        maker = self.add_maker()
        recycler = self.add_recycler()
        washer = self.publish(maker, "washing-machine.json")
        battery = self.publish(maker, "ev-battery.json")
        recycler.follow(maker, "public", "recyclers/battery", "recyclers/washing-machine")
        wait_for("the refusal of the feed outside its group", lambda: any(
            f.get("last_error_reason") == "FEED_NOT_READABLE" for f in recycler.follows()))
        wait_for("both records", lambda: recycler.has_size(maker, "public", 2))
        wait_for("the battery's feed", lambda: recycler.has_size(maker, "recyclers/battery", 1))
        # The refused feed stays refused, and does not hold up the others: they are live beside it.
        states = {f["feed"]: f["state"] for f in recycler.follows()}
        self.assertEqual(states["recyclers/washing-machine"], "FOLLOW_STATE_WAITING")
        wait_for("the others, and what commits them", lambda: sum(
            f["state"] == "FOLLOW_STATE_LIVE" for f in recycler.follows()) == 4)
        # The publisher signs at once that this is all, and again every hour.
        wait_for("its publisher's word", lambda: all(
            int(f.get("heard_ms", 0)) > 0 and not f.get("is_overdue") for f in recycler.follows()
            if f["feed"] != "registry" and f["state"] == "FOLLOW_STATE_LIVE"))
        view = recycler.json("record", "get", washer)
        self.assertEqual(set(view["envelope"]["sections"]), {"identity", "recycled_content"})
        battery_view = recycler.json("record", "get", battery)
        self.assertIn("dismantling", battery_view["envelope"]["sections"])
        self.assertNotIn("owner_note", battery_view["envelope"]["sections"])
        # Pages of one: the hidden record neither fills a page nor leaves an empty one.
        first = recycler.json("record", "list", "--page-size", "1", "--filter", 'product_group = "battery"')
        self.assertEqual(len(first["records"]), 1)
        self.assertFalse(first.get("next_page_token"))

    def test_an_update_and_a_withdrawal_reach_the_follower(self):
        maker = self.add_maker()
        recycler = self.add_recycler()
        recycler.follow(maker, "public", "recyclers/battery")
        record = self.publish(maker, "ev-battery.json")
        maker.cli("record", "update", record, str(DATA / "ev-battery.json"))
        wait_for("version 2", lambda: recycler.has_size(maker, "public", 2))
        self.assertEqual(len(items_of(recycler.json("record", "history", record))), 2)
        maker.cli("record", "withdraw", record)
        wait_for("the withdrawal", lambda: recycler.has_size(maker, "public", 3))
        self.assertEqual(self.listed(recycler), set())
        again = maker.cli("record", "update", record, str(DATA / "ev-battery.json"), check=False)
        self.assertNotEqual(again.code, 0)
        # The end enters every feed that the versions before it entered, and the maker is told so.
        told = maker.json("access", "explain", record, "--reader", RECYCLER)
        self.assertEqual((told["ended"], told["sections"], told["feeds"]), (True, [], ["public", "recyclers/battery"]))
        before = maker.json("access", "explain", record, "--reader", RECYCLER, "--version", "2")
        self.assertEqual(before["feeds"], told["feeds"])
        allowed = {row["section_type"]: row["allowed"] for row in before["sections"]}
        self.assertEqual((allowed["dismantling"], allowed["owner_note"]), (True, False))
        lines = maker.cli("-o", "jsonl", "access", "explain", record, "--reader", "0188:4011001098993",
                          "--version", "2").text.splitlines()
        self.assertEqual([json.loads(line)["feeds"] for line in lines], [["public"]])
        self.assertIn("names no such member", lines[0])

    def test_only_its_publisher_ends_a_record_and_in_favour_of_one_that_is_there(self):
        maker = self.add_maker()
        recycler = self.add_recycler()
        recycler.follow(maker, "public")
        record = self.publish(maker, "ev-battery.json")
        wait_for("the record", lambda: recycler.has_size(maker, "public", 1))
        refused = recycler.cli("record", "withdraw", record, check=False)
        self.assertEqual(refused.code, 77)
        self.assertIn(f"published by {MAKER}", refused.error)
        unknown = maker.cli("record", "withdraw", record, "--superseded-by", "deadbeef" * 4, check=False)
        self.assertEqual(unknown.code, 65)
        self.assertIn("SUCCESSOR_UNKNOWN", unknown.error)
        forced = maker.cli("record", "withdraw", record, "--superseded-by", "deadbeef" * 4, "--force")
        self.assertIn("a record that is known at this node", forced.error)
        successor = self.publish(maker, "washing-machine.json")
        other = self.publish(maker, "ev-battery.json")
        ended = maker.cli("record", "withdraw", other, "--superseded-by", successor)
        self.assertNotIn("known at this node", ended.error)

    def test_a_refused_batch_changes_nothing_and_can_be_sent_again(self):
        maker = self.add_maker()
        refused = maker.cli("record", "publish", str(DATA / "bad-battery.json"), check=False)
        self.assertEqual(refused.code, 65)
        self.assertEqual(self.listed(maker), set())
        self.publish(maker, "ev-battery.json")

    def test_a_suspended_member_is_cut_off_and_comes_back(self):
        maker = self.add_maker()
        recycler = self.add_recycler()
        recycler.follow(maker, "public")
        recycler.wait_until_live(maker, "public")
        self.operator.cli("member", "suspend", RECYCLER)
        wait_for("the stream to be cut", lambda: any(
            f.get("last_error_reason") == "MEMBER_SUSPENDED" for f in recycler.follows()))
        self.publish(maker, "ev-battery.json")
        self.assertFalse(recycler.has_size(maker, "public", 1))
        self.operator.cli("member", "activate", RECYCLER)
        wait_for("the record after reactivation", lambda: recycler.has_size(maker, "public", 1))

    def test_who_tries_to_unfollow_the_registry_still_hears_of_suspensions(self):
        maker = self.add_maker()
        recycler = self.add_recycler()
        recycler.follow(maker, "public")
        recycler.wait_until_live(maker, "public")
        told = maker.cli("feed", "unfollow", OPERATOR)
        self.assertIn("stays followed", told.text)
        self.assertIn("REGISTRY_FOLLOW", maker.cli("feed", "unfollow", OPERATOR, "registry", check=False).error)
        self.operator.cli("member", "suspend", RECYCLER)
        wait_for("the stream to be cut", lambda: any(
            f.get("last_error_reason") == "MEMBER_SUSPENDED" for f in recycler.follows()))

    def test_a_store_that_lost_its_last_commit_is_not_served(self):
        maker = self.add_maker()
        maker.stop()
        backup = self.folder / "backup"
        shutil.copytree(maker.folder / "store", backup)
        maker.start()
        self.publish(maker, "ev-battery.json")
        maker.stop()
        shutil.rmtree(maker.folder / "store")
        shutil.copytree(backup, maker.folder / "store")
        with self.assertRaisesRegex(Exception, "STORE_BEHIND_ANCHOR"):
            maker.start()

    def test_fsck_changes_nothing_and_neither_it_nor_a_start_takes_a_lost_store_for_a_new_one(self):
        def digests(folder):
            return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
                    for path in folder.rglob("*") if path.is_file()}

        maker = self.add_maker()
        self.publish(maker, "ev-battery.json")
        with self.assertRaisesRegex(Exception, "STORE_LOCKED"):
            maker.run_node_command("fsck")
        maker.stop(signal.SIGKILL)
        before = digests(maker.folder)
        self.assertIn(" 0 problems", maker.run_node_command("fsck"))
        self.assertEqual(digests(maker.folder), before)
        shutil.rmtree(maker.folder / "store")
        (maker.folder / "ANCHOR").unlink()
        found = subprocess.run(maker.node_command("fsck"), capture_output=True, text=True)
        self.assertEqual((found.returncode, " 1 problems" in found.stdout), (1, True))
        with self.assertRaisesRegex(Exception, "STORE_LOST"):
            maker.start()
        self.assertFalse((maker.folder / "store").exists())

    def test_a_client_may_do_only_what_its_role_allows(self):
        maker = self.add_maker()
        maker.add_client("reader", "read")
        refused = maker.cli("record", "publish", str(DATA / "ev-battery.json"), client="reader", check=False)
        self.assertNotEqual(refused.code, 0)
        self.assertEqual(maker.cli("record", "list", client="reader", check=False).code, 0)
        self.assertNotEqual(maker.cli("feed", "follow", RECYCLER, "public", client="reader", check=False).code, 0)


if __name__ == "__main__":
    run()
