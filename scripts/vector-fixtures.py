#!/usr/bin/env python3
"""Writes baselines/{static-embeddings,word-vectors}/tests/fixtures: what WordLlama, model2vec and NumPy answer on small tables.

    python scripts/vector-fixtures.py [static real words]

Needs numpy, tokenizers, safetensors, wordllama, model2vec; for `words` gensim and pyarrow. `real` embeds our sentences with the
table that the wordllama package ships. All tables of the others are random, all texts are ours.
"""
import gzip
import json
import struct
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

BASELINES = Path(__file__).resolve().parent.parent / "baselines"
STATIC = BASELINES / "static-embeddings/tests/fixtures"
WORDS = BASELINES / "word-vectors/tests/fixtures"

SENTENCES = [
    "The lanterns over the harbour were lit before the rain came.",
    "My neighbour's grandmother cooks rice, beans and plantains on Sundays!",
    "Nobody in the village believed that the bridge would hold.",
    "Teachers, nurses and bakers met at the old railway station.",
    "He said: \"I don't know; ask the ferryman.\"",
    "[GB] They never arrive on time, do they?",
    "It's 7:45 p.m. and the well-known, half-forgotten song is still playing...",
    "Café owners in São Paulo and Malmö prefer naïve paintings.",
    "A child asked why the moon follows the bus.",
    "Rivers change their course; maps are slow to admit it.",
]
ODD = [
    "", " ", "  two  blanks  inside", "trailing blank ", "\ttabs\tand\nline\r\nends\n", "x", "<s> spelled out </s> and <unk>",
    "▁ is what stands for a blank ▁▁", "[CLS] also [UNK] spelled out [SEP]", "emoji 👩🏽‍🚀 and 🍞", "中文 と 日本語 한국어",
    "ภาษาไทย العربية हिन्दी", "e\u0301 vertical\u000btab no\u00a0break zero\u200bwidth nul\u0000", "qqqq zzxzx kjkjkjk 0123456789",
    "long " * 700 + "end", "unbroken" * 300,
]
TEXTS = SENTENCES + ODD


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path.relative_to(BASELINES), path.stat().st_size, "bytes")


def llama_tokenizer():
    """Byte-pair encoding as Llama 2's: no pre-tokenizer, blanks written as ▁, bytes for unknown characters."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    learner = Tokenizer(models.BPE(unk_token="<unk>"))
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    learner.train_from_iterator(SENTENCES * 3, trainers.BpeTrainer(vocab_size=260, show_progress=False))
    learned = json.loads(learner.to_str())["model"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [token for token, _ in sorted(learned["vocab"].items(), key=lambda item: item[1])]
    special = lambda i, text: {"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [special(i, text) for i, text in enumerate(["<unk>", "<s>", "</s>"])],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                           "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": {token: i for i, token in enumerate(dict.fromkeys(tokens))}, "merges": learned["merges"]},
    }


def bert_tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        SENTENCES * 3, trainers.WordPieceTrainer(vocab_size=230, special_tokens=special, show_progress=False))
    return json.loads(tokenizer.to_str())


def unigram_tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=150, unk_token="<unk>", special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator(SENTENCES * 3, trainer)
    return json.loads(tokenizer.to_str())


def save_safetensors(path, tensors):
    """The format by hand, since NumPy has no bfloat16: tensors are name -> (dtype, shape, bytes)."""
    header, at = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(data for _, _, data in tensors.values()))
    print(path.relative_to(BASELINES), path.stat().st_size, "bytes")


NAMES = {"float32": "F32", "float16": "F16", "float64": "F64", "int8": "I8", "int64": "I64", "int32": "I32"}


def tensor(array):
    return NAMES[array.dtype.name], array.shape, np.ascontiguousarray(array).tobytes()


def static():
    from model2vec import StaticModel
    from model2vec.model import quantize_model
    from tokenizers import Tokenizer
    from wordllama.inference import WordLlamaInference

    rng = np.random.default_rng(5)
    tokenizers = {"llama": llama_tokenizer(), "bert": bert_tokenizer(), "unigram": unigram_tokenizer()}
    for name, value in tokenizers.items():
        write(STATIC / f"{name}.tokenizer.json", value)
    load = lambda name: Tokenizer.from_str(json.dumps(tokenizers[name]))
    size = lambda name: load(name).get_vocab_size()
    table = lambda name, dims=6: rng.standard_normal((size(name), dims)).astype(np.float32)
    cases = []

    def case(name, tokenizer, tensors, vectors, config=None, rounded=None):
        save_safetensors(STATIC / f"{name}.safetensors", tensors)
        assert len(vectors) == len(TEXTS)
        rows = [[float(v) for v in row] if np.isfinite(row).all() else [0.0] * len(row) for row in np.float32(vectors)]
        cases.append({"name": name, "tokenizer": tokenizer, "config": config or {}, "rounded_to": rounded, "vectors": rows})

    def wordllama(array, **how):
        return WordLlamaInference(array, load("llama")).embed(TEXTS, batch_size=7, **how)

    half = table("llama").astype(np.float16)
    case("wordllama-f16", "llama", {"embedding.weight": tensor(half)}, wordllama(half))
    full = table("llama")
    with np.errstate(invalid="ignore"):
        case("wordllama-f32-normalised", "llama", {"embedding.weight": tensor(full)}, wordllama(full, norm=True), {"normalise": True})
    cut = table("llama")
    case("wordllama-cut", "llama", {"embedding.weight": tensor(cut)}, wordllama(cut[:, :4]), {"most_dimensions": 4})
    bits = (table("llama").view(np.uint32) >> 16).astype(np.uint16)
    brain = (bits.astype(np.uint32) << 16).view(np.float32)
    case("wordllama-bf16", "llama", {"table": ("BF16", bits.shape, bits.tobytes())}, wordllama(brain), {"tensor": "table"})

    model2vec = {"drop_unknown": True, "max_tokens": 512}
    plain = table("bert")
    case("model2vec-f32", "bert", {"embeddings": tensor(plain)}, StaticModel(plain, load("bert")).encode(TEXTS), model2vec)
    clustered = quantize_model(StaticModel(table("bert"), load("bert"), normalize=True, weights=rng.random(size("bert"))), vocabulary_quantization=40)
    case("model2vec-mapped", "bert",
         {"embeddings": tensor(clustered.embedding), "weights": tensor(clustered.weights), "mapping": tensor(clustered.token_mapping)},
         clustered.encode(TEXTS), model2vec | {"normalise": True})
    small = quantize_model(StaticModel(table("bert"), load("bert")), quantize_to="int8")
    case("model2vec-i8", "bert", {"embeddings": tensor(small.embedding)}, small.encode(TEXTS), model2vec)
    short = StaticModel(table("unigram").astype(np.float16), load("unigram"), max_length=9)
    # model2vec returns the mean in the type of its table; ours is float32.
    case("model2vec-f16-short", "unigram", {"embeddings": tensor(short.embedding)}, short.encode(TEXTS), model2vec | {"max_tokens": 9}, "f16")
    made_with = {name: version(name) for name in ["wordllama", "model2vec", "tokenizers", "numpy"]}
    write(STATIC / "originals.json", {"made_by": "scripts/vector-fixtures.py", "with": made_with, "texts": TEXTS, "cases": cases})


def shipped_wordllama():
    """WordLlama with the files of its own package, which its `load` looks for in a folder that the package does not have."""
    import wordllama
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer
    from wordllama.inference import WordLlamaInference

    home = Path(wordllama.__file__).parent
    table = load_file(home / "weights/l2_supercat_256.safetensors")["embedding.weight"]
    return WordLlamaInference(table, Tokenizer.from_file(str(home / "tokenizers/l2_supercat_tokenizer_config.json")))


def real():
    texts = [*SENTENCES[:4], ODD[2], ODD[6], ODD[9], ODD[11]]
    vectors = shipped_wordllama().embed(texts)
    write(STATIC / "wordllama-256.json", {
        "made_by": "scripts/vector-fixtures.py", "with": {"wordllama": version("wordllama")}, "texts": texts,
        "vectors": [[float(v) for v in row] for row in vectors],
    })


def words():
    import pyarrow as pa
    import pyarrow.parquet as pq
    from gensim.models import KeyedVectors

    rng = np.random.default_rng(6)
    WORDS.mkdir(parents=True, exist_ok=True)
    names = ["the", ",", "of", "and", "river", "café", "中文", "bread", "don't", "slow", "map", "old"]
    vectors = np.round(rng.standard_normal((len(names), 5)) + 0.4, 4).astype(np.float32)
    keyed = KeyedVectors(vector_size=5)
    keyed.add_vectors(names, vectors)
    keyed.save_word2vec_format(str(WORDS / "word2vec.txt"), binary=False)
    keyed.save_word2vec_format(str(WORDS / "word2vec.bin"), binary=True)
    lines = "".join(f"{name} {' '.join(f'{v:.4f}' for v in row)}\n" for name, row in zip(names, vectors, strict=True))
    (WORDS / "glove.txt").write_text(lines)
    (WORDS / "glove.txt.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    np.save(WORDS / "rows.npy", vectors)
    np.save(WORDS / "columns.npy", np.asfortranarray(vectors))
    (WORDS / "index.txt").write_text("".join(f"{name}\n" for name in names))
    pq.write_table(pa.table({"index": names}), WORDS / "index.parquet", compression="snappy")
    counts = dict(zip(names, [700, 650, 300, 280, 9, 4, 0, 6, 12, 3, 2, 5], strict=True)) | {"elsewhere": 29}
    (WORDS / "counts.txt").write_text("".join(f"{name} {count}\n" for name, count in counts.items()))

    texts = [["the", "old", "river", ",", "slow", "and", "old"], ["bread"], ["the", "of", "the", "and"], ["中文", "café", "don't", "map"]]
    place = {name: i for i, name in enumerate(names)}
    mean = [vectors[[place[w] for w in text]].mean(axis=0) for text in texts]

    def sif(p, a, length, remove=True):
        # As the docstring of baselines/word-vectors/src/pool.rs says, in float64.
        v = vectors.astype(np.float64)
        x = (a / (a + p))[:, None] * v
        q = p / p.sum()
        m = q @ x
        expected = (1 - 1 / length) * np.outer(m, m) + (x * q[:, None]).T @ x / length
        u = np.linalg.eigh(expected)[1][:, -1]
        rows = np.array([x[[place[w] for w in text]].mean(axis=0) for text in texts])
        return rows - np.outer(rows @ u, u) if remove else rows

    zipf = 1 / (np.arange(1, len(names) + 1) + 2.7)
    zipf /= zipf.sum()
    counted = np.array([counts[name] for name in names]) / sum(counts.values())
    write(WORDS / "expected.json", {
        "made_by": "scripts/vector-fixtures.py", "with": {name: version(name) for name in ["numpy", "gensim", "pyarrow"]},
        "words": names, "vectors": [[float(v) for v in row] for row in vectors], "texts": [" ".join(text) for text in texts],
        "cases": [
            {"config": {"pooling": "mean"}, "vectors": [list(map(float, row)) for row in mean]},
            {"config": {"pooling": "sif"}, "vectors": sif(zipf, 1e-3, 20).tolist()},
            {"config": {"pooling": "sif", "a": 1e-2, "typical_words": 3}, "vectors": sif(zipf, 1e-2, 3).tolist()},
            {"config": {"pooling": "sif", "remove_common": False}, "vectors": sif(zipf, 1e-3, 20, False).tolist()},
            {"config": {"pooling": "sif", "counts": "counts.txt"}, "vectors": sif(counted, 1e-3, 20).tolist()},
        ],
    })


for part in sys.argv[1:] or ["static", "real", "words"]:
    {"static": static, "real": real, "words": words}[part]()
