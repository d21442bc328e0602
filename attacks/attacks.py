"""A model that attacks: a program of the plugin `command` that tries every attack it knows when it is created, and then answers.

It writes one line `attacks {...}` to stderr: for each attack "through" or the name of the error that stopped it. Which
outcome is expected at which level of the sandbox is in `attacks.toml`; `harness/tests/it/attacks.rs` compares.

Arguments, each as NAME=VALUE, so that none is taken for a file of the model: the folder of the test with a cache, runs and a
home; a process that serves as the victim; the name of an abstract socket, and the path of one, that somebody listens on.
"""

import contextlib
import ctypes
import fcntl
import glob
import json
import os
import platform
import resource
import socket
import struct
import subprocess
import sys

# With `:`, so that no word of the command names a path: what a configuration names is shown to a plugin.
GIVEN = dict(word.split(":", 1) for word in sys.argv[1:])
PLACE, VICTIM, ABSTRACT, SOCKET = GIVEN["place"], int(GIVEN["victim"]), GIVEN["name"], GIVEN["socket"]
LIBC = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
OURS = {os.getpid()}


def call(number, *args):
    """A system call by its number."""
    result = LIBC.syscall(number, *args)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def words(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return [word.decode() for word in file.read().split(b"\0")]


def cell():
    """The folder of our cell, as any plugin finds it."""
    line = words(os.getppid())
    return line[line.index("cell") + 1]


def read(path):
    with open(path, "rb") as file:
        assert file.read(1), "it is empty"


def write(path):
    with open(path, "w") as file:
        file.write("x")


def numbers():
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in OURS]


def open_files():
    """Takes the labelled data from whoever holds them open."""
    taken = 0
    for pid in numbers():
        try:
            names = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for name in names:
            path = f"/proc/{pid}/fd/{name}"
            try:
                if not os.readlink(path).endswith("examples.parquet"):
                    continue
                with open(path, "rb") as file:
                    taken += len(file.read())
            except OSError:
                pass
            try:
                own = call(438, call(434, pid, 0), int(name), 0)
                taken += os.fstat(own).st_size
            except OSError:
                pass
    assert taken, "nobody holds them"


def memory():
    """Looks into the memory of another process."""
    victim = [pid for pid in numbers() if pid != os.getppid()]
    assert victim, "there is no other process"
    for pid in victim:
        try:
            with open(f"/proc/{pid}/mem", "rb") as file:
                file.read(0)
                return
        except OSError as error:
            last = error
    raise last


def terminal():
    """Types into a terminal, by any name that one has."""
    last = FileNotFoundError()
    for path in ["/dev/tty", "/dev/console", *glob.glob("/dev/pts/*"), *glob.glob("/dev/tty[0-9]*")]:
        try:
            file = os.open(path, os.O_RDWR | os.O_NOCTTY)
        except OSError as error:
            last = error
            continue
        fcntl.ioctl(file, 0x5412, b"x")
        return
    raise last


def types():
    """TIOCSTI on a terminal of our own: typing is refused whatever the terminal."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, 0x5412, b"x")
    os.close(leader)


def session():
    """A process in a session of its own that lives on."""
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise PermissionError


def space():
    """New spaces, in which one would be root."""
    call(272 if X86 else 97, 0x10000000)


def old_interface():
    """A socket by the call numbers of another interface of the processor (x32)."""
    call(0x40000000 + 41, socket.AF_INET, socket.SOCK_STREAM, 0)


def connect(family, address):
    with socket.socket(family) as own:
        own.settimeout(2)
        own.connect(address)


def raw(family, kind=socket.SOCK_RAW):
    socket.socket(family, kind).close()


def device():
    path = os.path.join(os.environ["TMPDIR"], "device")
    os.mknod(path, 0o600 | 0o060000, os.makedev(7, 0))
    read(path)


def limit():
    """Lowers a limit of a process outside."""
    call(302 if X86 else 261, VICTIM, resource.RLIMIT_NOFILE, struct.pack("QQ", 64, 64), None)


def own(path):
    """A file that the cell may not change: by writing, by a link in its place, by renaming it away."""
    for change in (
        lambda: write(path),
        lambda: os.rename(path, path + "-away"),
        lambda: os.symlink("/etc/passwd", path),
        lambda: os.mkfifo(path),
    ):
        try:
            change()
            return
        except OSError as error:
            last = error
    raise last


def rival():
    """Another cell's answers, listed or linked into ours."""
    cells = os.path.dirname(cell())
    others = [name for name in os.listdir(cells) if not name.startswith("attacker")]
    read(os.path.join(cells, others[0], "predictions.parquet"))


def environment():
    names = ["NVIDIA_API_KEY", "CONDA_TOKEN", "JULIA_PKG_TOKEN", "PYTHON_KEYRING_PASSWORD", "R_API_KEY", "HF_TOKEN"]
    assert any(name in os.environ for name in names), "none is there"


def keys(path):
    read(os.path.join(PLACE, "home", path))


def keyring():
    """The keys that the kernel holds for the user."""
    call(250 if X86 else 219, 0, -4, 1)


def scratch():
    """Temporary folders of other cells."""
    common = os.path.dirname(os.environ["TMPDIR"])
    others = [name for name in os.listdir(common) if os.path.join(common, name) != os.environ["TMPDIR"]]
    assert others, "none is listed"
    read(os.path.join(PLACE, "neighbour"))


ATTACKS = {
    "labels from an open file of another process": open_files,
    "labels by the name of the prepared file": lambda: read(glob.glob(PLACE + "/cache/prepared/*/examples.parquet")[0]),
    "labels in the unpacked cache": lambda: read(PLACE + "/cache/unpacked/0/data/x.csv"),
    "memory of another process": memory,
    "answers of another cell": rival,
    "the specification that is scored": lambda: own(cell() + "/spec.json"),
    "the cell's answers": lambda: own(cell() + "/predictions.parquet"),
    "the cell's record": lambda: own(cell() + "/record.json"),
    "the cell's lease": lambda: own(cell() + "/lease"),
    "the cell's log": lambda: own(cell() + "/log.txt"),
    "a folder of slices": lambda: os.symlink("/tmp", cell() + "/slices"),
    "a file beside the cell": lambda: write(PLACE + "/beside"),
    "a file of the cache": lambda: write(PLACE + "/cache/beside"),
    "a child writes beside the cell": lambda: subprocess.run(
        ["sh", "-c", f"echo x > {PLACE}/child"], check=True, stderr=subprocess.DEVNULL
    ),
    "permissions of a folder outside": lambda: os.chmod(PLACE + "/runs", 0o700),
    "times of a file outside": lambda: os.utime(PLACE + "/neighbour", (1, 1)),
    "typing into the user's terminal": terminal,
    "typing into any terminal": types,
    "signal to a process outside": lambda: os.kill(VICTIM, 0),
    "limits of a process outside": limit,
    "priority of a process outside": lambda: os.setpriority(os.PRIO_PROCESS, VICTIM, 19),
    "processors of a process outside": lambda: os.sched_setaffinity(VICTIM, os.sched_getaffinity(0)),
    "new spaces of its own": space,
    "calls of another interface": old_interface,
    "connection by IPv4": lambda: connect(socket.AF_INET, ("127.0.0.1", 9)),
    "datagrams": lambda: raw(socket.AF_INET, socket.SOCK_DGRAM),
    "raw frames": lambda: raw(socket.AF_PACKET),
    "sockets of the kernel": lambda: raw(socket.AF_NETLINK),
    "sockets of the virtual machine's host": lambda: raw(40, socket.SOCK_STREAM),
    "a local socket by its path": lambda: connect(socket.AF_UNIX, SOCKET),
    "a local socket by its name": lambda: connect(socket.AF_UNIX, "\0" + ABSTRACT),
    "a device file": device,
    "a key in the environment": environment,
    "a password in the home": lambda: keys(".netrc"),
    "a key of ssh": lambda: keys(".ssh/id_ed25519"),
    "keys that the kernel holds": keyring,
    "temporary files of others": scratch,
}

said = {}
for name, attack in ATTACKS.items():
    try:
        attack()
        said[name] = "through"
    except Exception as error:  # noqa: BLE001
        said[name] = type(error).__name__
# What would outlive the cell: memory that is shared, and a program in a session of its own.
with contextlib.suppress(OSError):
    write("/dev/shm/" + GIVEN["name"])
LEFT = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", GIVEN["name"]], stdin=subprocess.DEVNULL)
print("attacks " + json.dumps(said), file=sys.stderr, flush=True)

for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in GIVEN:
        LEFT.wait()
    if asked["do"] == "create":
        label = asked["task"]["labels"][0]
        print(json.dumps({"can": ["classify"]}), flush=True)
    else:
        print(json.dumps({"labels": [label for _ in asked["examples"]]}), flush=True)
