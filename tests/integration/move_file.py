# SPDX-License-Identifier: Apache-2.0
"""Reads and writes the file of a move (docs/format/move.md), so that tests can forge one that is whole in itself."""
import hashlib

MAGIC, DOMAIN = b"meguri-move 1\n", b"meguri/move/v1\x00"
HEADER, FEEDS, ENTRIES, DIGEST = 1, 2, 3, 4  # fields of a frame
RECORDS, LOOKUPS = 0, 1  # families


def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def varint(value):
    out = b""
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def parse(data):
    """The fields of a message: (number, value), where a value is a number or bytes."""
    fields, at = [], 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        fields.append((tag >> 3, value))
    return fields


def write(fields):
    return b"".join(varint(number << 3 | 2) + varint(len(value)) + value if isinstance(value, bytes)
                    else varint(number << 3) + varint(value) for number, value in fields)


def frames_of(content):
    """(field, fields of the message in it) of each frame but the digest."""
    frames, at = [], len(MAGIC)
    while at < len(content):
        size = int.from_bytes(content[at:at + 4], "big")
        (field, value), = parse(content[at + 4:at + 4 + size])
        if field != DIGEST:
            frames.append((field, parse(value)))
        at += 4 + size
    return frames


def raw_frames_of(content):
    """The bytes of each frame but the digest."""
    frames, at = [], len(MAGIC)
    while at < len(content):
        size = int.from_bytes(content[at:at + 4], "big")
        frames.append(content[at + 4:at + 4 + size])
        at += 4 + size
    return frames[:-1]


def file_of(frames):
    return file_of_raw([write([(field, write(fields))]) for field, fields in frames])


def file_of_raw(frames):
    digest, out = bytes(32), MAGIC
    for frame in frames:
        digest = hashlib.sha256(DOMAIN + digest + frame).digest()
        out += len(frame).to_bytes(4, "big") + frame
    frame = write([(DIGEST, digest)])
    return out + len(frame).to_bytes(4, "big") + frame


def change_entries(content, change):
    """The file with each entry as change(family, key, value) returns its value, or as it is where that is None."""
    frames, count = [], 0
    for field, fields in frames_of(content):
        if field == ENTRIES:
            changed = []
            for _, entry in fields:
                parts = dict(parse(entry))
                value = change(parts.get(1, 0), parts[2], parts.get(3, b""))
                count += value is not None
                changed.append((1, entry if value is None else write([*((n, v) for n, v in parse(entry) if n != 3),
                                                                      (3, value)])))
            fields = changed
        frames.append((field, fields))
    return file_of(frames), count
