# SPDX-License-Identifier: Apache-2.0
"""docs/format/receipt.md: what members say of when they had seen heads of feeds. Shares no code with the node."""
import re

import feed_format as feeds
from record_format import SCHEMAS, TIME_MAX_MS, Refused, check_signature, key_id, need, pae, schema, u

RECEIPT_TYPE = b"application/vnd.meguri.receipt.v1"
OPEN_FEEDS, RECEIPTS_MAX, FEED_KEY, ACTIVE = {"public", "members"}, 8, 2, 1

SCHEMAS.update({name: schema(text) for name, text in {
    "receipt": "key_id:b time_ms:N size:N signature:b",
    "receipt_proof": "receipt:receipt root:b path:b* giver_entry:envelope giver_entry_proof:feed_proof",
}.items()})


def signed_bytes(receipt, origin, root):
    return pae(RECEIPT_TYPE, receipt["key_id"] + u(8, receipt["time_ms"]) + u(8, receipt["size"]) + root
               + origin.encode())


def check_form(receipt):
    need(receipt and len(receipt["key_id"]) == 32 and len(receipt["signature"]) == 64, "RECEIPT_FORM", "key or signature")
    need(0 < receipt["time_ms"] <= TIME_MAX_MS and receipt["size"], "RECEIPT_FORM", "time, or size of the head")


def check_receipt(receipt, origin, root, spki):
    """The key signed it for this head."""
    check_form(receipt)
    try:
        check_signature(spki, signed_bytes(receipt, origin, root), receipt["signature"])
        holds = True
    except Refused:
        holds = False
    need(holds, "RECEIPT_SIGNATURE", "not by this key, or not for this head")


def host_of(entry):
    """Whose node it is at; its own if it is at none any more, as one that has left."""
    match = re.match("spiffe://[^/]+/member/([^/]+)/([^/]+)/", (entry["hosting"] or {"node_identity": ""})["node_identity"])
    return f"{match[1]}:{match[2]}" if match else entry["participant_id"]


def check_giver(giver, key, publisher, time_ms, now_ms):
    """The word of a member counts: it is active, independent, and the key was in force and never revoked."""
    need(giver["status"] == ACTIVE, "RECEIPT_NOT_ACTIVE", "suspended, or has left")
    one = {giver["participant_id"], host_of(giver)}
    need(not one & {publisher["participant_id"], host_of(publisher)}, "RECEIPT_NOT_INDEPENDENT", "one member or node")
    need(not key["revoked_ms"], "RECEIPT_KEY_REVOKED", "the key was revoked")
    need(key["not_before_ms"] <= time_ms and not 0 < key["not_after_ms"] <= time_ms, "RECEIPT_KEY_TIME", "not in force")
    need(time_ms <= now_ms, "RECEIPT_FUTURE", "seen in the future")


def verify_all(proof, origin, publisher, federation, open_giver, now_ms):
    """The receipts of a feed proof hold and count. `open_giver` gives entry and present keys of whoever gave one."""
    need(len(proof["receipts"]) <= RECEIPTS_MAX, "RECORD_FILE", "too many receipts")
    seen = []
    for item in proof["receipts"]:
        receipt = item["receipt"]
        need(proof["feed"] in OPEN_FEEDS, "RECEIPT_FEED", "a receipt of a feed that not every member may read")
        check_form(receipt)
        root = item["root"]
        need(all(len(hash_) == 32 for hash_ in [root, *item["path"]]), "RECEIPT_FORM", "root or path")
        feeds.check_inclusion(feeds.leaf(proof["entry"]), proof["index"], receipt["size"], item["path"], root)
        giver, keys = open_giver(item["giver_entry"], item["giver_entry_proof"])
        found = [key for key in keys if key["purpose"] == FEED_KEY
                 and key_id(federation, giver["participant_id"], key["public_key"]) == receipt["key_id"]]
        need(found, "RECEIPT_KEY", "no feed key of the member")
        check_receipt(receipt, origin, root, found[0]["public_key"])
        check_giver(giver, found[0], publisher, receipt["time_ms"], now_ms)
        seen.append((giver["participant_id"], receipt["time_ms"], receipt["key_id"]))
    need(len({key for *_, key in seen}) == len(seen), "RECORD_FILE", "two receipts of one key")
    return [(who, time_ms) for who, time_ms, _ in seen]
