# SPDX-License-Identifier: Apache-2.0
"""What others have published: signatures, trees and notes that any implementation must agree with."""
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import feed_format as feed
import record_format as record


def spki(item):
    return record.ED25519_PREFIX + item["public_key"]


def check_ed25519(t, vectors):
    for item in vectors["signatures"]:
        private = Ed25519PrivateKey.from_private_bytes(item["secret_key"])
        t.check(private.sign(item["message"]) == item["signature"], "the signature made again")
        t.accepts(item["test"], record.check_signature, spki(item), item["message"], item["signature"])
    for item in vectors["refused_signatures"]:
        t.refuses(item["name"], "BAD_SIGNATURE", record.check_signature, spki(item), item["message"], item["signature"])
    for item in vectors["refused_keys"]:
        t.refuses(item["name"], "WEAK_KEY", record.load_key, spki(item))
    ys = [*record.WEAK_Y, *range(record.ED25519_P, 1 << 255)]
    listed = {(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)}
    t.check({item["public_key"] for item in vectors["refused_keys"]} == listed, "the list of weak keys is complete")


def check_p256(t, vectors):
    for item in vectors["signatures"]:
        t.accepts(item["message"], record.check_signature, vectors["spki"], item["message"].encode(), item["signature"])
        t.refuses("another message", "BAD_SIGNATURE", record.check_signature, vectors["spki"], b"", item["signature"])


def check_merkle(t, vectors):
    leaves = [feed.leaf(data) for data in vectors["leaf_inputs"]]
    roots = [feed.root(leaves[:size]) for size in range(len(leaves) + 1)]
    t.check(roots == vectors["roots"], "roots")
    for item in vectors["inclusion"]:
        t.accepts("inclusion", feed.check_inclusion, leaves[item["index"]], item["index"], item["size"], item["path"],
                  roots[item["size"]])
        t.refuses("inclusion", "INCLUSION_PROOF", feed.check_inclusion, leaves[item["index"]], item["index"],
                  item["size"], [*item["path"], feed.NOTHING], roots[item["size"]])
    for item in vectors["consistency"]:
        sizes = (item["from_size"], roots[item["from_size"]], item["size"], roots[item["size"]])
        t.accepts("consistency", feed.check_consistency, *sizes, item["path"])
        t.refuses("consistency", "CONSISTENCY_PROOF", feed.check_consistency, *sizes, [*item["path"], feed.NOTHING])


def check_notes(t, vectors):
    for item in vectors["notes"]:
        name, hash_, signature = feed.signature_line(item["signature_line"].encode().removesuffix(b"\n"))
        t.check((name.decode(), hash_) == (item["key_name"], item["key_hash"]), "key name and hash")
        t.check(feed.key_hash(name, item["public_key"]) == item["key_hash"], "key hash")
        t.accepts("note", record.check_signature, spki(item), item["text"].encode(), signature)
    for item in vectors["checkpoints"]:
        t.check(feed.key_hash(item["origin"].encode(), item["public_key"]) == item["key_hash"], "key hash")
        opened = t.accepts("checkpoint", feed.open_checkpoint, item["note"].encode(), item["origin"], spki(item))
        t.check(opened == (item["size"], item["root"]), "checkpoint")
