#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holders answer erasures on real nodes: one that follows, one that follows no longer, and one that is down."""
import datetime
import json
import pathlib
import subprocess
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
DEALER = "9999:dealer"
CITY = "9999:city"
GROUP = "recyclers/battery"
SERIAL = "Q7ZK2M9X4VB8T1RC"
DEADLINE_S = 15
VERIFIER = ROOT / "tests" / "vectors" / "verify.py"
FLIPS = 40
BIN = None


def files_with(folder, secret):
    return [str(path) for path in sorted(folder.rglob("*"))
            if path.is_file() and secret.lower().encode() in path.read_bytes().lower()]


class AcksTest(unittest.TestCase):
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
        self.dealer = self.federation.add_member("dealer", DEALER, "販売", "Dealer")
        self.city = self.federation.add_member("city", CITY, "市", "City")

    def publish(self):
        document = json.loads((DATA / "ev-battery.json").read_text())
        identity = document["sections"]["identity"]
        identity["digital_link"] = identity["digital_link"].replace(identity["serial"], SERIAL)
        identity["serial"] = SERIAL
        path = self.folder / "battery.json"
        path.write_text(json.dumps(document))
        return items_of(self.maker.json("record", "publish", str(path)))[0]["record_id"]

    def holders(self, record):
        answer = self.maker.json("erasure", "show", record)
        return {holder["participant_id"]: holder for holder in answer["holders"]}

    def has_state(self, record, member, state):
        return self.holders(record).get(member.participant, {}).get("state") == f"HOLDER_STATE_{state}"

    def wait_for_state(self, record, member, state):
        wait_for(f"{member.name} to be {state}", lambda: self.has_state(record, member, state), interval_s=0.2)

    def verify_file(self, path, trust_bundle):
        """What the two programs say: meguri's answer, and verify.py's text."""
        other = subprocess.run([sys.executable, str(VERIFIER), "erasure", str(path), "--trust-bundle", str(trust_bundle)],
                               capture_output=True, text=True)
        self.assertEqual(other.returncode, 0, other.stderr)
        return self.dealer.json("erasure", "verify", str(path), "--trust-bundle", str(trust_bundle)), other.stdout

    def expect_proof(self, record):
        """City has not answered: the file says so, and nobody can make it say anything else."""
        path, bundle = self.folder / "battery.erasure", self.maker.folder / "trust-bundle"
        saved = self.maker.json("erasure", "export", record, "--out", str(path))
        self.assertEqual((saved["asked"], saved["acknowledged"]), (4, 3))
        self.assertEqual(self.maker.cli("erasure", "export", record, "--out", str(path), check=False).code, 73)
        answer, other = self.verify_file(path, bundle)
        self.assertEqual((answer["verdict"], answer["publisher"], answer["record_id"]), ("PROVEN", MAKER, record))
        self.assertEqual((answer["basis"], answer["tombstone_version"]), ("ERASURE_BASIS_LEGAL_ORDER", 2))
        states = {holder["participant_id"]: holder["state"] for holder in answer["holders"]}
        self.assertEqual(states, {RECYCLER: "HOLDER_STATE_DONE", DEALER: "HOLDER_STATE_DONE",
                                  OPERATOR: "HOLDER_STATE_DONE", CITY: "HOLDER_STATE_OVERDUE"})
        done = {holder["participant_id"]: holder["acknowledgement"] for holder in answer["holders"]
                if "acknowledgement" in holder}
        self.assertEqual(done[DEALER]["key_id"], self.holders(record)[DEALER]["acknowledgement"]["signatures"][0]["key_id"])
        self.assertEqual((done[DEALER]["versions"], done[DEALER]["newest_version"], done[OPERATOR]["versions"]), (1, 1, 0))
        self.assertIn(f"{CITY}: has not acknowledged", other)
        self.assertIn(f"{DEALER}: erased 1 versions", other)
        self.assertIn("3 of 4", self.dealer.cli("erasure", "verify", str(path)).text)
        self.assertLess(path.stat().st_size, 4 * 4096 + 4096)
        whole, changed = path.read_bytes(), self.folder / "changed.erasure"
        for n in range(FLIPS):
            flipped = bytearray(whole)
            flipped[n * len(whole) // FLIPS] ^= 1 << n % 8
            changed.write_bytes(flipped)
            refused = self.dealer.cli("erasure", "verify", str(changed), check=False)
            self.assertEqual(refused.code, 1, refused.error)
        self.assertEqual(self.dealer.cli("erasure", "export", record, "--out", str(changed), check=False).code, 77)

    def test_every_holder_erases_and_says_so(self):
        record = self.publish()
        self.recycler.follow(self.maker, "public", GROUP)
        for member in (self.dealer, self.city):
            member.follow(self.maker, "public")
            wait_for("the battery", lambda: member.has_size(self.maker, "public", 1))
        wait_for("the battery", lambda: self.recycler.has_size(self.maker, GROUP, 1))
        self.dealer.cli("feed", "unfollow", MAKER)
        self.city.stop()

        refused = self.maker.cli("record", "withdraw", record, "--erase", "--yes", "--deadline", "2020-01-01",
                                 check=False)
        self.assertEqual(refused.code, 64)
        self.assertNotIn("erased", self.maker.cli("record", "get", record).text)
        self.assertEqual(self.maker.cli("erasure", "request", record, check=False).code, 65)

        deadline = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=DEADLINE_S)
        said = self.maker.cli("record", "withdraw", record, "--erase", "--yes", "--basis", "legal-order",
                              "--deadline", deadline.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.assertIn("erasure show", said.error)
        self.wait_for_state(record, self.recycler, "DONE")
        self.wait_for_state(record, self.dealer, "DONE")
        self.wait_for_state(record, self.operator, "DONE")
        self.assertEqual(files_with(self.dealer.folder, SERIAL), [], "it does not follow, and has erased all the same")

        holders = self.holders(record)
        self.assertTrue(holders[RECYCLER]["was_delivered"])
        self.assertEqual(int(holders[RECYCLER]["versions"]), 1)
        self.assertEqual(int(holders[DEALER]["versions"]), 1)
        self.assertEqual(int(holders[OPERATOR].get("versions", 0)), 0)
        self.assertTrue(holders[DEALER]["acknowledgement"]["signatures"][0]["key_id"])
        self.assertEqual(self.holders(record)[CITY]["error_reason"], "NODE_UNREACHABLE")

        self.wait_for_state(record, self.city, "OVERDUE")
        self.expect_proof(record)
        wait_for("the log to say so", lambda: '"event":"erasure-overdue"' in self.maker.log_path.read_text())
        row = items_of(self.maker.json("erasure", "list"))[0]
        self.assertEqual((int(row["counts"]["done"]), int(row["counts"]["overdue"])), (3, 1))
        self.assertEqual(row["basis"], "ERASURE_BASIS_LEGAL_ORDER")

        self.maker.stop()  # what is open goes on after a restart
        self.maker.start()
        self.city.start()
        self.wait_for_state(record, self.city, "DONE")
        wait_for("the search to end", lambda: not self.maker.json("erasure", "show", record).get("looks_for_holders"),
                 timeout_s=90, interval_s=1)
        wait_for("the log to say so", lambda: '"event":"erasure-acknowledged"' in self.maker.log_path.read_text())
        table = self.maker.cli("erasure", "show", record).text
        self.assertIn("legal order", table)
        self.assertIn("held nothing", table)

        incoming = items_of(self.dealer.json("erasure", "list", "--incoming"))
        self.assertEqual([(row["publisher"], row["record_id"]) for row in incoming], [(MAKER, record)])
        self.assertIn("audit list", self.dealer.cli("erasure", "list", "--incoming").error)
        self.assertEqual(items_of(self.operator.json("erasure", "list", "--incoming")), [])
        rows = items_of(self.maker.json("audit", "list"))
        self.assertTrue([row for row in rows if row.get("method", "").endswith("RequestErasure")])
        for member in (self.maker, self.recycler, self.dealer, self.city):
            member.stop()
            self.assertIn("0 problems", member.run_node_command("fsck"))


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
