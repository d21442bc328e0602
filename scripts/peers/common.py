"""What every subject shares: one call of a side, alternating rounds, rows kept as JSON as they come.

A side is a function that does its work once and returns a `Run`. Rows lie in FOLDER/rows/SUBJECT/ROW.json: a row that is there is not
measured again, so that a stopped script resumes where it stopped. Standard library only; peers are imported where they are called.
"""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Neither hubs nor telemetry: a peer that asks the network is not timed while it waits.
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


# A row that has taken longer ends after two rounds or more.
SECONDS_A_ROW = 30


@dataclass
class Run:
    """One call: wall seconds, CPU seconds of all its threads and children, peak resident MiB (0: not told)."""

    wall: float
    cpu: float
    memory: float = 0.0


@dataclass
class Options:
    program: str
    examples: str
    data: str
    folder: str
    rounds: int
    quick: bool
    threads: int
    rows: list = ()

    @classmethod
    def from_command(cls):
        return cls(**json.loads(sys.argv[1]))


def threads_environment(threads):
    names = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"]
    # libgomp's threads wait asleep, for theirs as for ours: spinning beside a busy neighbour is five times slower.
    return {name: str(threads) for name in names} | {"OMP_WAIT_POLICY": "PASSIVE"}


def command(words, *, stdin=None, env=None, cwd=None, allowed=(0,)):
    """Runs a program to its end; returns its `Run` and what it wrote to standard output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        child = subprocess.Popen([str(w) for w in words], stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err,
                                 env=os.environ | OFFLINE | (env or {}), cwd=cwd)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace")
        if child.returncode not in allowed:
            err.seek(0)
            raise RuntimeError(f"{' '.join(map(str, words))}: exit code {child.returncode}\n{err.read().decode(errors='replace')[-2000:]}")
    # Linux hands the peak of the process that starts a program on to it: a smaller one is not told.
    memory = used.ru_maxrss if used.ru_maxrss > 1.02 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss else 0
    return Run(wall, used.ru_utime + used.ru_stime, memory / 1024), text


def inside(work):
    """A call within this process; returns its `Run` and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return Run(time.perf_counter() - wall, time.process_time() - cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), result


def alternate(sides, rounds, *, warm=True, most=None):
    """Rounds of all sides in turn, each round starting one further; a peer that fails is left out and its reason returned.

    `most[side]` bounds the rounds of a slow one.
    """
    runs, failed = {name: [] for name in sides}, {}

    def call(name, keep):
        try:
            run = sides[name]()
            runs[name].extend([run] if keep else [])
        except Exception as error:  # whatever a peer raises
            if name == "ours":
                raise
            failed[name] = f"{type(error).__name__}: ...{str(error)[-400:]}"

    names = list(sides)
    if warm:
        for name in names:
            call(name, keep=False)
    begin = time.perf_counter()
    for n in range(rounds):
        if n >= 2 and time.perf_counter() - begin > SECONDS_A_ROW:
            break
        for name in names[n % len(names):] + names[: n % len(names)]:
            if n < (most or {}).get(name, rounds) and name not in failed:
                call(name, keep=True)
    return {name: [asdict(run) for run in all] for name, all in runs.items() if all}, failed


def told(value):
    try:
        return value() if callable(value) else value
    except KeyError:
        return None


def commit():
    """Of the working copy; what is measured is what it built."""
    git = lambda *words: subprocess.run(["git", *words], capture_output=True, text=True, cwd=Path(__file__).parent, check=False).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/harness", ":/baselines", ":/calm-plugin", ":/plugin-api")
    return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")


class Bench:
    def __init__(self, subject):
        self.options = Options.from_command()
        self.subject = subject
        self.folder = Path(self.options.folder) / "rows" / ("quick" if self.options.quick else "full") / subject
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = self.options.program
        self.examples = Path(self.options.examples)
        self.data = Path(self.options.data)
        os.environ.update(threads_environment(self.options.threads))

    def size(self, full, quick):
        return quick if self.options.quick else full

    @property
    def rounds(self):
        return self.options.rounds

    def wanted(self, name):
        rows = [row for row in self.options.rows if row]
        return (not rows or name in rows) and not (self.folder / f"{name}.json").exists()

    def keep(self, name, **row):
        """Writes a row whole or not at all."""
        row = {"subject": self.subject, "name": name, "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()), "load": os.getloadavg()[0],
               "threads": self.options.threads, "commit": commit(), **row}
        path = self.folder / f"{name}.json"
        path.with_suffix(".part").write_text(json.dumps(row, indent=1))
        path.with_suffix(".part").rename(path)
        print(f"{self.subject}/{name} done", file=sys.stderr, flush=True)

    def row(self, name, title, sides, *, includes, rounds=None, target=None, most=None, warm=True, **more):
        """Measures a row unless it is there. `target`: what theirs over ours should reach. A row that fails says why on the page."""
        if not self.wanted(name):
            return
        try:
            before = os.getloadavg()[0]
            runs, failures = alternate(sides, rounds or self.rounds, warm=warm, most=most)
            # Taken after the runs. What compares with a peer that failed has nothing to tell.
            more = {key: value for key, value in ((key, told(value)) for key, value in more.items()) if value is not None}
            runs |= more.pop("more_sides", {})
            self.keep(name, title=title, sides=runs, includes=includes, target=target, load_before=before, failures=failures, **more)
        except Exception as error:  # noqa: BLE001  whatever a peer raises
            self.keep(name, title=title, includes=includes, target=target, failed=f"{type(error).__name__}: ...{str(error)[-600:]}")


@contextmanager
def scratch():
    """A folder that is gone afterwards."""
    folder = tempfile.mkdtemp(prefix="bench-peers-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stats(bench, requests, threads, warm=False):
    """One process of `culture-eval stats` for all requests; the seconds are those of the computations alone (`--timing`).

    `warm`: each is asked twice and the second counts, as a peer's call is not its process' first either.
    """
    asked = [request for request in requests for _ in range(2 if warm else 1)]
    lines = "".join(json.dumps({"id": n, "fn": fn, "input": data, "opts": opts}) + "\n" for n, (fn, data, opts) in enumerate(asked))
    with tempfile.TemporaryFile() as file:
        file.write(lines.encode())
        file.seek(0)
        run, text = command([bench.program, "stats", "--timing"], stdin=file, env=threads_environment(threads))
    answers = [json.loads(line) for line in text.splitlines()]
    for answer in answers:
        if "answer" not in answer:
            raise RuntimeError(answer["error"])
    counted = answers[1 if warm else 0::2 if warm else 1]
    return Run(sum(a["seconds"] for a in counted), sum(a["cpu_seconds"] for a in counted), run.memory), [a["answer"] for a in counted]
