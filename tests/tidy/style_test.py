#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on what a reviewer would otherwise have to say again and again.

usage: style_test.py ROOT          check the tree at ROOT
       style_test.py --self-test   check that planted offences are found
"""

import pathlib
import re
import sys
import tempfile

import tree

LINES_MAX = 900
COLUMNS_MAX = 120
README_LINES_MAX = 15

SPDX = "SPDX-License-Identifier: Apache-2.0"
SPDX_SUFFIXES = {".h", ".cc", ".proto", ".py", ".sh", ".cmake", ".ts", ".tsx", ".js", ".css"}
LENGTH_SUFFIXES = SPDX_SUFFIXES - {".css"}
CODE_TOPS = {"base", "record", "certs", "passport", "storage", "node", "client", "bench", "proto", "tests"}

# A banned word, and what to write instead.
BANNED_WORDS = {
    "util": "name the file or type after what it does",
    "utils": "name the file or type after what it does",
    "helper": "name it after the thing it makes or checks",
    "helpers": "name it after the thing it makes or checks",
    "manager": "say what it does: Committer, Follower, Registry",
    "misc": "each thing has a place of its own",
    "impl": "the interface has the plain noun, the implementation says how: RocksdbStore",
}
# Banned as part of the name of a file or type; ordinary words elsewhere.
BANNED_IN_TITLES = {
    "common": "say what is shared, or move it to base/",
    "data": "say which data",
    "info": "say which facts",
    "process": "say what is done",
}
# Names that libraries gave us.
FOREIGN_NAMES = re.compile(r"\bgoogle::protobuf::util\b|\bgrpc::\w+::impl\b|\bprotobuf/util/|\bstd::data\b")

TYPE_NAME = re.compile(r"^\s*(?:template\s*<[^>]*>\s*)?(?:class|struct|enum\s+class|enum|union|using)\s+(\w+)\s*[;:{=]"
                       r"|^\s*(?:class|struct)\s+(\w+)\s+final\b")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

# The pieces are put together here so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("root", "work", "home")) + r")/[\w.$-]")
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
PRIVATE_KEY = re.compile("BEGIN [A-Z ]*PRIVATE" + r" KEY-----(?:\\n|[\"\s])*[A-Za-z0-9+/=]{32,}")

# Per line of C++, comments and string contents removed: (pattern, what to do instead, where it is allowed).
CPP_RULES = [
    (re.compile(r"\bstd::string_view\b"), "use absl::string_view: Debian's is not the std one", ()),
    (re.compile(r"#\s*include\s*<string_view>"), "use absl/strings/string_view.h", ()),
    (re.compile(r"\babsl::(?:Mutex|MutexLock|CondVar)\b"), "use base/mutex.h: Debian's absl::Mutex gives false TSan races",
     ()),
    (re.compile(r"\bstd::(?:mutex|recursive_mutex|shared_mutex|lock_guard|unique_lock|scoped_lock)\b"),
     "use Mutex and MutexLock of base/mutex.h, which carry annotations", ("base/mutex.h",)),
    (re.compile(r"\bthrow\b"), "return absl::Status", ()),
    (re.compile(r"\btry\s*\{"), "return absl::Status; only the start of a program catches what a library throws",
     ("main.cc", "program.cc")),
    (re.compile(r"^using\s+namespace\b"), "name what you use", ()),
]
# A check is switched off by its name.
BARE_NOLINT = re.compile(r"\bNOLINT(?:NEXTLINE|BEGIN)?\b(?!\()")
# In tests a clock moves because the test says so.
SLEEP = re.compile(r"\b(?:sleep_for|sleep_until|SleepFor|usleep|nanosleep)\b|(?<![\w.>:])sleep\s*\(")
# The clock comes in by parameter: these folders never read it themselves.
CLOCK_READ = re.compile(r"\babsl::Now\s*\(|\b(?:system|steady)_clock::now\s*\(|\bGetCurrentTimeNanos\b")
CLOCK_FREE = ("record/", "certs/", "passport/", "storage/", "node/policy/", "node/publish/", "node/query/",
              "node/follow/", "node/membership/")

MARKDOWN_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def without_comments(text):
    """C++ with the contents of comments and string literals removed; lines stay where they are."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)

    def blank(found):
        literal = found[0]
        return literal[0] * 2 * (literal[0] == '"') + "\n" * literal.count("\n")

    lines = []
    for line, original in zip(pattern.sub(blank, text).split("\n"), text.split("\n")):
        lines.append(original if original.lstrip().startswith("#") else line)
    return "\n".join(lines)


def words_of(name):
    return [word.lower() for word in WORD.findall(name)]


class Check:
    """One walk over a tree."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.problems = []
        self.paths = tree.files(self.root)
        self.known = {str(path) for path in self.paths}

    def report(self, path, number, problem):
        self.problems.append(f"{path}:{number}: {problem}")

    def run(self):
        for path in self.paths:
            self.check_name(path)
            try:
                text = (self.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # not text
            lines = text.split("\n")
            self.check_any_text(path, text, lines)
            self.check_first_lines(path, lines)
            self.check_length(path, lines)
            if path.suffix in (".h", ".cc"):
                self.check_cpp(path, text, lines)
            if path.suffix == ".py" and path.parts[0] == "tests":
                self.check_lines(path, lines, re.compile(r"\btime\.sleep\s*\("), "wait for the event itself")
            if path.suffix == ".md":
                self.check_markdown(path, lines)
        self.check_readmes()
        return self.problems

    def check_lines(self, path, lines, pattern, instead):
        for number, line in enumerate(lines, 1):
            if pattern.search(line):
                self.report(path, number, f"{pattern.search(line)[0].strip()}: {instead}")

    def check_name(self, path):
        if path.parts[0] in CODE_TOPS and path.suffix in SPDX_SUFFIXES | {""}:
            for word in words_of(" ".join(path.parts[:-1] + (path.stem,))):
                instead = {**BANNED_WORDS, **BANNED_IN_TITLES}.get(word)
                if instead and "google" not in path.parts:
                    self.report(path, 1, f"the name says {word}: {instead}")

    def check_any_text(self, path, text, lines):
        self.check_lines(path, lines, MACHINE_PATH, "a path of one machine; derive it")
        if path.suffix != ".md" or path.parts[0] != "docs":
            self.check_lines(path, lines, UNFINISHED, "finish it, or file an issue")
        if PRIVATE_KEY.search(text):
            self.report(path, text[:PRIVATE_KEY.search(text).start()].count("\n") + 1,
                        "a private key: make it when it is needed, never commit one")

    def check_first_lines(self, path, lines):
        is_script = lines[0].startswith("#!")
        if path.suffix in SPDX_SUFFIXES or path.name == "CMakeLists.txt" or is_script:
            first = lines[1] if is_script and len(lines) > 1 else lines[0]
            if SPDX not in first:
                self.report(path, 1, f"the first line is not {SPDX}")
        executable = bool((self.root / path).stat().st_mode & 0o100)
        if is_script and not executable:
            self.report(path, 1, "starts with #! but is not executable: chmod +x")
        if executable and not is_script:
            self.report(path, 1, "is executable but has no #! line")

    def check_length(self, path, lines):
        if path.suffix in LENGTH_SUFFIXES and len(lines) - 1 > LINES_MAX:
            self.report(path, LINES_MAX + 1, f"{len(lines) - 1} lines: more than {LINES_MAX} do not fit in a head")
        if path.suffix in (".h", ".cc"):
            for number, line in enumerate(lines, 1):
                if len(line) > COLUMNS_MAX:
                    self.report(path, number, f"{len(line)} columns: at most {COLUMNS_MAX}")

    def check_cpp(self, path, text, lines):
        code = without_comments(text).split("\n")
        for pattern, instead, allowed in CPP_RULES:
            if str(path) not in allowed and path.name not in allowed:
                self.check_lines(path, code, pattern, instead)
        self.check_lines(path, lines, BARE_NOLINT, "say which check is off: NOLINT(name)")
        if path.parts[0] == "tests":
            self.check_lines(path, code, SLEEP, "advance the FakeClock, or wait for the event itself")
        if str(path).startswith(CLOCK_FREE):
            self.check_lines(path, code, CLOCK_READ, "the clock comes in by parameter (base/clock.h)")
        if path.suffix == ".h" and "#pragma once" not in lines:
            self.report(path, 1, "a header says #pragma once")
        for number, line in enumerate(code, 1):
            if not line.lstrip().startswith("#include"):
                self.check_words(path, number, FOREIGN_NAMES.sub("", line))

    def check_words(self, path, number, line):
        for name in sorted(set(IDENTIFIER.findall(line))):
            for word in words_of(name):
                if word in BANNED_WORDS:
                    self.report(path, number, f"{name} says {word}: {BANNED_WORDS[word]}")
        found = TYPE_NAME.match(line)
        if found:
            name = found[1] or found[2]
            for word in words_of(name):
                if word in BANNED_IN_TITLES:
                    self.report(path, number, f"{name} says {word}: {BANNED_IN_TITLES[word]}")

    def check_markdown(self, path, lines):
        for number, line in enumerate(lines, 1):
            for target in MARKDOWN_LINK.findall(line):
                if ":" not in target and not (self.root / path.parent / target).exists():
                    self.report(path, number, f"the link leads nowhere: {target}")

    def check_readmes(self):
        """Each folder of code, first and second level, says in a few lines what lives there."""
        folders = set()
        for path in self.paths:
            if path.parts[0] in CODE_TOPS and path.suffix in SPDX_SUFFIXES:
                depths = (1,) if path.parts[0] == "proto" else (1, 2)
                folders.update("/".join(path.parts[:depth]) for depth in depths if len(path.parts) > depth)
        for folder in sorted(folders):
            readme = f"{folder}/README.md"
            if readme not in self.known:
                self.report(readme, 1, "missing: what lives here, where to look, what never to do here")
            else:
                count = len((self.root / readme).read_text(encoding="utf-8").splitlines())
                if count > README_LINES_MAX:
                    self.report(readme, count, f"{count} lines: at most {README_LINES_MAX}")


HEAD = f"// {SPDX}\n"
GOOD = {
    "base/README.md": "What everybody needs.\n",
    "base/clock.h": HEAD + "#pragma once\n// try { throw } as std::string_view\nconst char* kText = \"throw util\";\n",
    "tests/README.md": "See [the other](../base/README.md).\n",
    "tests/unit/README.md": "Unit tests.\n",
    "tests/unit/run*": f"#!/bin/sh\n# {SPDX}\n",
    "record/README.md": "Signed.\n",
    "record/json.cc": HEAD + "#include <google/protobuf/util/json_util.h>\n"
                             "auto status = google::protobuf::util::MessageToJsonString(message, &text).data();\n",
    "node/README.md": "", "node/app/README.md": "",
    "node/app/main.cc": HEAD + "int main() { try { return 0; } catch (...) { return 70; } }\n",
    "docs/picture.png": "",
}

# Each is one offence: the files that commit it, and what the finding starts with.
BAD = [
    ({"base/a.cc": "int a;\n"}, "base/a.cc:1: the first line is not"),
    ({"base/CMakeLists.txt": "add_library(base)\n"}, "base/CMakeLists.txt:1: the first line is not"),
    ({"base/a.cc": HEAD + "int a;\n" * LINES_MAX}, f"base/a.cc:{LINES_MAX + 1}: {LINES_MAX + 1} lines"),
    ({"base/a.cc": HEAD + "int " + "a" * COLUMNS_MAX + ";\n"}, "base/a.cc:2: 125 columns"),
    ({"base/string_util.cc": HEAD}, "base/string_util.cc:1: the name says util"),
    ({"base/data.cc": HEAD}, "base/data.cc:1: the name says data"),
    ({"base/a.cc": HEAD + "class FeedManager;\n"}, "base/a.cc:2: FeedManager says manager"),
    ({"base/a.cc": HEAD + "int feed_helper = 1;\n"}, "base/a.cc:2: feed_helper says helper"),
    ({"base/a.cc": HEAD + "struct FeedInfo {\n"}, "base/a.cc:2: FeedInfo says info"),
    ({"base/a.cc": HEAD + "std::string_view a;\n"}, "base/a.cc:2: std::string_view: use absl"),
    ({"base/a.cc": HEAD + "absl::Mutex a;\n"}, "base/a.cc:2: absl::Mutex: use base/mutex.h"),
    ({"base/a.cc": HEAD + "std::mutex a;\n"}, "base/a.cc:2: std::mutex: use Mutex"),
    ({"base/a.cc": HEAD + "/* x\n */ throw 1;\n"}, "base/a.cc:3: throw: return"),
    ({"base/a.cc": HEAD + "void A() { try {\n"}, "base/a.cc:2: try {: return"),
    ({"base/a.cc": HEAD + "using namespace std;\n"}, "base/a.cc:2: using namespace: name"),
    ({"base/a.cc": HEAD + "int a;  // NOLINT\n"}, "base/a.cc:2: NOLINT: say which"),
    ({"base/a.h": HEAD + "int a;\n"}, "base/a.h:1: a header says"),
    ({"base/a.cc": HEAD + "// " + "TO" + "DO: later\n"}, "base/a.cc:2: TO" + "DO: finish"),
    ({"docs/a.md": "Look into " + "/ro" + "ot/notes.\n"}, "docs/a.md:1: /ro" + "ot/n: a path"),
    ({"docs/a.md": "See [it](nowhere.md).\n"}, "docs/a.md:1: the link leads nowhere"),
    ({"docs/key.pem": "-----BEGIN PRIVATE" + " KEY-----\n" + "A" * 40 + "\n"}, "docs/key.pem:1: a private key"),
    ({"record/key.cc": HEAD + 'auto k = "-----BEGIN EC PRIVATE' + ' KEY-----\\n"\n"' + "A" * 40 + '";\n'},
     "record/key.cc:2: a private key"),
    ({"tests/unit/a_test.cc": HEAD + "std::this_thread::sleep_for(a);\n"}, "tests/unit/a_test.cc:2: sleep_for: advance"),
    ({"tests/unit/a_test.cc": HEAD + "sleep(1);\n"}, "tests/unit/a_test.cc:2: sleep(: advance"),
    ({"tests/unit/a_test.py": f"# {SPDX}\n" + "time." + "sleep(1)\n"}, "tests/unit/a_test.py:2: time." + "sleep(: wait"),
    ({"record/a.cc": HEAD + "absl::Now();\n"}, "record/a.cc:2: absl::Now(: the clock"),
    ({"deploy/go": f"#!/bin/sh\n# {SPDX}\n"}, "deploy/go:1: starts with #! but"),
    ({"deploy/go*": "echo\n"}, "deploy/go:1: is executable but"),
    ({"base/b/a.cc": HEAD}, "base/b/README.md:1: missing"),
    ({"base/README.md": "line\n" * (README_LINES_MAX + 1)}, "base/README.md:16: 16 lines"),
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
        if "CMakeLists.txt" not in check.known:
            problems.append(f"{arguments[0]}: no CMakeLists.txt: is this the tree?")
        summary = f"{len(check.paths)} files"
    for problem in problems:
        print(problem)
    print(f"style: {summary}, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
