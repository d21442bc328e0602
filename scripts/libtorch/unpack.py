"""Takes what a C++ program needs out of the wheels: unpack.py WHEELS TREE cpu|cuda"""

import os
import re
import shutil
import sys
import zipfile

wheels, tree, flavour = sys.argv[1:]
keep = [r"torch/include/", r"torch/version\.py$", r"[^/]+\.dist-info/(licenses?/.*|LICENSE.*|NOTICE.*|METADATA)$"]
if flavour == "cpu":
    # libtorch_cpu.so is linked to the two small CUDA libraries.
    keep += [r"torch/lib/lib(torch|torch_cpu|c10)\.so$", r"torch/lib/libgomp[^/]*$", r"nvidia/[^/]+/lib/lib(cudart|cupti)\.so\.\d+$"]
else:
    keep += [r"torch/lib/(?!lib(torch_python|shm)\.so)[^/]+\.so[^/]*$", r"nvidia/[^/]+/lib/[^/]+\.so[^/]*$"]
keep = re.compile("|".join(keep))
files = size = 0
for name in sorted(os.listdir(wheels)):
    path = os.path.join(wheels, name)
    with zipfile.ZipFile(path) as wheel:
        for member in wheel.infolist():
            if member.is_dir() or not keep.match(member.filename):
                continue
            target = os.path.join(tree, member.filename)
            if not os.path.abspath(target).startswith(os.path.abspath(tree) + os.sep):
                sys.exit(f"{name}: the member {member.filename!r} leads out of the folder")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with wheel.open(member) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            if ".so" in os.path.basename(target):
                os.chmod(target, 0o755)
            files, size = files + 1, size + member.file_size
    os.remove(path)
print(f"libtorch: {files} files, {size / 1e6:.0f} MB")
