"""What a user waits for before anything happens: help, and the list of what there is."""
from common import Bench, command, scratch

TASK = """from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import choice
from inspect_ai.solver import multiple_choice


@task
def one():
    return Task(dataset=[Sample(input="?", choices=["a", "b"], target="A")], solver=multiple_choice(), scorer=choice())
"""


def main():
    bench = Bench("startup")
    import sys
    from pathlib import Path

    here = Path(sys.executable).parent
    lm_eval, inspect = here / "lm-eval", here / "inspect"
    process = "from starting the process to its end; files in the page cache"
    with scratch() as folder:
        (folder / "one.py").write_text(TASK)
        ours = [bench.program, "--help"]
        # /bin/true does nothing: below it nothing can be.
        bench.row("help", "`--help`", {
            "ours": lambda: command(ours)[0],
            "lm-eval": lambda: command([lm_eval, "--help"])[0],
            "inspect_ai": lambda: command([inspect, "--help"])[0],
            "(a process that does nothing)": lambda: command(["/bin/true"])[0],
        }, includes=process, target=50)
        bench.row("list", "list tasks", {
            "ours": lambda: command([bench.program, "list", "tasks"])[0],
            "lm-eval": lambda: command([lm_eval, "ls", "tasks"])[0],
            "inspect_ai": lambda: command([inspect, "list", "tasks"], cwd=folder)[0],
        }, includes=f"{process}; lm-eval lists all of its own tasks, ours its {ours_count(bench)}, inspect_ai one file's one", target=50,
            most={"lm-eval": 3})


def ours_count(bench):
    return sum(1 for line in command([bench.program, "--json", "list", "tasks"])[1].splitlines() if line.strip())


main()
