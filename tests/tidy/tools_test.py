#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on what clang-format would write otherwise, and on what shellcheck finds.

usage: tools_test.py CLANG_FORMAT SHELLCHECK ROOT          check the tree at ROOT
       tools_test.py CLANG_FORMAT SHELLCHECK --self-test   check that planted offences are found
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import tree

FORMATTED = {".cc", ".h", ".proto"}
SHELLS = ("#!/bin/sh", "#!/usr/bin/env bash", "#!/bin/bash")
STYLE = pathlib.Path(__file__).resolve().parents[2] / ".clang-format"


def is_shell(path):
    with open(path, "rb") as file:
        return file.readline(80).decode(errors="replace").rstrip() in SHELLS


def run(command, paths, root):
    """What `command` says about `paths`; nothing if it is content."""
    if not paths:
        return []
    answer = subprocess.run([*command, *map(str, paths)], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False)
    return [] if answer.returncode == 0 else answer.stdout.splitlines() or [f"{command[0]}: {answer.returncode}"]


def check(clang_format, shellcheck, root):
    paths = tree.files(root)
    code = [path for path in paths if path.suffix in FORMATTED]
    scripts = [path for path in paths if not path.suffix and is_shell(pathlib.Path(root) / path)]
    problems = run([clang_format, "--dry-run", "-Werror"], code, root) + run([shellcheck, "-f", "gcc"], scripts, root)
    return problems, len(code) + len(scripts)


GOOD = {
    "base/a.cc": "int a = 1;\n",
    "deploy/go*": "#!/bin/sh\necho \"$1\"\n",
}
BAD = [
    ({"base/a.cc": "int  a = 1;\n"}, "base/a.cc:1:4: error: code should be clang-formatted"),
    ({"proto/a.proto": "syntax  = \"proto3\";\n"}, "proto/a.proto:1:7: error: code should be clang-formatted"),
    ({"deploy/go*": "#!/bin/sh\necho $1\n"}, "deploy/go:2:6: note: Double quote"),
]


def self_test(clang_format, shellcheck):
    failures = []
    for planted, expected in [({}, None)] + BAD:
        with tempfile.TemporaryDirectory() as root:
            tree.plant(root, {**GOOD, **planted})
            shutil.copy(STYLE, root)
            found = check(clang_format, shellcheck, root)[0]
            if expected is None and found:
                failures.append(f"a clean tree was refused: {found}")
            elif expected is not None and not (found and found[0].startswith(expected)):
                failures.append(f"expected {expected!r}, found {found}")
    return failures


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 64
    if arguments[2] == "--self-test":
        problems = self_test(*arguments[:2])
        summary = f"{len(BAD)} planted offences"
    else:
        problems, files = check(*arguments)
        if files < 2:
            problems.append(f"{arguments[2]}: no files: is this the tree?")
        summary = f"{files} files"
    for problem in problems:
        print(problem)
    print(f"tools: {summary}, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
