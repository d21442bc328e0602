"""What the machine can do at most, by limits.c: the measure that the page sets our times against."""
import json
import shutil

from common import Bench, command, scratch


def main():
    bench = Bench("limits")
    if not bench.wanted("machine"):
        return
    title = "peak of float32 multiply-add, memory bandwidth (triad), look-ups in a table of 4 KiB"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        return bench.keep("machine", title=title, failed="no C compiler")
    with scratch() as folder:
        from pathlib import Path

        command([compiler, "-O3", "-march=native", "-pthread", Path(__file__).with_name("limits.c"), "-o", folder / "limits"])
        found = [json.loads(command([folder / "limits", threads])[1]) for threads in sorted({1, bench.options.threads})]
    bench.keep("machine", title=title, found=found)


main()
