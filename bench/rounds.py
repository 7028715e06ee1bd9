#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures real nodes on loopback, and beside each figure its limit, round after round in one run.

A limit is what this machine does if nothing of ours is in the way: the disk, RocksDB with the same keys and bytes, gRPC
with the same messages, a bare signature check. Figures and limits take turns, so that whatever else the machine does
hits both; only their ratio means something on another machine.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
import federation  # noqa: E402

OPERATOR, MAKER, SUPPLIER = "9999:operator", "9999:maker", "9999:supplier"
WORKSHOP, RECYCLER, NEWCOMER = "9999:workshop", "9999:recycler", "9999:newcomer"
BATCHES = ("256", "1024", "4096")  # of the storage limit; the best one counts
UNARY_RECORDS, STREAM_RECORDS, GETS, FRESH_RECORDS = 20_000, 51_200, 60_000, 1_000
GETS_PER_CALL_IN_FLIGHT = 8_000  # fewer calls in flight take longer


class Figure:
    """One line of the result: what was measured, and the limits and the target that stand beside it."""

    def __init__(self, name, unit, sample, limits=(), target=None, target_ratio=None):
        self.name, self.unit, self.sample = name, unit, sample
        self.limits = limits          # (what it is, samples of which the best counts)
        self.target = target          # the median shall stay below
        self.target_ratio = target_ratio  # the ratio to the first limit shall reach

    def is_time(self):
        return self.unit in ("ms", "s")


def store_limit(trace):
    return [f"store_{trace}.rate_batch_{batch}" for batch in BATCHES]


VERIFY = ("Ed25519 verification on two threads", ["verify.rate"])
FDATASYNC = ("write and fdatasync of 4 KiB, one after the other", ["fdatasync.rate"])
SAME_BYTES = "RocksDB, synced batches of the same keys and bytes"
RAW_CALL = "raw gRPC call over mutual TLS, the same bytes"

# Calls in flight, over connections, for records: 0 is all of them, in random order, most of which no cache holds.
GET_SHAPES = ((1, 1, 0), (16, 1, 0), (64, 1, 0), (64, 4, 0), (16, 1, 1), (64, 1, 1))


def step_of(*shape):
    return "_".join(map(str, shape))


def get_figures(in_flight, connections, records):
    step = step_of(in_flight, connections, records)
    name = f"get by ID, {in_flight} in flight"
    if connections > 1:
        name += f" over {connections} connections"
    if records == 1:
        name += ", the same record"
    return [
        Figure(name, "records/s", f"get_{step}.rate", [(RAW_CALL, [f"raw_{step}.rate"])], target_ratio=0.7),
        Figure(f"{name}, p50", "ms", f"get_{step}.p50_ms", [(RAW_CALL, [f"raw_{step}.p50_ms"])]),
        Figure(f"{name}, p99", "ms", f"get_{step}.p99_ms", [(RAW_CALL, [f"raw_{step}.p99_ms"])]),
    ]


FIGURES = [
    Figure("publish, unary, 64 in flight", "records/s", "publish_unary.rate",
           [("RocksDB, 64 synced writers, the same keys and bytes", ["store_unary.rate_batch_1"]), VERIFY, FDATASYNC]),
    Figure("publish, unary, p50", "ms", "publish_unary.p50_ms"),
    Figure("publish, unary, p99", "ms", "publish_unary.p99_ms"),
    Figure("publish, streamed, 256 a request", "records/s", "publish_stream.rate",
           [(SAME_BYTES, store_limit("stream")), VERIFY]),
    Figure("publish, streamed, request p50", "ms", "publish_stream.p50_ms"),
    *[figure for shape in GET_SHAPES for figure in get_figures(*shape)],
    Figure("follow from nothing, verified and durable", "records/s", "follow.rate",
           [(SAME_BYTES, store_limit("follow")), ("raw gRPC stream, 64 × 4 KiB a message", ["raw_stream.rate"])],
           target_ratio=0.5),
    Figure("follow, asked to first records durable", "s", "follow.first_durable_s"),
    Figure("freshness, p50", "ms", "freshness.p50_ms",
           [("two synced writes, two verifications, two raw calls", ["floor.fresh_ms"])], target=10),
    Figure("freshness, p99", "ms", "freshness.p99_ms", target=50),
    Figure("freshness with the publishing call, p50", "ms", "freshness.from_call_p50_ms"),
    Figure("freshness with the publishing call, p99", "ms", "freshness.from_call_p99_ms"),
    Figure("start to SERVING", "s", "start_up.seconds", target=1),
    Figure("memory (RSS), a moment after the start", "MB", "start_up.rss_mb_2s", target=80),
    Figure("memory (RSS), idle", "MB", "start_up.rss_mb_idle", target=80),
    Figure("memory (RSS), after the reads of a round", "MB", "memory.maker_mb"),
    Figure("memory (RSS), after publishing", "MB", "memory.supplier_mb"),
    Figure("memory (RSS), after following", "MB", "memory.newcomer_mb"),
]


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


class Stage:
    """The nodes that are measured, below one folder, and the program that measures them."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = pathlib.Path(folder)
        self.program = str(pathlib.Path(options.bin) / "meguri-bench")
        self.raw_server = None
        self.federation = federation.Federation(options.bin, self.folder, "bench.example")

    def measure(self, command, *arguments):
        """One run of meguri-bench: {name: value}."""
        completed = subprocess.run([self.program, command, *map(str, arguments)], capture_output=True, text=True)
        if completed.returncode != 0:
            raise federation.Failure(f"meguri-bench {command}: {completed.stderr.strip()}")
        if self.options.verbose:
            print(f"  {command}: {completed.stdout.strip()}", flush=True)
        return json.loads(completed.stdout)

    def home(self, member):
        return member.folder / "clients" / "admin"

    def build(self):
        """Enrols everybody and publishes the set of records."""
        self.federation.start_operator(OPERATOR, "事務局", "Secretariat")
        add = self.federation.add_member
        self.maker = add("maker", MAKER, "製造者", "Maker", "--role", "manufacturer")
        self.supplier = add("supplier", SUPPLIER, "供給者", "Supplier", "--role", "manufacturer")
        self.workshop = add("workshop", WORKSHOP, "工房", "Workshop", "--role", "manufacturer")
        self.recycler = add("recycler", RECYCLER, "再資源化業者", "Recycler", "--role", "manufacturer")
        self.newcomer = add("newcomer", NEWCOMER, "新人", "Newcomer", "--role", "manufacturer")
        self.newcomer.stop()
        shutil.copytree(self.newcomer.folder, self.folder / "newcomer.before")
        self.recycler.follow(self.workshop, "public")
        self.measure("fill", "--home", self.home(self.maker), "--count", self.options.records, "--ids", self.ids())
        self.measure("publish-unary", "--home", self.home(self.supplier), "--count", UNARY_RECORDS)
        self.measure("get", *self.get_arguments(16), "--save-answer", self.folder / "answer")
        self.start_raw_server()
        self.keep_trace("stream", self.maker)
        self.maker.start()
        self.keep_trace("unary", self.supplier)
        shutil.copytree(self.supplier.folder, self.folder / "supplier.before")
        self.follow()
        self.keep_trace("follow", self.newcomer)

    def ids(self):
        return self.folder / "record-ids"

    def trace(self, name):
        return self.folder / f"trace-{name}"

    def keep_trace(self, name, member):
        """Stops a node and keeps a copy of what it has stored, for the limit of the same keys and bytes."""
        member.stop()
        shutil.copytree(member.folder / "store", self.trace(name))

    def restart_as_before(self, member):
        """Starts a node with what it held before the rounds: each round finds the same."""
        member.stop()
        shutil.rmtree(member.folder)
        shutil.copytree(self.folder / f"{member.name}.before", member.folder)
        member.start()

    def start_raw_server(self):
        self.raw_address = f"127.0.0.1:{federation.free_port()}"
        folder = self.maker.folder
        self.raw_server = subprocess.Popen(
            [self.program, "raw-server", "--listen", self.raw_address, "--key", folder / "keys/node.key",
             "--certificate", folder / "certs/node.crt", "--roots", folder / "certs/peer-roots.crt",
             "--answer", self.folder / "answer", "--records", str(self.options.records)],
            stdout=subprocess.DEVNULL, env={**os.environ, "GRPC_VERBOSITY": "none"})

    def stop(self):
        if self.raw_server is not None:
            self.raw_server.send_signal(signal.SIGTERM)
            self.raw_server.wait()
        self.federation.stop()

    def get_arguments(self, in_flight, connections=1, records=0):
        return ["--home", self.home(self.maker), "--ids", self.ids(), "--publisher", MAKER, "--in-flight", in_flight,
                "--connections", connections, "--records", records, "--count", min(GETS, in_flight * GETS_PER_CALL_IN_FLIGHT)]

    def follow(self):
        """A node that holds nothing of the maker catches up."""
        self.restart_as_before(self.newcomer)
        return self.measure("follow", "--home", self.home(self.newcomer), "--publisher", MAKER, "--size",
                            self.options.records)

    def start_up(self, idle):
        self.maker.stop()
        flags = [argument for seconds in idle for argument in ("--idle", seconds)]
        try:
            return self.measure("start-up", "--home", self.home(self.maker), "--program",
                                self.maker.node_command()[0], "--data", self.maker.folder, *flags)
        finally:
            self.maker.start()


class Rounds:
    """Takes the samples."""

    def __init__(self, stage, options):
        self.stage = stage
        self.options = options
        self.samples = {}  # "step.figure" → one value a round

    def add(self, step, values):
        for name, value in values.items():
            self.samples.setdefault(f"{step}.{name}", []).append(value)

    def last(self, sample):
        return self.samples[sample][-1]

    def run_round(self, is_last):
        for step in (self.take_hardware, self.take_publish, self.take_get, self.take_follow, self.take_freshness):
            step()
        idle = [2, self.options.idle] if is_last else []
        values = self.stage.start_up(idle)
        if is_last:
            values["rss_mb_idle"] = values[f"rss_mb_{self.options.idle}s"]
        self.add("start_up", values)

    def take_hardware(self):
        self.add("fdatasync", self.stage.measure("fdatasync", "--folder", self.stage.folder))
        self.add("verify", self.stage.measure("verify"))

    def take_store_limit(self, trace, *arguments):
        self.add(f"store_{trace}", self.stage.measure("store-limit", "--store", self.stage.trace(trace), "--folder",
                                                      self.stage.folder, *arguments))

    def take_batched_store_limit(self, trace):
        self.take_store_limit(trace, *[argument for batch in BATCHES for argument in ("--batch", batch)])

    def take_publish(self):
        home = self.stage.home(self.stage.supplier)
        self.stage.restart_as_before(self.stage.supplier)
        self.take_store_limit("unary", "--batch", 1, "--threads", 64)
        self.add("publish_unary", self.stage.measure("publish-unary", "--home", home, "--count", UNARY_RECORDS))
        self.take_batched_store_limit("stream")
        self.add("publish_stream", self.stage.measure("publish-stream", "--home", home, "--count", STREAM_RECORDS))
        self.add("memory", {"supplier_mb": rss_mb(self.stage.supplier.process.pid)})
        self.stage.supplier.stop()

    def take_get(self):
        raw = ["--address", self.stage.raw_address]
        for shape in GET_SHAPES:
            arguments = self.stage.get_arguments(*shape)
            self.add(f"raw_{step_of(*shape)}", self.stage.measure("get", *arguments, *raw))
            self.add(f"get_{step_of(*shape)}", self.stage.measure("get", *arguments))
        self.add("memory", {"maker_mb": rss_mb(self.stage.maker.process.pid)})

    def take_follow(self):
        self.add("raw_stream", self.stage.measure("raw-stream", "--home", self.stage.home(self.stage.maker),
                                                  "--address", self.stage.raw_address))
        self.take_batched_store_limit("follow")
        self.add("follow", self.stage.follow())
        self.add("memory", {"newcomer_mb": rss_mb(self.stage.newcomer.process.pid)})
        self.stage.newcomer.stop()

    def take_freshness(self):
        self.add("freshness", self.stage.measure(
            "freshness", "--home", self.stage.home(self.stage.workshop), "--reader-home",
            self.stage.home(self.stage.recycler), "--count", FRESH_RECORDS))
        verification_ms = 2 * 1000 / self.last("verify.rate")  # the rate is that of two threads
        self.add("floor", {"fresh_ms": 2 * self.last("fdatasync.p50_ms") + 2 * verification_ms
                           + 2 * self.last("raw_1_1_0.p50_ms")})


def spread(values):
    return {"median": statistics.median(values), "lo": min(values), "hi": max(values)}


def compare(figure, limit, samples):
    """The figure beside one limit. A ratio of 1 is the limit, whichever way the unit counts."""
    name, candidates = limit
    choose = min if figure.is_time() else max
    best = choose(candidates, key=lambda candidate: statistics.median(samples[candidate]))
    pairs = zip(samples[figure.sample], samples[best])
    ratios = [bound / value if figure.is_time() else value / bound for value, bound in pairs]
    return {"name": name, "sample": best, **spread(samples[best]), "ratio": spread(ratios)}


def summarise(figure, samples):
    values = samples[figure.sample]
    result = {"name": figure.name, "unit": figure.unit, "rounds": len(values), **spread(values),
              "limits": [compare(figure, limit, samples) for limit in figure.limits]}
    if figure.target is not None:
        result["target"] = f"< {figure.target} {figure.unit}"
        result["reached"] = result["median"] < figure.target
    elif figure.target_ratio is not None:
        result["target"] = f">= {figure.target_ratio} of the first limit"
        result["reached"] = result["limits"][0]["ratio"]["median"] >= figure.target_ratio
    return result


def machine():
    def first(path, key):
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
        return ""
    packages = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}\n", "libgrpc++-dev", "librocksdb-dev",
                               "libssl3", "libprotobuf-dev", "g++"], capture_output=True, text=True).stdout.split("\n")
    return {"cpu": first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
            "memory": first("/proc/meminfo", "MemTotal"), "kernel": platform.release(),
            "packages": dict(line.split(" ", 1) for line in packages if line), "build": "Release"}


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def print_table(results):
    print(f"\n{'what':44} {'median':>9} {'(lo – hi)':>19} {'unit':10} {'limit':>9} {'ratio (lo – hi)':>19}  target")
    for result in results:
        value = f"{number(result['median']):>9} {number(result['lo']) + ' – ' + number(result['hi']):>19}"
        target = f"{result['target']}: {'yes' if result['reached'] else 'NO'}" if "target" in result else ""
        limits = result["limits"] or [None]
        for index, limit in enumerate(limits):
            begin = f"{result['name']:44} {value} {result['unit']:10}" if index == 0 else " " * 85
            ratio = limit["ratio"] if limit else None
            beside = (f"{number(limit['median']):>9} {ratio['median']:>5.2f} ({ratio['lo']:.2f} – {ratio['hi']:.2f})"
                      f"  {target if index == 0 else ''} [{limit['name']}]") if limit else f"{'':29}  {target}"
            print(f"{begin} {beside}".rstrip())


def commit():
    """What is measured: taken before the rounds, as the tree may move on meanwhile."""
    answer = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return answer.stdout.strip() or "unknown"


def parse_options():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of the programs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=100_000, help="records of the set that is read and followed")
    parser.add_argument("--idle", type=int, default=120, help="seconds until the idle node's memory is looked at again")
    parser.add_argument("--verbose", action="store_true", help="print what every single measurement gave")
    parser.add_argument("--out", help="file to write; default: bench/results/<date>-<commit>.json")
    parser.add_argument("--folder", help="keep the nodes in this folder; default: a temporary one beside the programs")
    return parser.parse_args()


def run(options, folder):
    stage = Stage(options, folder)
    rounds = Rounds(stage, options)
    report = {"date": datetime.date.today().isoformat(), "commit": commit(), "records": options.records,
              "load_average_before": os.getloadavg()[0], "machine": machine()}
    try:
        print(f"bench: enrolling members and publishing {options.records:,} records", flush=True)
        stage.build()
        for index in range(options.rounds):
            print(f"bench: round {index + 1} of {options.rounds}", flush=True)
            rounds.run_round(index + 1 == options.rounds)
    finally:
        stage.stop()
    report["load_average_after"] = os.getloadavg()[0]
    report["figures"] = [summarise(figure, rounds.samples) for figure in FIGURES]
    return {**report, "samples": rounds.samples}


def main():
    options = parse_options()
    if options.folder:
        pathlib.Path(options.folder).mkdir(parents=True)
        report = run(options, os.path.abspath(options.folder))
    else:
        # Beside the programs and not in /tmp, which is memory on many machines.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=pathlib.Path(options.bin).parent.resolve()) as temporary:
            report = run(options, temporary)
    out = pathlib.Path(options.out or ROOT / "bench/results" / f"{report['date']}-{report['commit']}.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print_table(report["figures"])
    print(f"\nwritten: {out}")


if __name__ == "__main__":
    try:
        main()
    except federation.Failure as failure:
        sys.exit(f"bench: {failure}")
