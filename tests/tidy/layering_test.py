#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if an #include crosses the layers of layers.txt.

usage: layering_test.py ROOT          check the tree at ROOT
       layering_test.py --self-test   check that planted offences are found
"""

import pathlib
import re
import sys
import tempfile

import tree

POLICY = "tests/tidy/layers.txt"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD = re.compile(r"^[a-z0-9_]+(\.h)?$")  # <vector>, <stdint.h>
SERVICES = re.compile(r"(_service\.pb|\.grpc\.pb)\.h$")


class Policy:
    """layers.txt, read."""

    def __init__(self, text):
        self.folders = {}
        self.libraries = {}
        section = None
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if line in ("[folders]", "[libraries]"):
                section = self.folders if line == "[folders]" else self.libraries
            elif line:
                name, allowed = line.split(":", 1)
                section[name.strip()] = allowed.split()

    def folder_of(self, path):
        """The policy line that covers a file: its folder, or the nearest one above. None: nobody thought of it."""
        for folder in [str(parent) for parent in pathlib.PurePosixPath(path).parents]:
            if folder in self.folders:
                return folder
        return None

    def library_of(self, include):
        """The longest library prefix of an include, or None."""
        return max((name for name in self.libraries if include.startswith(name)), key=len, default=None)

    def may_use(self, folder, library):
        """Whether a folder, or one above it, is listed for the library."""
        allowed = self.libraries[library]
        return "*" in allowed or any(folder == name or folder.startswith(name + "/") for name in allowed)

    def may_include(self, folder, other):
        """Whether a file of `folder` may include one of `other`."""
        if folder == other:
            return True
        allowed = self.folders[folder]
        return other in allowed or ("*" in allowed and other != "tests")


def find_cycle(edges):
    """A path that ends where it starts in a graph (node -> set of nodes), or None."""
    done = set()
    for start in sorted(edges):
        stack = [(start, iter(sorted(edges.get(start, ()))))]
        on_path = [start]
        while stack and start not in done:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                done.add(on_path.pop())
            elif following in on_path:
                return on_path[on_path.index(following):] + [following]
            elif following not in done:
                stack.append((following, iter(sorted(edges.get(following, ())))))
                on_path.append(following)
    return None


class Check:
    """One walk over a tree."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.policy = Policy((self.root / POLICY).read_text(encoding="utf-8"))
        self.problems = []
        self.sources = [path for path in tree.files(self.root) if path.suffix in (".h", ".cc")]
        self.file_edges = {}
        self.include_count = 0

    def run(self):
        known = {str(path) for path in self.sources}
        for path in self.sources:
            folder = self.policy.folder_of(path)
            if folder is None:
                self.problems.append(f"{path}:1: {path.parent} has no line in {POLICY}: say there what it may include")
                continue
            text = (self.root / path).read_text(encoding="utf-8", errors="replace")
            for number, line in enumerate(text.splitlines(), 1):
                found = INCLUDE.match(line)
                if found:
                    self.include_count += 1
                    self.check_include(path, number, folder, found[1], found[2], known)
        self.check_cycles()
        return self.problems

    def check_include(self, path, number, folder, quote, include, known):
        where = f"{path}:{number}"
        if include in known:
            self.file_edges.setdefault(str(path), set()).add(include)
            self.check_edge(where, folder, include)
        elif include.endswith(".pb.h") and include.startswith(("meguri/", "google/rpc/")):
            self.check_generated(where, folder, include)
        elif "/" in include or quote == '"' or not STANDARD.match(include) or self.policy.library_of(include):
            self.check_library(where, folder, include)

    def check_edge(self, where, folder, include):
        other = self.policy.folder_of(include)
        if other is None or not self.policy.may_include(folder, other):
            self.problems.append(f"{where}: {folder} may not include {include} (allowed: "
                                 f"{' '.join(self.policy.folders[folder]) or 'nothing'})")

    def check_generated(self, where, folder, include):
        kind = "services" if SERVICES.search(include) else "messages"
        if not self.policy.may_include(folder, kind):
            self.problems.append(f"{where}: {folder} may not include the {kind} of proto/ ({include})")

    def check_library(self, where, folder, include):
        library = self.policy.library_of(include)
        if library is None:
            self.problems.append(f"{where}: {include} is neither a file from the root of the tree nor a library of "
                                 f"{POLICY}")
        elif not self.policy.may_use(folder, library):
            self.problems.append(f"{where}: {folder} may not use {library} (only "
                                 f"{' '.join(self.policy.libraries[library])})")

    def check_cycles(self):
        cycle = find_cycle(self.file_edges)
        if cycle:
            self.problems.append(f"{cycle[0]}:1: files include each other in a circle: {' -> '.join(cycle)}")
        cycle = find_cycle({folder: {other for other in allowed if other in self.policy.folders and other != folder}
                            for folder, allowed in self.policy.folders.items()})
        if cycle:
            self.problems.append(f"{POLICY}:1: the folders allow a circle: {' -> '.join(cycle)}")


SELF_TEST_POLICY = """
[folders]
base:
record: messages base
node/query: messages base record
node/follow: messages base record
node/rpc: messages services base record node/query
tests: * tests
[libraries]
absl/: *
grpcpp/: node/rpc tests
fstream: tests
"""

GOOD = {
    POLICY: SELF_TEST_POLICY,
    "base/clock.h": '#include <vector>\n#include "absl/time/time.h"\n',
    "record/header.h": '#include "base/clock.h"\n#include "meguri/record/v1/record.pb.h"\n#include "record/hash.h"\n',
    "record/hash.h": "#include <stdint.h>\n",
    "node/rpc/edge.cc": '#include <grpcpp/grpcpp.h>\n#include "meguri/record/v1/record_service.grpc.pb.h"\n',
    "tests/unit/header_test.cc": '#include "record/header.h"\n#include "tests/testing/fakes.h"\n#include <fstream>\n',
    "tests/testing/fakes.h": "",
}

# Each is one offence: the files that commit it, and what the finding starts with.
BAD = [
    ({"base/clock.cc": '#include "record/hash.h"\n'}, "base/clock.cc:1: base may not include record/hash.h"),
    ({"node/query/query.cc": '\n#include "node/follow/follow.h"\n', "node/follow/follow.h": ""},
     "node/query/query.cc:2: node/query may not include node/follow/follow.h"),
    ({"record/fake.cc": '#include "tests/testing/fakes.h"\n'}, "record/fake.cc:1: record may not include tests/"),
    ({"node/query/query.cc": "#  include <grpcpp/grpcpp.h>\n"}, "node/query/query.cc:1: node/query may not use grpcpp/"),
    ({"record/read.cc": "#include <fstream>\n"}, "record/read.cc:1: record may not use fstream"),
    ({"node/query/query.cc": '#include "meguri/record/v1/record_service.pb.h"\n'},
     "node/query/query.cc:1: node/query may not include the services"),
    ({"base/proto.cc": '#include "meguri/record/v1/record.pb.h"\n'}, "base/proto.cc:1: base may not include the messages"),
    ({"node/audit/audit.cc": "\n"}, "node/audit/audit.cc:1: node/audit has no line"),
    ({"record/zip.cc": "#include <zip/zip.h>\n"}, "record/zip.cc:1: zip/zip.h is neither"),
    ({"record/local.cc": '#include "hash.h"\n'}, "record/local.cc:1: hash.h is neither"),
    ({"record/a.h": '#include "record/b.h"\n', "record/b.h": '#include "record/a.h"\n'},
     "record/a.h:1: files include each other"),
    ({POLICY: SELF_TEST_POLICY.replace("base:", "base: record", 1)}, f"{POLICY}:1: the folders allow a circle"),
]


def self_test():
    failures = []
    for planted, expected in [({}, None)] + BAD:
        with tempfile.TemporaryDirectory() as root:
            tree.plant(root, {**GOOD, **planted})
            found = Check(root).run()
            if expected is None and found:
                failures.append(f"a clean tree was refused: {found}")
            elif expected is not None and not (len(found) == 1 and found[0].startswith(expected)):
                failures.append(f"expected {expected!r}, found {found}")
    return failures


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 64
    if arguments[0] == "--self-test":
        problems = self_test()
        summary = f"{len(BAD)} planted offences"
    else:
        check = Check(arguments[0])
        problems = check.run()
        if not check.include_count:
            problems.append(f"{arguments[0]}: no #include found: is this the tree?")
        summary = f"{check.include_count} includes of {len(check.sources)} files"
    for problem in problems:
        print(problem)
    print(f"layering: {summary}, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
