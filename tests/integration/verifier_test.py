#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two verifiers that share no code, `meguri verify` and tests/vectors/verify.py, judge what real nodes publish."""
import subprocess
import sys
import time

from set_up import DATA, ROOT, SharedFederationTest, run
import trust_format
from federation import items_of
from record_format import Refused

RECORDS = ("recycled-pp-lot.json", "cathode-nmc811-lot.json")
VERIFIER = ROOT / "tests" / "vectors" / "verify.py"
SUPPLIER = "0188:4011001098993"
FLIPS = 200
REFUSED_FILE, REFUSED_BUNDLE = 1, 78  # how `meguri verify` ends


def flipped(data, count):
    """Copies of the data with one changed bit each, spread over all of it."""
    for n in range(count):
        changed = bytearray(data)
        changed[n * len(data) // count] ^= 1 << n % 8
        yield n * len(data) // count, bytes(changed)


class VerifierTest(SharedFederationTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.federation.add_member("supplier", SUPPLIER, "素材", "Supplier", "--role", "material-maker",
                                                 "--gs1-prefix", "4598765")
        cls.bundle = cls.supplier.folder / "trust-bundle"
        cls.records = [items_of(cls.supplier.json("record", "publish", str(DATA / name)))[0]["record_id"]
                       for name in RECORDS]

    def save(self, record, name):
        path = self.folder / name
        self.supplier.cli("record", "get", record, "--save", str(path))
        return path

    def exit_codes(self, file, bundle):
        """What the two programs say: meguri's exit code, and verify.py's."""
        ours = self.supplier.cli("verify", str(file), "--trust-bundle", str(bundle), check=False)
        other = subprocess.run([sys.executable, str(VERIFIER), "record", str(file), "--trust-bundle", str(bundle)],
                               capture_output=True, text=True)
        self.assertNotIn("Traceback", other.stderr)
        return ours.code, other.returncode

    def test_both_accept_what_a_node_saved(self):
        for number, record in enumerate(self.records):
            self.assertEqual(self.exit_codes(self.save(record, f"sound-{number}"), self.bundle), (0, 0))

    def test_both_accept_the_end_of_a_record(self):
        record = items_of(self.supplier.json("record", "publish", str(DATA / RECORDS[0])))[0]["record_id"]
        self.supplier.cli("record", "withdraw", record)
        path = self.save(record, "ended")
        self.assertEqual(self.exit_codes(path, self.bundle), (0, 0))
        bundle, _ = trust_format.open_bundle(self.bundle.read_bytes(), time.time_ns() // 1_000_000)
        header, envelope, *_ = trust_format.verify_record_file(path.read_bytes(), bundle, time.time_ns() // 1_000_000)
        self.assertEqual((header["version"], header["tombstone"]["reason"], envelope["sections"]), (2, 1, []))

    def test_both_refuse_a_record_with_any_changed_bit(self):
        now_ms = time.time_ns() // 1_000_000
        bundle, _ = trust_format.open_bundle(self.bundle.read_bytes(), now_ms)
        changed = self.folder / "changed"
        for position, content in flipped(self.save(self.records[0], "to-change").read_bytes(), FLIPS):
            with self.subTest(position=position):
                with self.assertRaises(Refused):
                    trust_format.verify_record_file(content, bundle, now_ms)
                changed.write_bytes(content)
                ours = self.supplier.cli("verify", str(changed), "--trust-bundle", str(self.bundle), check=False)
                self.assertEqual(ours.code, REFUSED_FILE, ours.error)
        self.assertEqual(self.exit_codes(changed, self.bundle), (REFUSED_FILE, 1))

    def test_both_refuse_a_trust_bundle_with_any_changed_bit(self):
        sound, changed = self.save(self.records[0], "sound"), self.folder / "changed-bundle"
        for position, content in flipped(self.bundle.read_bytes(), FLIPS // 4):
            with self.subTest(position=position):
                with self.assertRaises(Refused):
                    trust_format.open_bundle(content, time.time_ns() // 1_000_000)
                changed.write_bytes(content)
                ours = self.supplier.cli("verify", str(sound), "--trust-bundle", str(changed), check=False)
                self.assertEqual(ours.code, REFUSED_BUNDLE, ours.error)
        self.assertEqual(self.exit_codes(sound, changed), (REFUSED_BUNDLE, 1))


if __name__ == "__main__":
    run()
