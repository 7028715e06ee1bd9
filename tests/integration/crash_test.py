#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a node at random moments while it is written to: whatever it acknowledged is there afterwards, and its store is
whole. The seed is printed; MEGURI_SEED repeats a run, MEGURI_KILLS says how many kills there are."""
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from federation import Federation, items_of, wait_for  # noqa: E402

DATA = ROOT / "deploy" / "demo-data"
OPERATOR = "0188:8000020130001"
MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
FILES_PER_RUN = 40
BIN = None


def kills():
    return int(os.environ.get("MEGURI_KILLS", "12"))


class CrashTest(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("MEGURI_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"MEGURI_SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)
        self.temporary = tempfile.TemporaryDirectory(prefix="meguri-crash-")
        self.addCleanup(self.temporary.cleanup)
        self.federation = Federation(BIN, self.temporary.name)
        self.addCleanup(self.federation.stop)
        self.federation.start_operator(OPERATOR, "運営", "Operator")
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer")
        self.acknowledged = set()

    def publish_until_killed(self):
        """Publishes while the node is killed at a random moment; keeps what was acknowledged."""
        after_s = self.random.uniform(0.0, 0.4)
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


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
