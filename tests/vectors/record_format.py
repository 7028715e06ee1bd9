# SPDX-License-Identifier: Apache-2.0
"""docs/format/record.md, and protobuf as far as it is needed. Shares no code with the node."""
import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

HEADER_SIZE_MAX, PAYLOAD_SIZE_MAX, RECORD_SIZE_MAX, BATCH_SIZE_MAX = 4096, 8 << 20, 32 << 20, 65536
TIME_MAX_MS = 253402300799999
RECORD_TYPES = {1, 2, 3, 4, 16, 32, 64, 65, 66, 67, 68, 80, 81, 96, 97, 98, 99, 100, 101}


class Refused(Exception):
    """The bytes are not what they must be: a stable reason, and why."""

    def __init__(self, reason, why):
        super().__init__(f"{reason}: {why}")
        self.reason = reason


def need(holds, reason, why):
    if not holds:
        raise Refused(reason, why)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def u(size, number):
    return number.to_bytes(size, "big")


# ---- Wire format: the strict grammar of headers (record.md §2), and protobuf for what only carries them.

def varint(data, at, reason, strict):
    value = 0
    for n, byte in enumerate(data[at:at + 10]):
        value |= (byte & 0x7f) << 7 * n
        if byte < 0x80:
            need(not strict or ((byte or n == 0) and value < 1 << 64), reason, "a varint is not minimal or too large")
            return value & (1 << 64) - 1, at + n + 1
    raise Refused(reason, "a varint is cut or has more than ten bytes")


def wire_fields(data, reason, strict):
    """Yields (field number, wire type, value)."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at, reason, strict)
        need(tag >> 3 and (tag & 7 in (0, 2) or (not strict and tag & 7 in (1, 5))), reason, "tag or wire type")
        value, at = varint(data, at, reason, strict) if tag & 7 in (0, 2) else ({1: 8, 5: 4}[tag & 7], at)
        if tag & 7:
            need(value <= len(data) - at, reason, "a field reaches beyond the end")
            value, at = data[at:at + value], at + value
        yield tag >> 3, tag & 7, value


def text_of(data, reason):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(reason, "not UTF-8") from error


# Name, type (list: repeated bytes; dict: tombstone), least and most: of a number, or of a length.
TOMBSTONE = {1: ("reason", int, 1, 4), 2: ("successor_record_id", bytes, 16, 16),
             3: ("successor_participant_id", str, 6, 40)}
HEADER = {1: ("format_version", int, 1, 1), 2: ("record_id", bytes, 16, 16), 3: ("version", int, 1, (1 << 63) - 1),
          4: ("record_type", int, 1, 101), 5: ("publisher", str, 6, 40), 6: ("issue_time_ms", int, 1, TIME_MAX_MS),
          7: ("previous_header_hash", bytes, 32, 32), 8: ("section_digests", list, 32, 32),
          9: ("tombstone", dict, 1, HEADER_SIZE_MAX)}


def walk(data, table, required):
    reason, message, last = "WIRE_GRAMMAR", {}, 0
    for number, wire, value in wire_fields(data, reason, strict=True):
        need(number in table, reason, f"field {number} does not exist")
        name, kind, least, most = table[number]
        need(number > last or (number == last and kind is list), reason, f"{name} is out of order or there twice")
        need((wire == 0) == (kind is int), reason, f"{name} has wire type {wire}")
        need(least <= (value if kind is int else len(value)) <= most, reason, f"{name} is out of range")
        if kind is list:
            value = message.get(name, []) + [value]
        elif kind is dict:
            value = walk(value, TOMBSTONE, ["reason"])
        message[name], last = text_of(value, reason) if kind is str else value, number
    need(all(name in message for name in required), reason, "a required field is missing")
    return message


def parse_header(data):
    need(len(data) <= HEADER_SIZE_MAX, "WIRE_GRAMMAR", "more than 4,096 bytes")
    newer = data[:1] == b"\x08" and 2 <= varint(data, 1, "WIRE_GRAMMAR", strict=True)[0] < 1 << 32
    need(not newer, "NEWER_FORMAT", "this header is of a newer format")
    header = walk(data, HEADER, [HEADER[number][0] for number in (1, 2, 3, 4, 5, 6, 8)])
    need(header["record_type"] in RECORD_TYPES, "WIRE_GRAMMAR", "unknown record type")
    need(len(header["section_digests"]) <= 64, "WIRE_GRAMMAR", "more than 64 digests")
    end = header.get("tombstone", {"reason": 0})
    heir = end.get("successor_participant_id")
    for holds, why in ((is_participant(header["publisher"]), "publisher is no participant ID"),
                       (("previous_header_hash" in header) == (header["version"] > 1), "previous_header_hash, version"),
                       (len(header["section_digests"]) in (8, 16, 32, 64), "not 8, 16, 32 or 64 slots"),
                       (not end["reason"] or header["version"] > 1, "tombstone in version 1"),
                       (("successor_record_id" in end) == (end["reason"] == 2), "successor_record_id, reason"),
                       (end.get("successor_record_id") != header["record_id"], "superseded by itself"),
                       ((heir is not None) == (end["reason"] == 3), "successor_participant_id, reason"),
                       (heir is None or (is_participant(heir) and heir != header["publisher"]), "no other member")):
        need(holds, "HEADER_RULE", why)
    return header


def schema(text):
    """A protobuf message: one word per field number; `*` repeats, `n` is a u32, `N` a u64, `b` bytes, `s` a string."""
    return {number: (word.rstrip("*").split(":")[0], word.rstrip("*").split(":")[1], word.endswith("*"))
            for number, word in enumerate(text.split(), 1)}


SCHEMAS = {name: schema(text) for name, text in {
    "section": "slot:n type:n audiences:n salt:b payload:b",
    "batch": "key_id:b size:N index:N path:b* signature:b",
    "envelope": "header:b signature:batch sections:section*",
    "feed_proof": "feed:s epoch:N index:N entry:b path:b* checkpoint:b",
    "record_proof": "feed:s epoch:N index:N entry:b path:b* checkpoint:b receipts:receipt_proof*",
    "record_file": "format_version:n record:envelope publisher_entry:envelope record_proofs:record_proof*"
                   " publisher_entry_proof:feed_proof trust_bundle_version:N trust_bundle_hash:b digest:b",
    "signed_body": "payload_type:s body:b signatures:key_signature*",
    "key_signature": "key_id:b signature:b",
}.items()}
EMPTY = {"n": 0, "N": 0, "b": b"", "s": ""}


def parse(data, kind, reason, closed):
    """Reads protobuf as protobuf parsers do; `closed` refuses unknown fields at every depth (trust.md §2)."""
    if kind in ("n", "N", "b"):
        return data & 0xffffffff if kind == "n" else data
    if kind == "s":
        return text_of(data, reason)
    found = {number: [] for number in SCHEMAS[kind]}
    for number, wire, value in wire_fields(data, reason, strict=False):
        known = number in found and wire == (0 if SCHEMAS[kind][number][1] in "nN" else 2)
        need(known or not closed, reason, f"unknown field {number}")
        if known:
            found[number].append(value)
    message = {}
    for number, (name, inner, repeated) in SCHEMAS[kind].items():
        values = [parse(value, inner, reason, closed) for value in found[number]]
        if inner in SCHEMAS and not repeated and values:  # the pieces of one message are merged
            values = [parse(b"".join(found[number]), inner, reason, closed)]
        message[name] = values if repeated else [EMPTY.get(inner), *values][-1]
    return message


def write_varint(value):
    return bytes([value]) if value < 0x80 else bytes([value & 0x7f | 0x80]) + write_varint(value >> 7)


def write(message, kind):
    """The one encoding of a message: fields ascend, numbers are minimal, and what is empty is left out."""
    encoded = b""
    for number, (name, inner, repeated) in SCHEMAS[kind].items():
        is_empty = message[name] in (None, EMPTY.get(inner))
        for value in message[name] if repeated else [] if is_empty else [message[name]]:
            if inner in "nN":
                encoded += write_varint(number << 3) + write_varint(value)
            else:
                value = write(value, inner) if inner in SCHEMAS else value.encode() if inner == "s" else value
                encoded += write_varint(number << 3 | 2) + write_varint(len(value)) + value
    return encoded


# ---- Names and keys: record.md §1 and §5.

def is_participant(text):
    match = re.fullmatch("([0-9]{4}):([A-Za-z0-9._-]{1,35})", text)
    if not match or match[1] not in ("0188", "0088"):
        return bool(match)
    if not re.fullmatch("[0-9]{13}", match[2]):
        return False
    digits = [int(digit) for digit in match[2]]
    if match[1] == "0188":
        return digits[0] == 9 - sum(d * (1 + n % 2) for n, d in enumerate(reversed(digits[1:]))) % 9
    return digits[12] == -sum(d * (3 - 2 * (n % 2)) for n, d in enumerate(reversed(digits[:12]))) % 10


ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")
P256_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
ED25519_P = (1 << 255) - 19
WEAK_Y = {0, 1, ED25519_P - 1} | {int.from_bytes(bytes.fromhex(text), "little") for text in (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}


def load_key(spki):
    if spki[:12] == ED25519_PREFIX and len(spki) == 44:
        y = int.from_bytes(spki[12:], "little") & (1 << 255) - 1
        need(y < ED25519_P and y not in WEAK_Y, "WEAK_KEY", "anybody can sign for this key")
        return ed25519.Ed25519PublicKey.from_public_bytes(spki[12:])
    need(spki[:27] == P256_PREFIX and len(spki) == 91, "BAD_KEY", "neither Ed25519 nor P-256, or encoded otherwise")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), spki[26:])
    except ValueError as error:
        raise Refused("BAD_KEY", "not a point of the curve") from error


def check_signature(spki, signed, signature, reason="BAD_SIGNATURE"):
    key = load_key(spki)
    need(len(signature) == 64, reason, "a signature has 64 bytes")
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            return key.verify(signature, signed)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        need(0 < r < P256_ORDER and 0 < s < P256_ORDER, reason, "r or s out of range")
        return key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused(reason, "the signature does not verify") from error


def key_id(federation, participant, spki):
    return sha256(b"meguri/key/v1\0", federation.encode(), b"\0", participant.encode(), b"\0", spki)


# ---- Records: record.md §3, §4, §6, §7, §8.

def header_hash(header):
    return sha256(b"meguri/header/v1\0", header)


def section_preimage(header, section):
    publisher = header["publisher"].encode()
    return b"".join((b"meguri/section/v1\0", u(2, len(publisher)), publisher, header["record_id"],
                     u(8, header["version"]), section["salt"], u(4, section["type"]), u(4, section["audiences"]),
                     u(8, len(section["payload"])), section["payload"]))


def check_sections(header, sections):
    need(not (header.get("tombstone") and sections), "TOMBSTONE_SECTIONS", "a tombstone opens nothing")
    slot, types = -1, set()
    for section in sections:
        need(slot < section["slot"] < len(header["section_digests"]), "SECTION_SLOT", "slots ascend, below the digests")
        need(section["audiences"] and not section["audiences"] & ~0x1fe, "SECTION_AUDIENCES", "not bits 1 to 8")
        need(len(section["salt"]) == 32, "SECTION_SALT", "a salt has 32 bytes")
        need(len(section["payload"]) <= PAYLOAD_SIZE_MAX, "SECTION_SIZE", "payload too large")
        need(section["type"] and section["type"] not in types, "SECTION_TYPE", "type 0, or a type twice")
        need(sha256(section_preimage(header, section)) == header["section_digests"][section["slot"]], "SECTION_DIGEST",
             f"slot {section['slot']} has another digest")
        slot, types = section["slot"], types | {section["type"]}
    need(sum(len(s["payload"]) for s in sections) <= RECORD_SIZE_MAX, "RECORD_SIZE", "payloads too large")


def pae(payload_type, body):
    return b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type, len(body), body)


def batch_root(leaf_hash, batch):
    size, path = batch["size"], batch["path"]
    need(len(batch["key_id"]) == 32, "BATCH_KEY", "a key ID has 32 bytes")
    need(0 < size <= BATCH_SIZE_MAX and size & (size - 1) == 0, "BATCH_SIZE", "not a power of two up to 65,536")
    need(batch["index"] < size, "BATCH_INDEX", "index beyond the batch")
    need(1 << len(path) == size and all(len(p) == 32 for p in path), "BATCH_PATH", "path does not fit the size")
    root = sha256(b"\0", leaf_hash)
    for n, sibling in enumerate(path):
        root = sha256(b"\1", sibling, root) if batch["index"] >> n & 1 else sha256(b"\1", root, sibling)
    return root


def batch_signed(batch, root):
    return pae(b"application/vnd.meguri.batch.v1", batch["key_id"] + u(8, batch["size"]) + root)


def check_batch(spki, hash_, batch):
    check_signature(spki, batch_signed(batch, batch_root(hash_, batch)), batch["signature"])


def verify_envelope(envelope, find_key):
    """§7. find_key(key ID, publisher) gives the SubjectPublicKeyInfo, or refuses. Returns the header."""
    header = parse_header(envelope["header"])
    need(envelope["signature"], "BATCH_KEY", "there is no signature")
    spki = find_key(envelope["signature"]["key_id"], header["publisher"])
    check_batch(spki, header_hash(envelope["header"]), envelope["signature"])
    check_sections(header, envelope["sections"])
    return header


def verify_newer(envelope, publisher, find_key):
    """What can be judged of a header of a newer format in a feed of `publisher` (§2): its hash and its signature."""
    spki = find_key(envelope["signature"]["key_id"], publisher)
    check_batch(spki, header_hash(envelope["header"]), envelope["signature"])


def signature_under(body, payload_type, wanted):
    """The signature that decides for a key ID, over the bytes that it signs (§8)."""
    need(body["payload_type"] == payload_type, "PAYLOAD_TYPE", f"not {payload_type}")
    signatures = [s["signature"] for s in body["signatures"] if s["key_id"] == wanted]
    need(signatures, "SIGNATURE_MISSING", "no signature under this key ID")
    return signatures[0], pae(payload_type.encode(), body["body"])
