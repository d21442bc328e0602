"""What the fixture writers share: one thread, versions, tensors and JSON on disk."""
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import transformers
from safetensors.torch import save_file

torch.set_num_threads(1)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

ROOT = Path(__file__).resolve().parent.parent.parent


def made_with(script, **more):
    return {
        "made_by": f"scripts/parity/{script}", "torch": torch.__version__.split("+")[0],
        "transformers": transformers.__version__, **more,
    }


def save(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: t.detach().clone().contiguous() for name, t in tensors.items()}, path)


def short(value):
    """Floats of nine digits, which float32 needs to come back the same."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: short(each) for key, each in value.items()}
    return [short(each) for each in value] if isinstance(value, list | tuple) else value


def write_json(path, value):
    """One line for each entry of the outermost two levels."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def lines(value, depth):
        if not isinstance(value, dict) or depth == 2:
            return json.dumps(value, ensure_ascii=False)
        pad = " " * (depth + 1)
        inner = ",\n".join(f"{pad}{json.dumps(key)}: {lines(each, depth + 1)}" for key, each in value.items())
        return "{\n" + inner + "\n" + " " * depth + "}"

    path.write_text(lines(short(value), 0) + "\n")


def sizes(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    for path in files:
        print(f"{path.stat().st_size:>9}  {path.relative_to(ROOT)}")
    print(f"{sum(p.stat().st_size for p in files):>9}  in all")


def far(a, b):
    """Largest difference over the largest value."""
    a, b = a.detach().double(), b.detach().double()
    return float((a - b).abs().max() / b.abs().max().clamp_min(1e-30))
