#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a node at random moments while it is written to: whatever it acknowledged is there afterwards, and its store is
whole. The seed is printed; MEGURI_SEED repeats a run, MEGURI_KILLS says how many kills there are."""
import json
import os
import random
import shutil
import signal
import threading

from set_up import DATA, FederationTest, run
from federation import Failure, items_of, wait_for

MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
FILES_PER_RUN = 40
LARGE_RECORDS = 4000     # of some 10 KB: two bulk commits and a rest
LARGE_PER_RUN = 500
TEXT_BYTES_MAX = 4096
BULK_ATTEMPTS_MAX = 40
BULK_TABLE_MARK = b"external_sst_file."  # part of a property of every table that was built beside the store


def kills():
    return int(os.environ.get("MEGURI_KILLS", "12"))


class CrashTest(FederationTest):
    def setUp(self):
        self.seed = int(os.environ.get("MEGURI_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"MEGURI_SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)
        super().setUp()
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer")
        self.acknowledged = set()
        self.kill_within_s = 0.4

    def publish_until_killed(self):
        """Publishes while the node is killed at a random moment; keeps what was acknowledged."""
        after_s = self.random.uniform(0.0, self.kill_within_s)
        killer = threading.Timer(after_s, lambda: self.maker.stop(signal.SIGKILL))
        killer.start()
        files = [str(DATA / "ev-battery.json")] * FILES_PER_RUN
        while self.maker.is_running():
            answer = self.maker.cli("-o", "json", "--timeout", "5s", "record", "publish", *files, check=False)
            if answer.text.strip():
                self.acknowledged |= {record["record_id"] for record in items_of(json.loads(answer.text))
                                      if record.get("record_id")}
        killer.join()

    def test_what_was_acknowledged_survives_every_kill(self):
        for _ in range(kills()):
            self.publish_until_killed()
            if not self.acknowledged:
                self.kill_within_s *= 2  # a busy machine has not got as far as an answer
            self.maker.start()
            stored = {view["envelope"]["record_id"]
                      for view in items_of(self.maker.json("record", "list", "--all", "--page-size", "1000"))}
            self.assertEqual(self.acknowledged - stored, set(), "acknowledged records are missing")
        self.assertTrue(self.acknowledged, "nothing was acknowledged: the test has tested nothing")
        self.maker.stop()
        self.assertIn(" 0 problems", self.maker.run_node_command("fsck"))

    def test_a_follower_that_is_killed_while_it_catches_up_ends_with_everything(self):
        files = [str(DATA / "ev-battery.json")] * FILES_PER_RUN
        for _ in range(5):
            self.maker.cli("record", "publish", *files)
        recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                              "recycler:battery", "--permit", "産廃処分|01320000001|13")
        recycler.follow(self.maker, "public", "recyclers/battery")
        for _ in range(max(1, kills() // 3)):
            killer = threading.Timer(self.random.uniform(0.0, 0.3), lambda: recycler.stop(signal.SIGKILL))
            killer.start()
            killer.join()
            recycler.start()
        wait_for("everything to arrive", lambda: recycler.has_size(self.maker, "public", 5 * FILES_PER_RUN)
                 and recycler.has_size(self.maker, "recyclers/battery", 5 * FILES_PER_RUN))
        recycler.stop()
        self.assertIn(" 0 problems", recycler.run_node_command("fsck"))

    def publish_large_records(self):
        record = json.loads((DATA / "ev-battery.json").read_text(encoding="utf-8"))
        text = "0123456789abcdef" * (TEXT_BYTES_MAX // 16)
        record["sections"]["identity"]["description"] = {"ja": text, "en": text}
        path = self.folder / "large.json"
        path.write_text(json.dumps(record), encoding="utf-8")
        for _ in range(LARGE_RECORDS // LARGE_PER_RUN):
            self.maker.cli("record", "publish", *[str(path)] * LARGE_PER_RUN)

    def kill_while_tables_are_built(self, recycler):
        """Kills the follower soon after it has begun a bulk commit. Returns whether the kill struck inside one."""
        folder = recycler.folder / "store" / "bulk"
        if not self.wait_briefly(lambda: any(folder.iterdir())):
            return False  # all of it had come before anybody looked
        threading.Event().wait(self.random.uniform(0.0, 0.05))
        recycler.stop(signal.SIGKILL)
        return any(folder.iterdir())

    @staticmethod
    def wait_briefly(condition):
        try:
            wait_for("a bulk commit", condition, interval_s=0.0005)
        except Failure:
            return False
        return True

    @staticmethod
    def has_bulk_tables(recycler):
        """Whether tables that were built beside the store are in it. A merge makes others of them."""
        return any(BULK_TABLE_MARK in table.read_bytes() for table in (recycler.folder / "store").glob("*.sst"))

    def test_a_follower_that_is_killed_inside_bulk_commits_ends_with_everything(self):
        self.publish_large_records()
        recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                              "recycler:battery", "--permit", "産廃処分|01320000001|13")
        recycler.stop()
        fresh = self.folder / "recycler.fresh"
        shutil.copytree(recycler.folder, fresh)
        wanted, struck = max(2, kills() // 6), 0
        for _ in range(BULK_ATTEMPTS_MAX):
            if struck == wanted:
                break
            shutil.rmtree(recycler.folder)
            shutil.copytree(fresh, recycler.folder)
            recycler.start()
            recycler.follow(self.maker, "public")
            struck += self.kill_while_tables_are_built(recycler)
            recycler.stop()
            self.assertIn(" 0 problems", recycler.run_node_command("fsck"))
        self.assertEqual(struck, wanted, "too few kills struck inside a bulk commit: the test has tested nothing")
        recycler.start()
        self.assertEqual(list((recycler.folder / "store" / "bulk").iterdir()), [], "tables that never joined are left")
        self.take_everything(recycler)
        # On a busy machine batches may come too slowly to make a bulk commit.
        for _ in range(BULK_ATTEMPTS_MAX):
            if self.has_bulk_tables(recycler):
                return
            shutil.rmtree(recycler.folder)
            shutil.copytree(fresh, recycler.folder)
            recycler.start()
            recycler.follow(self.maker, "public")
            self.take_everything(recycler)
        self.fail("nothing was committed in bulk")

    def take_everything(self, recycler):
        """Lets a running follower catch up, stops it, and looks at all that it stored."""
        wait_for("everything to arrive", lambda: recycler.has_size(self.maker, "public", LARGE_RECORDS), 120)
        recycler.stop()
        self.assertIn(" 0 problems", recycler.run_node_command("fsck"))


if __name__ == "__main__":
    run()
