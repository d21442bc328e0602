"""A model that leaves something hostile in the folder that it may write into, or says too much; then it answers.

Argument: MODE=NAME. Which outcome is right is in `harness/tests/it/attacks.rs`.
"""

import json
import os
import shutil
import sys

MODE = sys.argv[1].split("=", 1)[1]


def folder():
    with open(f"/proc/{os.getppid()}/cmdline", "rb") as file:
        words = [word.decode() for word in file.read().split(b"\0")]
    return words[words.index("cell") + 1] + "/work"


def gone(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)


LOG = folder() + "/predictions.log"


def leave():
    if MODE in ("fifo", "folder", "link", "garbage", "more", "label"):
        gone(LOG)
    if MODE == "fifo":
        os.mkfifo(LOG)
    elif MODE == "folder":
        os.makedirs(LOG + "/deep")
    elif MODE == "link":
        os.symlink("/etc/passwd", LOG)
    elif MODE == "garbage":
        with open(LOG, "w") as file:
            file.write("{" * 1000)
    elif MODE == "more":
        with open(LOG, "w") as file:
            for i in range(100):
                file.write(json.dumps({"i": i, "v": 0, "a": {"l": 0}}) + "\n")
    elif MODE == "label":
        with open(LOG, "w") as file:
            for i in range(4):
                file.write(json.dumps({"i": i, "v": 0, "a": {"l": 4_000_000_000}}) + "\n")
    elif MODE == "flood":
        for _ in range(64):
            sys.stderr.write("x" * (1 << 20) + "\n")
    elif MODE == "many":
        for i in range(2000):
            with open(f"{folder()}/.partial-{i}", "w"):
                pass
    elif MODE == "terminal":
        sys.stderr.write("\033]52;c;cm0gLXJm\a\033[2J\u202egone\n")
        sys.stderr.flush()
        os._exit(3)


answered = 0
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "create":
        label = asked["task"]["labels"][0]
        print(json.dumps({"can": ["classify"]}), flush=True)
        if MODE in ("flood", "many", "terminal"):
            leave()
        continue
    answered += len(asked["examples"])
    if answered >= 4:
        # Our cell has its log open; what is committed is what lies there by name.
        leave()
    print(json.dumps({"labels": [label for _ in asked["examples"]]}), flush=True)
