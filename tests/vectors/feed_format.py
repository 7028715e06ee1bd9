# SPDX-License-Identifier: Apache-2.0
"""docs/format/feed.md: entries, trees, checkpoints, feeds and how to follow them. Shares no code with the node."""
import base64
import binascii
import re

from record_format import (ED25519_PREFIX, Refused, check_signature, header_hash, is_participant, need, parse, sha256,
                           verify_envelope, verify_newer)

NOTE_SIZE_MAX, SIGNATURE_LINES_MAX, BATCH_ITEMS_MAX, PATH_HASHES_MAX = 16384, 16, 256, 63
NOTHING = sha256()


def node(left, right):
    return sha256(b"\x01", left, right)


def leaf(entry):
    return sha256(b"\x00", entry)


def parse_entry(entry):
    need(entry[:1] in (b"", b"\x01"), "NEWER_FORMAT", "an entry of a newer format")
    need(len(entry) == 41, "FEED_ENTRY", "an entry has 41 bytes")
    return entry[1:33], int.from_bytes(entry[33:], "big")


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else NOTHING
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:k]), root(leaves[k:]))


def append(frontier, size, leaf_hash):
    """The roots of the perfect subtrees, largest first, with one leaf more."""
    frontier = [*frontier, leaf_hash]
    while size & 1:
        right, left = frontier.pop(), frontier.pop()
        frontier.append(node(left, right))
        size >>= 1
    return frontier


def frontier_root(frontier):
    if not frontier:
        return NOTHING
    r = frontier[-1]
    for element in reversed(frontier[:-1]):
        r = node(element, r)
    return r


def climb(i, last, path, hashes, reason):
    """Walks a proof up from node i. The first hash is joined with what is left of it only."""
    need(len(path) <= PATH_HASHES_MAX and all(len(p) == 32 for p in path), reason, "path too long, or no hashes")
    left_only, all_of_it = hashes
    for p in path:
        need(last, reason, "path too long")
        if i & 1 or i == last:
            left_only, all_of_it = node(p, left_only), node(p, all_of_it)
            while not i & 1 and i:
                i, last = i >> 1, last >> 1
        else:
            all_of_it = node(all_of_it, p)
        i, last = i >> 1, last >> 1
    need(last == 0, reason, "path too short")
    return left_only, all_of_it


def check_inclusion(leaf_hash, index, size, path, root_hash):
    need(index < size, "INCLUSION_PROOF", "index beyond the tree")
    need(climb(index, size - 1, path, (leaf_hash, leaf_hash), "INCLUSION_PROOF")[1] == root_hash, "INCLUSION_PROOF",
         "another root")


def check_consistency(m, old_root, n, new_root, path):
    def proof(holds, why):
        need(holds, "CONSISTENCY_PROOF", why)
    proof(m <= n, "the tree shrinks")
    if m in (0, n):
        return proof(not path and (m == 0 or old_root == new_root), "a path where there is none, or another root")
    if m & (m - 1) == 0:
        path = [old_root, *path]
    proof(path, "no path")
    i, last = m - 1, n - 1
    while i & 1:
        i, last = i >> 1, last >> 1
    roots = climb(i, last, path[1:], (path[0], path[0]), "CONSISTENCY_PROOF")
    return proof(roots == (old_root, new_root), "another root")


def is_feed_name(name):
    kind, slash, rest = name.partition("/")
    if kind == "to":
        return is_participant(rest)
    return bool(re.fullmatch("|".join(("public", "members", "owner", "registry", "audit", "heads", "recyclers/[a-z0-9-]{1,64}",
                                       "authorities/(JP|0[1-9]|[123][0-9]|4[0-7])", "offer/[0-9a-f]{32}")), name))


def origin(federation, publisher, epoch, name):
    return f"{federation}/meguri/{publisher.replace(':', '/')}/{epoch}/{name}"


def form(holds, why):
    need(holds, "CHECKPOINT_FORM", why)


def canonical_base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refused("CHECKPOINT_FORM", "not base64") from error
    form(base64.b64encode(data) == text, "not canonical base64")
    return data


def signature_line(line):
    """(key name, key hash, signature)"""
    match = re.fullmatch("— ([^ +]+) ([^ ]+)".encode(), line)
    form(match, "signature line")
    data = canonical_base64(match[2])
    form(len(data) > 4, "signature line without a signature")
    return match[1], data[:4], data[4:]


def key_hash(key_name, public_key):
    return sha256(key_name, b"\n\x01", public_key)[:4]


def open_checkpoint(note, expected_origin, spki):
    """Size and root of a checkpoint by an Ed25519 feed key (§4). Other signatures are passed over."""
    size, root_hash, signatures, text = parse_checkpoint(note, expected_origin)
    wanted = (expected_origin.encode(), key_hash(expected_origin.encode(), spki[12:]))
    ours = [signature for key_name, hash_, signature in signatures if (key_name, hash_) == wanted]
    need(ours, "CHECKPOINT_SIGNATURE", "no signature by this key")
    check_signature(spki, text, ours[0], "CHECKPOINT_SIGNATURE")
    return size, root_hash


def check_cosignatures(signatures, text, witnesses):
    """Takes the lines of witnesses (name, 32 bytes of key), which must hold (witness.md §1); returns the others."""
    left, seen = [], set()
    for name, hash_, signature in signatures:
        keys = [key for who, key in witnesses
                if who.encode() == name and sha256(name, b"\n\x04", key)[:4] == hash_]
        if not keys:
            left.append((name, hash_, signature))
            continue
        need(len(signature) == 72 and (name, hash_) not in seen, "COSIGNATURE", "form of a cosignature, or twice")
        seen.add((name, hash_))
        time = int.from_bytes(signature[:8], "big")
        need(1 <= time <= 253402300799, "COSIGNATURE", "time of a cosignature")
        signed = b"cosignature/v1\ntime %d\n" % time + text
        check_signature(ED25519_PREFIX + keys[0], signed, signature[8:], "COSIGNATURE")
    return left


def open_sole_checkpoint(note, expected_origin, spkis, witnesses=(), is_strict=True):
    """The same of a note in a proof: one signature, by one of several keys, and those of witnesses."""
    size, root_hash, signatures, text = parse_checkpoint(note, expected_origin)
    signatures = check_cosignatures(signatures, text, witnesses)
    if not is_strict:
        signatures = [line for line in signatures if line[0] == expected_origin.encode()]
    need(len(signatures) == 1, "CHECKPOINT_SIGNATURE", "not one signature alone")
    name, hash_, signature = signatures[0]
    for spki in spkis:
        if (name, hash_) == (expected_origin.encode(), key_hash(name, spki[12:])):
            check_signature(spki, text, signature, "CHECKPOINT_SIGNATURE")
            return size, root_hash
    raise Refused("CHECKPOINT_SIGNATURE", "not by a feed key of the publisher")


def parse_checkpoint(note, expected_origin):
    form(len(note) <= NOTE_SIZE_MAX and not any(byte < 0x20 and byte != 0x0a for byte in note), "size or control bytes")
    try:
        note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("CHECKPOINT_FORM", "not UTF-8") from error
    *lines, after = note.split(b"\n")
    form(after == b"" and 5 <= len(lines) <= 4 + SIGNATURE_LINES_MAX and lines[3] == b"", "lines")
    form(lines[0] and not re.search(rb"[ +]", lines[0]), "origin")
    form(re.fullmatch(rb"0|[1-9][0-9]{0,18}", lines[1]) and int(lines[1]) < 1 << 63, "size")
    root_hash = canonical_base64(lines[2])
    form(len(root_hash) == 32 and (lines[1] != b"0" or root_hash == NOTHING), "root")
    signatures = [signature_line(line) for line in lines[4:]]
    need(lines[0] == expected_origin.encode(), "CHECKPOINT_ORIGIN", "another origin")
    return int(lines[1]), root_hash, signatures, b"\n".join(lines[:3]) + b"\n"


class Follower:
    """What §6 asks a follower to check, from an empty feed on."""

    def __init__(self, publisher, find_key):
        self.publisher, self.find_key = publisher, find_key
        self.size, self.frontier = 0, []

    def take(self, start, items, path, target_size, target_root):
        need(start == self.size and start + len(items) <= target_size, "FEED_BATCH", "start or end")
        need(1 <= len(items) <= BATCH_ITEMS_MAX, "FEED_BATCH", "number of items")
        frontier = self.frontier
        for n, (entry, envelope_bytes) in enumerate(items):
            hash_, slots = parse_entry(entry)
            envelope = parse(envelope_bytes, "envelope", "FEED_BATCH", closed=False)
            need(header_hash(envelope["header"]) == hash_, "FEED_BATCH", "another header")
            try:
                header = verify_envelope(envelope, self.find_key)
                need(header["publisher"] == self.publisher, "FEED_BATCH", "another publisher")
                need(sum(1 << s["slot"] for s in envelope["sections"]) == slots, "FEED_BATCH", "other slots")
                need(not (header.get("tombstone") and slots), "TOMBSTONE_SECTIONS", "a tombstone opens nothing")
            except Refused as refused:
                need(refused.reason == "NEWER_FORMAT", refused.reason, str(refused))
                verify_newer(envelope, self.publisher, self.find_key)
            frontier = append(frontier, start + n, leaf(entry))
        check_consistency(start + len(items), frontier_root(frontier), target_size, target_root, path)
        self.size, self.frontier = start + len(items), frontier


def slots_for(feed, sections):
    """The slots that every reader of a feed may read (§5), for the feeds that need no list of readers."""
    audiences = {"public": 0x2, "members": 0x6, "recyclers": 0x16}[feed.partition("/")[0]]
    return sum(1 << section["slot"] for section in sections if section["audiences"] & audiences)


def enters(feed, sections):
    wider = {"public": [], "members": ["public"]}.get(feed, ["members"])
    return slots_for(feed, sections) != (slots_for(wider[0], sections) if wider else 0)


def expected_entries(feed, publisher, records):
    """Names and slots of those of `records` (as in record.json) that §5 puts into this feed."""
    entered, expected = set(), {}
    for item in records:
        fields = item["header_fields"]
        if fields["publisher"] != publisher:
            continue
        if "tombstone" in fields and fields["record_id"] in entered:
            expected[item["name"]] = 0
        elif enters(feed, item["sections"]):
            entered.add(fields["record_id"])
            expected[item["name"]] = slots_for(feed, item["sections"])
    return expected
