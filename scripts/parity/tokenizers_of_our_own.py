"""Tiny tokenizers of the kinds that the families use, trained on a handful of sentences written for it."""
import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

VERSION = tokenizers.__version__

SENTENCES = [
    "The market opens at dawn and the bread is still warm.",
    "Grandmother poured the tea before anybody spoke.",
    "In our village a guest never leaves hungry.",
    "El mercado abre al amanecer y el pan está caliente.",
    "La abuela sirvió el té antes de que nadie hablara.",
    "Der Gast bekommt das größte Stück Kuchen.",
    "祖母は誰よりも先にお茶を注いだ。",
    "في قريتنا لا يغادر الضيف جائعا",
    "हमारे गाँव में मेहमान भूखा नहीं जाता",
]

TEXTS = [
    "The guest spoke before dawn.",
    "",
    "   ",
    "Größte café, está caliente!",
    "祖母はお茶",
    "tea 🫖 and bread 🍞",
    "مرحبا grandmother",
    "e\u0301 is é",
    "line\none\ttwo",
    "hungryhungryhungry " * 3,
]


def open_or_train(path, kind):
    """The one that is there: WordPiece and Unigram training break ties in the order of a hash, which no seed fixes."""
    return Tokenizer.from_file(str(path)) if path.exists() else train(kind)


def train(kind):
    """`wordpiece` (BERT), `bytes` (RoBERTa), `bytes-bos` (Llama 3, Mistral), `bytes-plain` (Qwen2), `unigram` (XLM-RoBERTa)."""
    return {"wordpiece": word_piece, "unigram": unigram}.get(kind, lambda: byte_level(kind))()


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=40))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=160, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_level(kind):
    tokenizer = Tokenizer(models.BPE())
    special = ["<pad>", "<s>", "</s>", "<mask>"]
    if kind == "bytes":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        special = ["<s>", "<pad>", "</s>", "<mask>"]
    else:
        # Words, digits one by one, marks, spaces: in the manner of the newer decoders.
        words = Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(words, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
        )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    if kind == "bytes":
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    elif kind == "bytes-bos":
        begin = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B:1", special_tokens=[("<s>", 1)])
        tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), begin])
    else:
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def encoded(tokenizer):
    """Ids and offsets of the texts; offsets in bytes of UTF-8, as the Rust library gives them."""

    def in_bytes(text, place):
        return len(text[:place].encode())

    result = []
    for text in TEXTS:
        encoding = tokenizer.encode(text)
        offsets = [[in_bytes(text, a), in_bytes(text, b)] for a, b in encoding.offsets]
        result.append({"text": text, "ids": encoding.ids, "offsets": offsets, "special": encoding.special_tokens_mask})
    return result
