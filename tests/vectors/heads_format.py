# SPDX-License-Identifier: Apache-2.0
"""docs/format/heads.md: what entries of a feed `heads` commit, and how that is opened. Shares no code with the node."""
import feed_format as feeds
from record_format import SCHEMAS, need, parse, schema, sha256, u, write

DEPTH = 40
UNCOMMITTED = {"public", "members", "registry", "heads"}

SCHEMAS.update({name: schema(text) for name, text in {
    "opening": "index:N salt:b size:N root:b path:b",
    "proven_opening": "opening:opening epoch:N entry_path:b* checkpoint:b",
}.items()})


def label(origin):
    return sha256(b"meguri/heads-label/v1\0", origin.encode())


def entry(origin, opening):
    """The entry of `heads` that commits what the opening says."""
    place = label(origin)
    node = sha256(b"meguri/heads-leaf/v1\0", place, opening["salt"], u(8, opening["size"]), opening["root"])
    bits = int.from_bytes(place, "big") >> 256 - DEPTH
    for i in range(DEPTH):
        sibling = opening["path"][32 * i:32 * i + 32]
        node = feeds.node(sibling, node) if bits >> i & 1 else feeds.node(node, sibling)
    return b"\x01" + node + bytes(8)


def is_opening(head):
    """Where a note may stand, an opening may: no note begins with this byte."""
    return head[:1] == b"\n"


def read_opening(head):
    proven = parse(head, "proven_opening", "HEADS_OPENING", closed=True)
    need(is_opening(head) and write(proven, "proven_opening") == head, "HEADS_OPENING", "not in its one encoding")
    return proven


def check_opening(opening):
    need(len(opening["salt"]) == len(opening["root"]) == 32, "HEADS_OPENING", "salt and root have 32 bytes")
    need(len(opening["path"]) == 32 * DEPTH, "HEADS_OPENING", "the path has 40 hashes")
    need(opening["size"] or opening["root"] == feeds.NOTHING, "HEADS_OPENING", "no entries, and the root of some")


def open_head(proven, federation, publisher, epoch, name, spkis, witnesses=(), is_strict=True):
    """The size and root of a feed as its publisher committed them, by a signed head of `heads`."""
    need(proven["opening"], "HEADS_OPENING", "no opening")
    opening = proven["opening"]
    check_opening(opening)
    need(proven["epoch"] and name not in UNCOMMITTED, "HEADS_OPENING", "an epoch, and a feed that is committed")
    heads = feeds.origin(federation, publisher, proven["epoch"], "heads")
    size, root = feeds.open_sole_checkpoint(proven["checkpoint"], heads, spkis, witnesses, is_strict)
    leaf = feeds.leaf(entry(feeds.origin(federation, publisher, epoch, name), opening))
    feeds.check_inclusion(leaf, opening["index"], size, proven["entry_path"], root)
    return opening["size"], opening["root"]
