#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are made to take all memory: `meguri import` refuses each soon and small."""
import os
import subprocess
import zipfile

from set_up import FederationTest, run


SECONDS_MAX = 5.0  # of processor time, of which what is refused late takes minutes
KILOBYTES_MAX = 100_000
PIECE = 1 << 20


def members(count, form):
    yield b"{"
    for i in range(count):
        yield (form % i).encode()
    yield (form % 1).encode().rstrip(b",") + b"}"


def long_key():
    yield b'{"'
    for _ in range(25):
        yield b"k" * PIECE
    yield b'":1,"a":1,"a":2}'


def nested_arrays():
    yield b"[" * 200_000


def billion_laughs():
    yield b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">'
    for i in range(1, 31):
        yield f'<!ENTITY a{i} "{f"&a{i - 1};" * 2}">'.encode()
    yield b"]><l>&a30;</l>"


def external_entity():
    yield b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>'


# File, what it holds, and why it is refused.
BOMBS = (
    ("repeated.json", members(480_000, '"k%07d":"' + "x" * 30 + '",'), "JSON_DUPLICATE_KEY"),
    ("keys.json", members(490_000, '"' + "y" * 40 + '%07d":1,'), "JSON_DUPLICATE_KEY"),
    ("escaped.json", members(400_000, '"\\u006b%045d":1,'), "JSON_DUPLICATE_KEY"),
    ("many-keys.json", members(2_000_000, '"%08d":1,'), "JSON_NODES"),
    ("long-key.json", long_key(), "JSON_DUPLICATE_KEY"),
    ("nested.json", nested_arrays(), "JSON_DEPTH"),
    ("laughs.xml", billion_laughs(), "XML_DOCTYPE"),
    ("external.xml", external_entity(), "XML_DOCTYPE"),
)


class BombsTest(FederationTest):
    def setUp(self):
        super().setUp()
        self.home = self.operator.folder / "clients" / "admin"

    def refuse(self, path, reason):
        command = [str(self.programs / "meguri"), "--home", str(self.home), "--lang", "en", "import", "--dry-run",
                   str(path)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 65, said)
        self.assertIn(reason, said)
        if b"__asan_init" not in (self.programs / "meguri").read_bytes():  # it keeps books of its own
            self.assertLess(usage.ru_maxrss, KILOBYTES_MAX)
            self.assertLess(usage.ru_utime, SECONDS_MAX)

    def test_texts_that_grow_are_refused_soon_and_small(self):
        for name, pieces, reason in BOMBS:
            with self.subTest(name):
                path = self.folder / name
                with path.open("wb") as file:
                    file.writelines(pieces)
                self.refuse(path, reason)

    def test_a_zip_bomb_is_refused_soon_and_small(self):
        path = self.folder / "bomb.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("xl/workbook.xml", "w", force_zip64=True) as sheet:
                for _ in range(400):
                    sheet.write(b" " * PIECE)
        self.refuse(path, "ZIP_")


if __name__ == "__main__":
    run()
