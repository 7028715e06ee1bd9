#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Erasing on real nodes: what is erased is in no file of the owner's node nor of those that follow it, and no backup
gives it back with the keys of today."""
import json
import pathlib
import shutil
import signal
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))
from federation import Failure, Federation, items_of, wait_for  # noqa: E402

DATA = ROOT / "deploy" / "demo-data"
OPERATOR = "0188:8000020130001"
MAKER = "0188:7123456789012"
RECYCLER = "0188:4000012090001"
DEALER = "9999:dealer"
LATE = "9999:late"
LATER = "9999:later"
GROUP = "recyclers/battery"
NOTE = "a note that nobody may read once it is erased"
DESCRIPTION = "Described in words that nobody may read once it is erased."
SERIAL = "Q7ZK2M9X4VB8T1RC"
BIN = None


def files_with(folder, secret):
    """In either case, as the index has words in lower case. Tables are compressed: a secret that is like nothing else is
    written out where it comes first."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and secret.lower().encode() in path.read_bytes().lower():
                found.append(str(path))
        except FileNotFoundError:
            pass  # a running node removes tables
    return found


class EraseTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="meguri-test-")
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.federation = Federation(BIN, self.temporary.name)
        self.addCleanup(self.federation.stop)
        self.operator = self.federation.start_operator(OPERATOR, "運営", "Operator")
        self.maker = self.federation.add_member("maker", MAKER, "メーカー", "Maker", "--role", "manufacturer",
                                                "--gs1-prefix", "4912345")
        self.recycler = self.federation.add_member("recycler", RECYCLER, "リサイクル", "Recycler", "--role",
                                                   "recycler:battery", "--permit", "産廃処分|01320000001|13")

    def publish(self):
        """A battery with a note and a description of its own."""
        document = json.loads((DATA / "ev-battery.json").read_text())
        document["sections"]["owner_note"]["note"] = NOTE
        document["sections"]["identity"]["description"]["en"] = DESCRIPTION
        identity = document["sections"]["identity"]
        identity["digital_link"] = identity["digital_link"].replace(identity["serial"], SERIAL)
        identity["serial"] = SERIAL
        path = self.folder / "battery.json"
        path.write_text(json.dumps(document))
        return items_of(self.maker.json("record", "publish", str(path)))[0]["record_id"]

    def wait_until_erased(self, member):
        wait_for(f"{member.name} to have erased", lambda: '"event":"erased"' in member.log_path.read_text())

    def no_file_holds(self, folder, *secrets):
        for secret in secrets:
            self.assertEqual(files_with(folder, secret), [], secret)

    def check_store(self, member):
        member.stop()
        self.assertIn("0 problems", member.run_node_command("fsck"))

    def test_what_is_erased_is_in_no_file_and_everybody_can_still_follow(self):
        kept = items_of(self.maker.json("record", "publish", str(DATA / "washing-machine.json")))[0]["record_id"]
        record = self.publish()
        dealer = self.federation.add_member("dealer", DEALER, "販売", "Dealer")
        self.recycler.follow(self.maker, "public", GROUP)
        dealer.follow(self.maker, "public")
        size = len(items_of(self.maker.json("record", "list", "--all")))
        self.assertEqual(size, 2)
        wait_for("the batteries", lambda: self.recycler.has_size(self.maker, GROUP, 1))
        wait_for("the batteries", lambda: dealer.has_size(self.maker, "public", 2))
        self.assertTrue(files_with(self.recycler.folder, SERIAL), "the index of a holder has it")
        dealer.stop()
        self.maker.stop()
        backup = self.folder / "backup"
        backup.mkdir()
        shutil.copytree(self.maker.folder / "store", backup / "store")
        shutil.copy(self.maker.folder / "ANCHOR", backup)
        shutil.copy(self.maker.folder / "DATA_KEYS", backup)
        self.maker.start()

        self.maker.cli("record", "withdraw", record, "--erase", "--yes")
        self.wait_until_erased(self.maker)
        self.wait_until_erased(self.recycler)
        dealer.start()
        self.wait_until_erased(dealer)  # it was down, and hears of it when it comes back
        late = self.federation.add_member("late", LATE, "後", "Late")
        late.follow(self.maker, "public")
        wait_for("a new follower to have the whole feed", lambda: late.has_size(self.maker, "public", 3))
        # One that hands the feed on explains what is not there by the publisher's own word.
        self.maker.stop()
        later = self.federation.add_member("later", LATER, "最後", "Later")
        later.cli("feed", "follow", MAKER, "public", "--via", RECYCLER)
        wait_for("the whole feed from another member", lambda: later.has_size(self.maker, "public", 3))
        self.maker.start()
        for member in (self.maker, self.recycler, dealer, late, later):
            self.assertIn("erased", member.cli("record", "get", record).text)
            before = member.json("record", "get", record, "--version", "1")
            self.assertNotIn(SERIAL, json.dumps(before))
            self.assertIn(kept, json.dumps(items_of(member.json("record", "list", "--all"))))
        for member in (self.maker, self.recycler, dealer, late, later):
            self.check_store(member)
            self.no_file_holds(member.folder, SERIAL, NOTE, DESCRIPTION)

        # A backup of the store from before, and the keys of today.
        self.no_file_holds(backup, NOTE, DESCRIPTION)
        refused = shutil.copytree(self.maker.folder, self.folder / "restored")
        for name in ("store", "ANCHOR", "DATA_KEYS"):
            path = refused / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(backup / "store", refused / "store")
        shutil.copy(backup / "ANCHOR", refused)
        shutil.copy(backup / "DATA_KEYS", refused)
        self.maker.folder.rename(self.folder / "maker-now")
        refused.rename(self.maker.folder)
        with self.assertRaisesRegex(Exception, "DATA_KEYS_"):
            self.maker.start()  # the old DATA_KEYS does not open with the epoch key of today
        shutil.copy(self.folder / "maker-now" / "DATA_KEYS", self.maker.folder)
        self.maker.start()
        again = self.maker.json("record", "get", record, "--version", "1")
        self.assertNotIn(SERIAL, json.dumps(again))
        self.assertNotIn(NOTE, json.dumps(again))
        self.assertIn("4912345", json.dumps(self.maker.json("record", "get", kept)))

    def test_a_node_that_is_killed_while_it_erases_finishes_at_the_next_start(self):
        keys = self.maker.folder / "DATA_KEYS"
        for moment in (lambda: True,
                       lambda: list((self.maker.folder / "keys").glob("data-epoch-*.key"))[1:],
                       lambda: keys.read_bytes() != before,
                       lambda: not files_with(self.maker.folder, SERIAL)):
            record = self.publish()
            before = keys.read_bytes()
            self.assertTrue(files_with(self.maker.folder, SERIAL))
            self.maker.cli("record", "withdraw", record, "--erase", "--yes")
            try:
                wait_for("the moment", moment, timeout_s=3, interval_s=0.001)
            except Failure:
                pass  # two epoch keys lie there for a millisecond only
            self.maker.stop(signal.SIGKILL)
            self.maker.start()
            wait_for("the erasure to be finished", lambda: not files_with(self.maker.folder, SERIAL))
            wait_for("its data key to be destroyed", lambda: len(list((self.maker.folder / "keys").glob(
                "data-epoch-*.key"))) == 1)
            self.assertIn("erased", self.maker.cli("record", "get", record).text)
        kept = items_of(self.maker.json("record", "publish", str(DATA / "washing-machine.json")))[0]["record_id"]
        self.check_store(self.maker)
        self.maker.start()
        self.assertIn("4912345", json.dumps(self.maker.json("record", "get", kept)))


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
