#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies Meguri's bytes with docs/format as the only source: it shares no code with the node."""
import argparse
import datetime
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True
import audit_format as audit  # noqa: E402
import erasure_format as erasure  # noqa: E402
import feed_format as feed  # noqa: E402
import heads_format as heads  # noqa: E402
import published  # noqa: E402
import receipt_format as receipt  # noqa: E402
import record_format as record  # noqa: E402
import trust_format as trust  # noqa: E402
from record_format import Refused, need  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent


def moment(time_ms):
    return datetime.datetime.fromtimestamp(time_ms // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def command_record(options):
    now_ms = time.time_ns() // 1_000_000
    bundle, signatures = trust.open_bundle(pathlib.Path(options.trust_bundle).read_bytes(), now_ms)
    print(f"trust bundle  version {bundle['version']} of {bundle['federation']}, operator {bundle['operator_id']}, "
          f"{signatures} valid signatures (at least {bundle['bundle_threshold']})")
    header, envelope, entry, feeds = trust.verify_record_file(pathlib.Path(options.file).read_bytes(), bundle, now_ms)
    batch = envelope["signature"]
    print(f"publisher     {entry['participant_id']} {entry['name']['ja'] or entry['name']['en']}, "
          f"{trust.STATUS[entry['status']]}; entry signed by the registry")
    print(f"record        {header['record_id'].hex()} version {header['version']}, type {header['record_type']}, "
          f"issued {moment(header['issue_time_ms'])} as the publisher says")
    print(f"signature     key {batch['key_id'].hex()}, leaf {batch['index']} of {batch['size']}")
    for origin, size, seen in feeds:
        print(f"feed          {origin}, {size} entries")
        print("".join(f"seen          by {who} at {moment(time_ms)}, as it says\n" for who, time_ms in seen), end="")
    for section in envelope["sections"]:
        print(f"section       slot {section['slot']}: type {section['type']}, {len(section['payload'])} bytes")
    print(f"ended         reason {header['tombstone']['reason']}\n" if "tombstone" in header else "", end="")
    print("Verified.")


# ---- Vectors: each file of this folder has a function that looks at all of it.

class Tally:
    """Counts what was checked, and remembers what does not hold."""

    def __init__(self):
        self.checks, self.failures = 0, []

    def check(self, holds, what):
        self.checks += 1
        if not holds:
            self.failures.append(what)

    def accepts(self, what, call, *arguments):
        try:
            result = call(*arguments)
            self.checks += 1
            return result
        except Refused as refused:
            return self.check(False, f"{what}: {refused}")

    def refuses(self, what, reason, call, *arguments):
        try:
            call(*arguments)
            self.check(False, f"{what}: accepted, and should be {reason}")
        except Refused as refused:
            self.check(reason in (None, refused.reason), f"{what}: {refused}, and should be {reason}")


def unhex(value):
    """The same JSON with bytes for hexadecimal."""
    if isinstance(value, list):
        return [unhex(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name.removesuffix("_hex"): unhex(item) if not name.endswith("_hex") else bytes.fromhex(item)
            if isinstance(item, str) else [bytes.fromhex(text) for text in item] for name, item in value.items()}


def known_keys(vectors):
    keys = {(key["key_id"], key["participant_id"]): key["spki"] for key in vectors["keys"]}

    def find(*key_id_and_publisher):
        need(key_id_and_publisher in keys, "UNKNOWN_KEY", "no such key")
        return keys[key_id_and_publisher]
    return find


def check_record(t, vectors):
    records = {item["name"]: item for item in vectors["records"]}
    by_hash = {item["header_hash"]: item for item in vectors["records"]}
    for key in vectors["keys"]:
        t.check(record.key_id(vectors["federation"], key["participant_id"], key["spki"]) == key["key_id"], "key ID")
        t.check((len(key["spki"]) == 44) == (key["algorithm"] == "ed25519"), "algorithm")
    for name, item in records.items():
        header = t.accepts(name, record.parse_header, item["header"])
        t.check(header == item["header_fields"], f"{name}: header fields")
        t.check(record.header_hash(item["header"]) == item["header_hash"], f"{name}: header hash")
        for section in item["sections"]:
            preimage = record.section_preimage(header, section)
            t.check(preimage == section["preimage"], f"{name}: preimage of slot {section['slot']}")
            t.check(record.sha256(preimage) == section["digest"] == header["section_digests"][section["slot"]],
                    f"{name}: digest of slot {section['slot']}")
        check_envelope(t, vectors, item, item["envelope"], -1, name)
        if header["version"] > 1:
            before = record.parse_header(by_hash[header["previous_header_hash"]]["header"])
            t.check((before["record_id"], before["version"] + 1, "tombstone" in before)
                    == (header["record_id"], header["version"], False), f"{name}: version before")
    for view in vectors["views"]:
        check_envelope(t, vectors, records[view["record"]], view["envelope"], view["slots"], f"view: {view['reader']}")
    for batch in vectors["batches"]:
        for item in (records[name] for name in batch["records"]):
            batch_root = record.batch_root(item["header_hash"], item["signature"])
            t.check((batch_root, item["signature"]["size"], item["signature"]["signature"])
                    == (batch["root"], batch["size"], batch["signature"]), f"{item['name']}: batch")
            t.check(record.batch_signed(item["signature"], batch_root) == batch["signed_bytes"], "signed bytes")
    for body in vectors["signed_bodies"]:
        parsed = t.accepts("signed body", record.parse, body["signed_body"], "signed_body", "BODY", True)
        signature, covered = record.signature_under(parsed, body["payload_type"], body["key_id"])
        t.check((parsed["body"], signature, covered) == (body["body"], body["signature"], body["signed_bytes"]), "body")
        key = known_keys(vectors)(body["key_id"], vectors["keys"][0]["participant_id"])
        t.accepts("signed body", record.check_signature, key, covered, signature)


def check_envelope(t, vectors, item, data, slots, what):
    envelope = record.parse(data, "envelope", "ENVELOPE", closed=True)
    t.accepts(what, record.verify_envelope, envelope, known_keys(vectors))
    t.check((envelope["header"], envelope["signature"]) == (item["header"], item["signature"]), f"{what}: envelope")
    golden = [{name: section[name] for name in ("slot", "type", "audiences", "salt", "payload")}
              for section in item["sections"] if slots >> section["slot"] & 1]
    t.check(envelope["sections"] == golden, f"{what}: sections")


def check_feed(t, vectors):
    golden = unhex(json.loads((FOLDER / "record.json").read_text("utf-8")))
    for log in vectors["feeds"]:
        check_log(t, vectors, log, golden)
        t.check(feed.expected_entries(log["name"], vectors["publisher"], golden["records"])
                == {e["record"]: e["slots"] for e in log["entries"]}, f"{log['name']}: which records enter it")


def check_log(t, vectors, log, golden):
    name = log["name"]
    t.check(feed.is_feed_name(name), f"{name}: name")
    t.check(feed.origin(vectors["federation"], vectors["publisher"], log["epoch"], name) == log["origin"], "origin")
    leaves, frontier = [entry["leaf_hash"] for entry in log["entries"]], []
    last = feed.root(leaves)
    for index, entry in enumerate(log["entries"]):
        t.check(feed.parse_entry(entry["entry"]) == (entry["header_hash"], entry["slots"]), f"{name}: {index}")
        t.check(feed.leaf(entry["entry"]) == entry["leaf_hash"], f"{name}: leaf {index}")
        t.accepts(f"{name}: inclusion of {index}", feed.check_inclusion, entry["leaf_hash"], index, len(leaves),
                  entry["inclusion_path"], last)
    for size, checkpoint in enumerate(log["checkpoints"]):
        root = feed.root(leaves[:size])
        t.check(checkpoint["size"] == size and root == checkpoint["root"] == feed.frontier_root(frontier), "root")
        opened = t.accepts(name, feed.open_checkpoint, checkpoint["note"].encode(), log["origin"],
                           vectors["feed_key"]["spki"])
        t.check(opened == (size, root), f"{name}: checkpoint at {size}")
        t.accepts(f"{name}: consistency from {size}", feed.check_consistency, size, root, len(leaves), last,
                  checkpoint["consistency_path_to_last"])
        frontier = feed.append(frontier, size, leaves[size]) if size < len(leaves) else frontier
    t.check(len(log["checkpoints"]) == len(leaves) + 1, f"{name}: a checkpoint for every size")
    follower, target = feed.Follower(vectors["publisher"], known_keys(golden)), log["follow"]["target_size"]
    for batch in log["follow"]["batches"]:
        items = [(item["entry"], item["envelope"]) for item in batch["items"]]
        t.accepts(f"{name}: following", follower.take, batch["start"], items, batch["consistency_path"], target,
                  feed.root(leaves[:target]))
    t.check(follower.size == target, f"{name}: followed to the end")


def check_newer(t, vectors):
    golden = unhex(json.loads((FOLDER / "record.json").read_text("utf-8")))
    (log,) = vectors["feeds"]
    check_log(t, vectors, log, golden)
    item = [item for batch in log["follow"]["batches"] for item in batch["items"]][1]
    header = record.parse(item["envelope"], "envelope", "ENVELOPE", closed=True)["header"]
    t.check(log["entries"][1]["header_hash"] == record.header_hash(header), "the hash of the newer header")
    t.refuses("a newer header", "NEWER_FORMAT", record.parse_header, header)
    for item in vectors["refused"]:
        follower = feed.Follower(vectors["publisher"], known_keys(golden))
        t.refuses(item["name"], item["reason"], follower.take, 0, [(item["entry"], item["envelope"])], [], 1,
                  feed.leaf(item["entry"]))


def check_audit(t, vectors):
    opened = t.accepts("audit head", feed.open_checkpoint, vectors["note"].encode(), vectors["origin"],
                       vectors["feed_key_spki"])
    for index, item in enumerate(vectors["rows"]):
        row = t.accepts(item["name"], audit.parse_row, item["row"])
        t.check(row["number"] == index + 1 and audit.entry(item["row"]) == item["entry"], f"{item['name']}: entry")
        t.accepts(f"{item['name']}: inclusion", feed.check_inclusion, feed.leaf(item["entry"]), index,
                  len(vectors["rows"]), item["inclusion_path"], opened[1])
    for item in vectors["refused"]:
        t.refuses(item["name"], item["reason"], audit.parse_row, item["row"])


def check_heads(t, vectors):
    def open_head(item, name):
        proven = heads.read_opening(item["proven_opening"])
        return proven["opening"], heads.open_head(proven, vectors["federation"], vectors["publisher"], 1, name,
                                                  [vectors["feed_key_spki"]])

    for item in vectors["openings"]:
        opening, head = t.accepts(item["feed"], open_head, item, item["feed"])
        origin = feed.origin(vectors["federation"], vectors["publisher"], 1, item["feed"])
        t.check(head == (item["size"], item["root"]) and heads.label(origin) == item["label"], f"{item['feed']}: head")
        t.check(heads.entry(origin, opening) == vectors["entries"][1], f"{item['feed']}: entry")
        t.refuses("the name of another feed", "INCLUSION_PROOF", open_head, item, "to/9999:other")
    for item in vectors["refused"]:
        t.refuses(item["name"], item["reason"], open_head, item, vectors["refused_feed"])


def check_receipt(t, vectors):
    def check(item):
        given = record.parse(item["receipt"], "receipt", "RECEIPT_FORM", closed=True)
        receipt.check_receipt(given, item.get("origin", vectors["origin"]), vectors["root"], vectors["giver_spki"])
        return given
    given = t.accepts("receipt", check, vectors)
    t.check(receipt.signed_bytes(given, vectors["origin"], vectors["root"]) == vectors["signed_bytes"], "signed bytes")
    t.check(given["key_id"] == record.key_id(vectors["federation"], vectors["giver"], vectors["giver_spki"]), "key ID")
    for item in vectors["refused"]:
        t.refuses(item["name"], item["reason"], check, item)


def check_refused(t, vectors):
    def sections(item):
        header = record.parse_header(item["header"])
        record.check_sections(header, [record.parse(data, "section", "SECTION", False) for data in item["sections"]])

    def name(item):
        is_name = {"PARTICIPANT_ID": record.is_participant, "FEED_NAME": feed.is_feed_name}[item["reason"]]
        need(is_name(item["text"]), item["reason"], "not a name")
    calls = {
        "headers": lambda i: record.parse_header(i["header"]),
        "sections": sections,
        "batch_signatures": lambda i: record.check_batch(i["spki"], i["header_hash"], i["signature"]),
        "public_keys": lambda i: record.load_key(i["spki"]),
        "names": name,
        "feed_entries": lambda i: feed.parse_entry(i["entry"]),
        "checkpoints": lambda i: feed.open_checkpoint(i["note"], i["origin"], i["spki"]),
        "inclusion_proofs": lambda i: feed.check_inclusion(i["leaf_hash"], i["index"], i["size"], i["path"], i["root"]),
        "consistency_proofs": lambda i: feed.check_consistency(i["from_size"], i["from_root"], i["size"], i["root"],
                                                               i["path"]),
    }
    t.check(set(vectors) == {"about", *calls}, "refused.json has parts that nobody checks")
    for part, call in calls.items():
        for item in vectors[part]:
            t.refuses(f"{part}: {item.get('name', item.get('text'))}", item["reason"], call, item)


def command_vectors(_):
    files = {"record": check_record, "feed": check_feed, "newer": check_newer, "audit": check_audit,
             "erasure": erasure.check, "heads": check_heads, "receipt": check_receipt, "refused": check_refused,
             "published_ed25519": published.check_ed25519, "published_p256": published.check_p256,
             "published_merkle": published.check_merkle, "published_notes": published.check_notes}
    t = Tally()
    t.check({path.stem for path in FOLDER.glob("*.json")} == set(files), "every file has a check, every check a file")
    for name, check in files.items():
        before = t.checks
        check(t, unhex(json.loads((FOLDER / f"{name}.json").read_text("utf-8"))))
        print(f"{name}.json: {t.checks - before} checks")
    for failure in t.failures:
        print(f"does not hold: {failure}", file=sys.stderr)
    need(not t.failures, "VECTORS", f"{len(t.failures)} of {t.checks} checks failed")
    print(f"{t.checks} checks, all held.")


def main():
    parser = argparse.ArgumentParser(prog="verify.py")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("vectors", help="check the vectors of this folder").set_defaults(run=command_vectors)
    for name, run in (("record", command_record), ("erasure", erasure.command)):
        one = commands.add_parser(name, help=f"check the file of one {name}")
        one.set_defaults(run=run)
        one.add_argument("file", metavar="FILE")
        one.add_argument("--trust-bundle", metavar="BUNDLE", required=True)
    options = parser.parse_args()
    try:
        options.run(options)
        return 0
    except (Refused, OSError) as problem:
        print(f"verify.py: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
