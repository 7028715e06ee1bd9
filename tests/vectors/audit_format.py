# SPDX-License-Identifier: Apache-2.0
"""docs/format/audit.md: rows of an audit feed. Shares no code with the node."""
from feed_format import is_feed_name
from record_format import TIME_MAX_MS, is_participant, need, sha256, text_of, varint, wire_fields

ROW_SIZE_MAX, RECORDS_MAX, SLOTS_MAX, U32, U64 = 65536, 256, 64, (1 << 32) - 1, (1 << 64) - 1

# Name, type (a dict: a message of such fields), least and most of a number or a length, how often at most.
RECORD = {1: ("record_id", bytes, 16, 16, 1), 2: ("version", int, 1, (1 << 63) - 1, 1), 3: ("slots", int, 1, U64, 1),
          4: ("section_types", int, 1, U32, SLOTS_MAX)}
FEED = {1: ("name", str, 1, 128, 1), 2: ("from", int, 1, U64, 1), 3: ("to", int, 1, U64, 1)}
ROW = {1: ("format_version", int, 1, 1, 1), 2: ("nonce", bytes, 16, 16, 1), 3: ("number", int, 1, U64, 1),
       4: ("time_ms", int, 1, TIME_MAX_MS, 1), 5: ("reader", str, 1, 128, 1), 6: ("identity", str, 1, 256, 1),
       7: ("method", str, 1, 256, 1), 8: ("decision", int, 1, 3, 1), 9: ("rule", str, 1, 256, 1),
       10: ("publisher", str, 1, 128, 1), 11: ("records", RECORD, 0, ROW_SIZE_MAX, RECORDS_MAX),
       12: ("feed", FEED, 0, ROW_SIZE_MAX, 1), 13: ("bytes", int, 1, U64, 1), 14: ("purpose", int, 1, U32, 1),
       15: ("grant_id", bytes, 16, 16, 1), 16: ("request_id", str, 1, 256, 1), 17: ("again", int, 1, U64, 1),
       18: ("detail", str, 1, 1024, 1), 19: ("registry_size", int, 1, U64, 1)}


def walk(data, table, required):
    """The strict wire form of record.md §2. Whatever may be there more than once is a list."""
    reason, message, last = "WIRE_GRAMMAR", {name: [] for name, *_, often in table.values() if often > 1}, 0
    for number, wire, value in wire_fields(data, reason, strict=True):
        need(number in table, reason, f"field {number} does not exist")
        name, kind, least, most, often = table[number]
        need(number >= last and (wire == 0) == (kind is int), reason, f"{name} is out of order, or of another wire type")
        need(least <= (value if kind is int else len(value)) <= most, reason, f"{name} is out of range")
        if isinstance(kind, dict):
            value = walk(value, kind, [kind[1][0]])
        value = text_of(value, reason) if kind is str else value
        need(often > 1 or name not in message, reason, f"{name} is there twice")
        message[name] = message[name] + [value] if often > 1 else value
        need(often == 1 or len(message[name]) <= often, reason, f"{name} is there too often")
        last = number
    need(all(name in message for name in required), reason, "a required field is missing")
    return message


def parse_row(data):
    def rule(holds, why):
        need(holds, "AUDIT_ROW", why)

    rule(len(data) <= ROW_SIZE_MAX, "more than 65,536 bytes")
    newer = data[:1] == b"\x08" and 2 <= varint(data, 1, "WIRE_GRAMMAR", strict=True)[0] < 1 << 32
    need(not newer, "NEWER_FORMAT", "this row is of a newer format")
    row = walk(data, ROW, [ROW[number][0] for number in (1, 2, 3, 4, 5, 6, 8)])
    feed, delivered = row.get("feed", {}), row["decision"] == 1
    first, end = feed.get("from", 0), feed.get("to", 0)
    rule(is_participant(row["reader"]), "reader is no participant ID")
    rule("publisher" not in row or is_participant(row["publisher"]), "publisher is no participant ID")
    rule(not feed or is_feed_name(feed["name"]), "no name of a feed")
    rule(first < end or first == end == 0, "entries that end before they begin")
    rule(not delivered or ("rule" in row and "publisher" in row and (row["records"] or end)), "a delivery of nothing")
    rule(row["decision"] != 2 or "rule" in row, "a refusal without a reason")
    for record in row["records"]:
        slots = bin(record.get("slots", 0)).count("1")
        rule(len(record["section_types"]) in (0, slots), "one type for each slot, or none")
        rule(not delivered or "version" in record, "what was delivered is a version")
    return row


def entry(row):
    return b"\x01" + sha256(b"meguri/audit-row/v1\0", row) + bytes(8)
