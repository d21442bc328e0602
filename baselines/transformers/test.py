#!/usr/bin/env python3
"""Tests of model.py: tiny random models of each head, every number held to one forward pass of one row, without padding.

    just transformers && .tools/transformers/bin/python baselines/transformers/test.py

Exit code 77: a package is missing (its name is on stderr).
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

os.environ["HF_HUB_OFFLINE"] = "1"
try:
    import tokenizers
    import torch
    import transformers
except ImportError as error:
    print(error.name, file=sys.stderr)
    sys.exit(77)

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model.py")
spec = importlib.util.spec_from_file_location("model", PROGRAM)
model_py = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model_py)

TEXTS = ["the cat sat on the mat", "what do people eat on new year in japan", "soba noodles", "yes", "no", "hate speech is not acceptable here",
         "a very long answer about tea and the people who drink it"]
TASK = {"name": "t", "protocol": "p", "labels": ["hate", "not hate"], "cultures": []}
SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64}


def tokenizer(folder, kind):
    """Byte-level BPE with `<s>` in front (causal, t5: `</s>` behind), or word pieces with [CLS] and [SEP]."""
    special = ["<pad>", "<s>", "</s>", "<mask>", "<unk>"]
    inner = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    inner.train_from_iterator(TEXTS, trainer)
    form = {"causal": "<s> $A", "seq2seq": "$A </s>", "masked": "<s> $A </s>", "classifier": "<s> $A </s>"}[kind]
    pair = "<s> $A </s> $B </s>" if kind == "classifier" else None
    ids = [(token, special.index(token)) for token in ["<s>", "</s>"]]
    inner.post_processor = tokenizers.processors.TemplateProcessing(single=form, pair=pair, special_tokens=ids)
    own = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", mask_token="<mask>",
                                               unk_token="<unk>", model_max_length=64)
    if kind == "causal":
        own.chat_template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}[assistant]"
    own.save_pretrained(folder)
    return len(own)


def made(folder, kind, config, model, **more):
    """A random checkpoint; weights large enough that no two numbers are near each other."""
    torch.manual_seed(3)
    size = tokenizer(folder, kind)
    settings = config(vocab_size=size, pad_token_id=0, bos_token_id=1, eos_token_id=2, **more)
    own = model(settings)
    with torch.no_grad():
        for weight in own.parameters():
            if weight.dim() > 1:
                weight.normal_(0.0, 0.3)
    own.save_pretrained(folder)


CAUSAL = {
    "llama": lambda f: made(f, "causal", transformers.LlamaConfig, transformers.LlamaForCausalLM, **SMALL),
    "qwen2": lambda f: made(f, "causal", transformers.Qwen2Config, transformers.Qwen2ForCausalLM, num_key_value_heads=2, **SMALL),
    "gemma2": lambda f: made(f, "causal", transformers.Gemma2Config, transformers.Gemma2ForCausalLM, num_key_value_heads=2, head_dim=8, **SMALL),
    "gpt2": lambda f: made(f, "causal", transformers.GPT2Config, transformers.GPT2LMHeadModel, n_embd=32, n_layer=2, n_head=4, n_positions=64),
}
PAIRS = [("what do people eat", " soba noodles"), ("what do people eat", " tea"), ("hate speech", " yes"), ("hate speech", " no"), ("", "the cat"),
         ("the ma", "t on"), ("a very long answer about tea and the people who drink it", " yes, and the cat sat on the mat")]


class Base(unittest.TestCase):
    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def model(self, folder, **config):
        # What goes to stdout is the protocol's.
        model_py.say = lambda **message: None
        request = {"config": {"model": folder, "offline": True, **config}, "seed": 5, "threads": 1, "task": TASK}
        return model_py.Model(request)

    def likelihoods(self, model, pairs):
        asked = {"pairs": [{"context": context, "continuation": continuation} for context, continuation in pairs]}
        return model.loglikelihood(asked)["loglikelihoods"]

    def near(self, got, expect):
        self.assertEqual(len(got), len(expect))
        for one, other in zip(got, expect):
            self.assertAlmostEqual(one["sum"], other[0], delta=1e-3)
            self.assertEqual((one["tokens"], one["greedy"]), other[1:])


class Causal(Base):
    def direct(self, model, context, continuation):
        """One row, no padding: the tokens of all, less those that the context has by itself."""
        before, own = model.parts(context, continuation)
        ids = [1, *before, *own]
        logits = model.model(torch.tensor([ids])).logits[0].float()
        chosen = torch.log_softmax(logits, -1)
        places = range(len(ids) - len(own), len(ids))
        greedy = all(logits[at - 1].argmax().item() == ids[at] for at in places)
        return sum(chosen[at - 1, ids[at]].item() for at in places), len(own), greedy

    def test_likelihoods_are_those_of_single_rows(self):
        for name, make in CAUSAL.items():
            with self.subTest(name), torch.inference_mode():
                folder = self.folder()
                make(folder)
                for tokens in [1, 20, 2048]:
                    model = self.model(folder, dtype="float32", tokens=tokens)
                    self.assertEqual(model.head, "causal")
                    self.near(self.likelihoods(model, PAIRS), [self.direct(model, *pair) for pair in PAIRS])

    def test_a_token_that_spans_both_is_the_continuations(self):
        folder = self.folder()
        CAUSAL["llama"](folder)
        model = self.model(folder)
        whole = model.plain("the mat on")
        before, own = model.parts("the ma", "t on")
        self.assertEqual(before + own, whole)
        self.assertNotEqual(model.plain("the ma"), before, "`mat` is one token")
        with self.assertRaises(model_py.Trouble):
            model.parts("the cat", "")

    def test_replies_are_the_likeliest_tokens(self):
        folder = self.folder()
        CAUSAL["llama"](folder)
        prompts = ["what do people eat", "yes", "a very long answer about tea"]
        for chat in [False, True]:
            model = self.model(folder, dtype="float32", chat=chat)
            replies = model.generate({"prompts": prompts, "max_tokens": 6, "temperature": 0.0})["replies"]
            for prompt, reply in zip(prompts, replies):
                ids = model.plain(f"[user] {prompt}\n[assistant]") if chat else [1, *model.plain(prompt)]
                own = []
                while len(own) < 6 and (not own or own[-1] != 2):
                    own.append(model.model(torch.tensor([ids + own])).logits[0, -1].argmax().item())
                cut = own[-1] != 2
                text = model.tokenizer.decode(own if cut else own[:-1], skip_special_tokens=True)
                self.assertEqual(reply, {"text": text, "cut": cut})
        drawn = {"prompts": prompts, "max_tokens": 6, "temperature": 1.0}
        first = model.generate(drawn)["replies"]
        self.assertEqual(model.generate(drawn)["replies"], first)
        self.assertEqual(model.generate({**drawn, "prompts": prompts[1:]})["replies"], first[1:], "whatever else is asked")

    def test_of_a_long_context_the_end_is_kept(self):
        folder = self.folder()
        CAUSAL["llama"](folder)
        model = self.model(folder, dtype="float32")
        long, own = "tea and " * 60 + "the people who", " drink it"
        [got] = self.likelihoods(model, [(long, own)])
        self.assertEqual(model.cut, 1)
        before, last = model.parts(long, own)
        ids = [1, *before[-(64 - len(last)):], *last]
        logits = torch.log_softmax(model.model(torch.tensor([ids[:-1]])).logits[0].float(), -1)
        self.assertAlmostEqual(got["sum"], sum(logits[i - len(last), t].item() for i, t in enumerate(last)), delta=1e-3)


class Others(Base):
    def test_pseudo_log_likelihoods(self):
        folder = self.folder()
        made(folder, "masked", transformers.BertConfig, transformers.BertForMaskedLM, **SMALL)
        model = self.model(folder, dtype="float32")
        expect = []
        with torch.inference_mode():
            for context, continuation in PAIRS:
                before, own = model.parts(context, continuation)
                whole, total, greedy = [1, *before, *own, 2], 0.0, True
                for at in range(1 + len(before), len(whole) - 1):
                    ids = list(whole)
                    ids[at] = 3
                    logits = model.model(torch.tensor([ids])).logits[0, at].float()
                    total += torch.log_softmax(logits, -1)[whole[at]].item()
                    greedy = greedy and logits.argmax().item() == whole[at]
                expect.append((total, len(own), greedy))
            self.near(self.likelihoods(model, PAIRS), expect)
            texts = ["the cat sat", "tea", "what do people eat on new year in japan"]
            vectors = model.embed({"examples": [{"text": text} for text in texts]})["vectors"]
            for text, vector in zip(texts, vectors):
                last = model.model(torch.tensor([[1, *model.plain(text), 2]]), output_hidden_states=True).hidden_states[-1][0]
                self.assertLess((torch.tensor(vector) - last.mean(0)).abs().max().item(), 1e-4)

    def test_sequence_to_sequence(self):
        folder = self.folder()
        made(folder, "seq2seq", transformers.T5Config, transformers.T5ForConditionalGeneration, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
             decoder_start_token_id=0)
        model = self.model(folder, dtype="float32")
        self.assertEqual(model.head, "seq2seq")
        expect = []
        with torch.inference_mode():
            for context, continuation in PAIRS:
                own = model.plain(continuation)
                ids, start = torch.tensor([[*model.plain(context), 2]]), torch.tensor([[0, *own[:-1]]])
                logits = model.model(input_ids=ids, decoder_input_ids=start).logits[0].float()
                chosen = torch.log_softmax(logits, -1)
                expect.append((sum(chosen[at, token].item() for at, token in enumerate(own)), len(own), logits.argmax(-1).tolist() == own))
            self.near(self.likelihoods(model, PAIRS), expect)
        replies = model.generate({"prompts": ["the cat", "yes"], "max_tokens": 4, "temperature": 0.0})["replies"]
        self.assertEqual(len(replies), 2)

    def test_classifiers(self):
        folder = self.folder()
        names = {"id2label": {0: "LABEL_0", 1: "Hate"}, "label2id": {"LABEL_0": 0, "Hate": 1}}
        made(folder, "classifier", transformers.BertConfig, transformers.BertForSequenceClassification, **SMALL, **names)
        examples = {"examples": [{"text": text} for text in TEXTS]}
        with self.assertRaisesRegex(model_py.Trouble, "config.labels"):
            self.model(folder).classify(examples)
        model = self.model(folder, dtype="float32", labels={"not hate": "LABEL_0"})
        for text, scores in zip(TEXTS, model.classify(examples)["scores"]):
            logits = model.model(torch.tensor([[1, *model.plain(text), 2]])).logits[0].softmax(-1)
            for got, expect in zip(scores, [logits[1].item(), logits[0].item()]):
                self.assertAlmostEqual(got, expect, delta=1e-4)


class Protocol(Base):
    def test_lines_in_and_out(self):
        folder = self.folder()
        CAUSAL["llama"](folder)
        create = {"do": "create", "protocol": 1, "config": {"model": folder, "offline": True}, "weights": {}, "task": TASK, "seed": 1, "threads": 1}
        requests = [create, {"do": "loglikelihood", "pairs": [{"context": "a", "continuation": " b"}]}, {"do": "classify", "examples": []}]
        ran = subprocess.run([sys.executable, PROGRAM], input="".join(json.dumps(r) + "\n" for r in requests), capture_output=True, text=True, check=True)
        lines = [json.loads(line) for line in ran.stdout.splitlines()]
        answers = [line for line in lines if "log" not in line]
        self.assertEqual(answers[0], {"can": ["loglikelihood", "generate", "embed"], "dimension": 32})
        self.assertEqual(list(answers[1]), ["loglikelihoods"])
        self.assertIn("not classify", answers[2]["error"])
        self.assertIn("chat template sha256", lines[0]["log"])

    def test_what_is_wrong_is_told(self):
        folder = self.folder()
        CAUSAL["llama"](folder)
        for config, words in [({"model": "no/such"}, "no/such cannot be read"), ({"model": folder, "hed": "x"}, "unknown in `config`: hed"),
                              ({"model": folder, "dtype": "float31"}, "unknown dtype"), ({"model": folder, "head": "x"}, "unknown head"), ({}, "is missing")]:
            with self.subTest(words), self.assertRaisesRegex(model_py.Trouble, words):
                model_py.Model({"config": {"offline": True, **config}, "seed": 1, "threads": 1, "task": TASK})


if __name__ == "__main__":
    unittest.main()
