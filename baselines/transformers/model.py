#!/usr/bin/env python3
"""Models of Hugging Face's `transformers` on the `command` protocol (baselines/command/README.md): log-likelihoods, replies, labels, vectors.

One model of a folder or of the hub, by its head: `causal`, `seq2seq` (log-likelihoods and replies), `masked` (pseudo-log-likelihoods of Salazar et
al., 2020), `classifier` (labels). What `config` may hold is told in the README beside this file.
"""

import hashlib
import json
import math
import os
import sys

HEADS = {"causal": "AutoModelForCausalLM", "seq2seq": "AutoModelForSeq2SeqLM", "masked": "AutoModelForMaskedLM",
         "classifier": "AutoModelForSequenceClassification"}
CAN = {"causal": ["loglikelihood", "generate", "embed"], "seq2seq": ["loglikelihood", "generate"], "masked": ["loglikelihood", "embed"],
       "classifier": ["classify", "choose"]}
KNOWN = {"model", "head", "dtype", "device", "revision", "adapter", "quantize", "chat", "thinking", "offline", "tokens", "labels"}
# Tokens of one forward pass, padding included: a row of logits is as wide as the vocabulary.
TOKENS = 2048


class Trouble(Exception):
    """What is wrong and what to do; it ends the cell."""


def say(**message):
    print(json.dumps(message), flush=True)


def load(config):
    """The libraries, with what must be in the environment before they are there."""
    unknown = sorted(set(config) - KNOWN)
    if unknown:
        raise Trouble(f"unknown in `config`: {', '.join(unknown)}; there are {', '.join(sorted(KNOWN))}")
    if "model" not in config:
        raise Trouble("`config.model` is missing; give a folder or ORG/NAME")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if config.get("offline"):
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch
        import transformers
    except ImportError as error:
        raise Trouble(f"{sys.executable} has no {error.name}; `just transformers` makes a Python that has all") from error
    transformers.logging.set_verbosity_error()
    return torch, transformers


def head_of(config, described):
    """The head that is asked for, else that of the checkpoint's architecture."""
    if config.get("head"):
        if config["head"] not in HEADS:
            raise Trouble(f"unknown head `{config['head']}`; there are {', '.join(HEADS)}")
        return config["head"]
    names = " ".join(described.architectures or [])
    if getattr(described, "is_encoder_decoder", False):
        return "seq2seq"
    for ending, head in [("ForSequenceClassification", "classifier"), ("ForMaskedLM", "masked"), ("ForCausalLM", "causal"),
                         ("LMHeadModel", "causal")]:
        if ending in names:
            return head
    raise Trouble(f"its checkpoint names no head ({names or 'no architecture'}); add `head` = {', '.join(HEADS)}")


class Model:
    """A model with its tokenizer."""

    def __init__(self, request):
        config = self.config = request.get("config") or {}
        self.torch, transformers = load(config)
        torch = self.torch
        torch.manual_seed(request["seed"])
        torch.set_num_threads(max(1, request["threads"]))
        self.seed, self.task = request["seed"], request["task"]
        where = {"revision": config.get("revision")}
        try:
            described = transformers.AutoConfig.from_pretrained(config["model"], **where)
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(config["model"], **where)
        except OSError as error:
            raise Trouble(f"{config['model']} cannot be read: {first(error)}; correct the name, or download it first") from error
        self.head = head_of(config, described)
        self.model = self.read(transformers, where)
        self.model.eval()
        self.device = next(self.model.parameters()).device
        limits = [getattr(described, "max_position_embeddings", None), getattr(self.tokenizer, "model_max_length", None)]
        self.longest = min([limit for limit in limits if limit and 0 < limit < 1 << 30], default=1 << 30)
        if getattr(described, "model_type", "") in {"roberta", "xlm-roberta", "camembert"}:
            self.longest -= described.pad_token_id + 1 if self.longest == described.max_position_embeddings else 0
        self.cut = 0
        template = getattr(self.tokenizer, "chat_template", None)
        self.chats = config.get("chat", bool(template))
        if self.chats and not template:
            raise Trouble("the tokenizer has no chat template; set `chat = false`")
        self.describe(described, template, transformers)

    def read(self, transformers, where):
        config, torch = self.config, self.torch
        dtype = config.get("dtype", "auto")
        if dtype != "auto" and not isinstance(getattr(torch, dtype, None), torch.dtype):
            raise Trouble(f"unknown dtype `{dtype}`; give float32, bfloat16 or float16")
        options = dict(where, dtype=dtype if dtype == "auto" else getattr(torch, dtype))
        if config.get("quantize"):
            bits = config["quantize"]
            options["quantization_config"] = transformers.BitsAndBytesConfig(load_in_8bit=bits == "8bit", load_in_4bit=bits == "4bit")
        device = config.get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
        mapped = device == "auto" or bool(config.get("quantize"))
        if mapped:
            options["device_map"] = "auto"
        model = getattr(transformers, HEADS[self.head]).from_pretrained(config["model"], **options)
        if config.get("adapter"):
            try:
                import peft
            except ImportError as error:
                raise Trouble(f"an adapter needs the package peft in {sys.executable}") from error
            model = peft.PeftModel.from_pretrained(model, config["adapter"])
        return model if mapped else model.to(device)

    def describe(self, described, template, transformers):
        """What the log of the cell keeps."""
        parameters = sum(weight.numel() for weight in self.model.parameters())
        what = f"{self.config['model']} at {getattr(described, '_commit_hash', None) or 'its folder'}: {self.head}, {parameters:,} parameters"
        what += f", {self.model.dtype}, {self.device}, torch {self.torch.__version__}, transformers {transformers.__version__}"
        if self.head == "causal" and template and self.chats:
            what += f", chat template sha256 {hashlib.sha256(str(template).encode()).hexdigest()[:12]}"
        say(log=what)

    # Texts and tokens.

    def plain(self, text):
        return self.tokenizer(text, add_special_tokens=False).input_ids

    def around(self):
        """The special tokens before and after a text."""
        middle = self.plain("a")
        whole = self.tokenizer("a").input_ids
        at = next((i for i in range(len(whole) - len(middle) + 1) if whole[i:i + len(middle)] == middle), 0)
        return whole[:at], whole[at + len(middle):]

    def parts(self, context, continuation):
        """Tokens of the context, and those that the continuation adds to them; one that spans both belongs to the continuation."""
        before, whole = self.plain(context), self.plain(context + continuation)
        shared = 0
        while shared < min(len(before), len(whole)) and before[shared] == whole[shared]:
            shared += 1
        if shared == len(whole):
            raise Trouble(f"the continuation {continuation!r} adds no token to its context")
        return whole[:shared], whole[shared:]

    def padded(self, rows, left=False):
        """Rows as a tensor with its mask."""
        pad = self.tokenizer.pad_token_id
        pad = pad if pad is not None else self.tokenizer.eos_token_id or 0
        width = max(map(len, rows))
        fill = [[pad] * (width - len(row)) for row in rows]
        none = [[0] * len(gap) for gap in fill]
        ids = [gap + row if left else row + gap for row, gap in zip(rows, fill)]
        mask = [gap + [1] * len(row) if left else [1] * len(row) + gap for row, gap in zip(rows, none)]
        tensor = lambda values: self.torch.tensor(values, device=self.device)
        return tensor(ids), tensor(mask)

    def batches(self, rows):
        """Places of rows in passes of about so many tokens, the longest first."""
        order = sorted(range(len(rows)), key=lambda at: (-len(rows[at]), rows[at]))
        budget, start = self.config.get("tokens", TOKENS), 0
        while start < len(order):
            size = max(1, budget // max(1, len(rows[order[start]])))
            yield order[start:start + size]
            start += size

    def shortened(self, ids, room):
        """The end of a context that is too long."""
        if len(ids) <= room:
            return ids
        self.cut += 1
        return ids[len(ids) - max(0, room):]

    # What the harness asks for.

    def loglikelihood(self, request):
        pairs = [(self.asked(pair["context"], self.config.get("chat") is True), pair["continuation"]) for pair in request["pairs"]]
        with self.torch.inference_mode():
            found = getattr(self, f"{self.head}_loglikelihood")(pairs)
        return {"loglikelihoods": [{"sum": total, "tokens": tokens, "greedy": greedy} for total, tokens, greedy in found]}

    def causal_loglikelihood(self, pairs):
        """Each distinct input is computed once: options of one token share that of their context."""
        start = self.around()[0] or [token for token in [self.tokenizer.bos_token_id, self.tokenizer.eos_token_id] if token is not None][:1]
        rows, asked = [], []
        for context, continuation in pairs:
            before, own = self.parts(context, continuation)
            before = self.shortened(before, self.longest - len(start) - len(own) + 1)
            lead = [] if before[:len(start)] == start else start
            rows.append((lead + before + own)[:-1])
            asked.append(own)
        distinct = sorted(set(map(tuple, rows)))
        places = {row: at for at, row in enumerate(distinct)}
        wanted = [[] for _ in distinct]
        for at, row in enumerate(rows):
            wanted[places[tuple(row)]].append(at)
        found = [None] * len(pairs)
        distinct = list(map(list, distinct))
        for batch in self.batches(distinct):
            ids, mask = self.padded([distinct[at] for at in batch])
            logits = self.model(input_ids=ids, attention_mask=mask).logits
            for row, place in enumerate(batch):
                for at in wanted[place]:
                    own, end = asked[at], len(distinct[place])
                    found[at] = self.summed(logits[row, end - len(own):end], own)
        return found

    def seq2seq_loglikelihood(self, pairs):
        contexts = [self.tokenizer(context).input_ids for context, _ in pairs]
        targets = [self.plain(continuation) for _, continuation in pairs]
        first = self.model.config.decoder_start_token_id
        found = [None] * len(pairs)
        for batch in self.batches([context + own for context, own in zip(contexts, targets)]):
            ids, mask = self.padded([contexts[at][:self.longest] for at in batch])
            inputs, known = self.padded([[first, *targets[at][:-1]] for at in batch])
            logits = self.model(input_ids=ids, attention_mask=mask, decoder_input_ids=inputs, decoder_attention_mask=known).logits
            for row, at in enumerate(batch):
                found[at] = self.summed(logits[row, :len(targets[at])], targets[at])
        return found

    def masked_loglikelihood(self, pairs):
        """Each token of the continuation is masked in turn: the sum is its pseudo-log-likelihood."""
        if self.tokenizer.mask_token_id is None:
            raise Trouble("the tokenizer has no mask token; set `head` to what the model is")
        start, end = self.around()
        rows, asked = [], []
        for at, (context, continuation) in enumerate(pairs):
            before, own = self.parts(context, continuation)
            before = self.shortened(before, self.longest - len(start) - len(end) - len(own))
            whole = start + before + own + end
            for place in range(len(start) + len(before), len(whole) - len(end)):
                rows.append([*whole[:place], self.tokenizer.mask_token_id, *whole[place + 1:]])
                asked.append((at, place, whole[place]))
        sums, counts, likeliest = [0.0] * len(pairs), [0] * len(pairs), [True] * len(pairs)
        single = [None] * len(rows)
        for batch in self.batches(rows):
            ids, mask = self.padded([rows[at] for at in batch])
            logits = self.model(input_ids=ids, attention_mask=mask).logits
            for row, at in enumerate(batch):
                _, place, token = asked[at]
                single[at] = self.summed(logits[row, place:place + 1], [token])
        for (at, _, _), (total, _, greedy) in zip(asked, single):
            sums[at], counts[at], likeliest[at] = sums[at] + total, counts[at] + 1, likeliest[at] and greedy
        return list(zip(sums, counts, likeliest))

    def summed(self, logits, own):
        logits = logits.float()
        chosen = self.torch.log_softmax(logits, dim=-1)
        sum_ = sum(chosen[place, token].item() for place, token in enumerate(own))
        return sum_, len(own), logits.argmax(dim=-1).tolist() == list(own)

    def asked(self, prompt, chats):
        """The prompt as the model reads it."""
        if not chats:
            return prompt
        options = {} if "thinking" not in self.config else {"enable_thinking": self.config["thinking"]}
        return self.tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True, **options)

    def generate(self, request):
        chats = self.chats and self.head == "causal"
        prompts = [self.asked(prompt, chats) for prompt in request["prompts"]]
        room = self.longest - request["max_tokens"] if self.head == "causal" else self.longest
        if self.head == "causal":
            # A chat template writes its special tokens itself.
            start = [] if chats else self.around()[0]
            rows = [start + self.shortened(self.plain(prompt), max(1, room - len(start))) for prompt in prompts]
        else:
            rows = [self.tokenizer(prompt).input_ids[:room] for prompt in prompts]
        if not all(rows):
            raise Trouble("an empty prompt, and the tokenizer has no token to begin with")
        drawn = request["temperature"] > 0
        replies = [None] * len(rows)
        # What is drawn must not depend on what else is in a pass.
        batches = [[at] for at in range(len(rows))] if drawn else self.batches(rows)
        for batch in batches:
            ids, mask = self.padded([rows[at] for at in batch], left=True)
            how = {"do_sample": drawn, "max_new_tokens": request["max_tokens"], "pad_token_id": self.tokenizer.pad_token_id}
            if how["pad_token_id"] is None:
                how["pad_token_id"] = self.tokenizer.eos_token_id or 0
            if drawn:
                how.update(temperature=request["temperature"], top_k=0, top_p=1.0)
                digest = hashlib.sha256(f"{self.seed} {prompts[batch[0]]}".encode()).digest()
                self.torch.manual_seed(int.from_bytes(digest[:8], "big") >> 1)
            else:
                how.update(temperature=None, top_p=None, top_k=None)
            with self.torch.inference_mode():
                out = self.model.generate(input_ids=ids, attention_mask=mask, **how)
            for row, at in enumerate(batch):
                own = out[row, ids.shape[1] if self.head == "causal" else 1:].tolist()
                replies[at] = self.reply(own, request["max_tokens"])
        return {"replies": replies}

    def reply(self, own, limit):
        ends = self.model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        end = next((at for at, token in enumerate(own) if token in ends), None)
        text = self.tokenizer.decode(own if end is None else own[:end], skip_special_tokens=True)
        return {"text": text, "cut": end is None and len(own) >= limit}

    def embed(self, request):
        """The mean of the last layer's vectors over a text's tokens."""
        start, end = self.around()
        room = self.longest - len(start) - len(end)
        rows = [start + self.plain(example["text"])[:room] + end or [self.tokenizer.eos_token_id or 0] for example in request["examples"]]
        vectors = [None] * len(rows)
        for batch in self.batches(rows):
            ids, mask = self.padded([rows[at] for at in batch])
            with self.torch.inference_mode():
                last = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[-1].float()
            mask = mask.unsqueeze(-1)
            for row, at in enumerate(batch):
                vectors[at] = ((last[row] * mask[row]).sum(0) / mask[row].sum()).tolist()
        return {"vectors": vectors}

    def scores(self, texts, pairs=None):
        """Probabilities of the classifier's labels for texts, or pairs of texts."""
        rows = [None] * len(texts)
        for batch in self.batches([list(text.encode()) for text in texts]):
            given = [[texts[at] for at in batch]] + ([[pairs[at] for at in batch]] if pairs else [])
            inputs = self.tokenizer(*given, return_tensors="pt", padding=True, truncation=True, max_length=min(self.longest, 1 << 20))
            with self.torch.inference_mode():
                logits = self.model(**inputs.to(self.device)).logits.float()
            values = logits if logits.shape[1] == 1 else logits.softmax(dim=-1)
            for row, at in enumerate(batch):
                rows[at] = values[row].tolist()
        return rows

    def classify(self, request):
        names = {name.lower(): place for place, name in self.model.config.id2label.items()}
        chosen = self.config.get("labels", {})
        places = [names.get(str(chosen.get(label, label)).lower()) for label in self.task["labels"]]
        if None in places:
            raise Trouble(f"the model's labels are {', '.join(names)}, the task's {', '.join(self.task['labels'])}; say which is which in `config.labels`,"
                          " as in { hate = \"LABEL_1\" }")
        rows = self.scores([example["text"] for example in request["examples"]])
        return {"scores": [[row[place] for place in places] for row in rows]}

    def choose(self, request):
        """How much a text entails each option, or the one score of a model that has one."""
        labels = {name.lower(): place for place, name in self.model.config.id2label.items()}
        place = 0 if len(labels) == 1 else labels.get("entailment")
        if place is None:
            raise Trouble(f"the model has neither one score nor the label `entailment` ({', '.join(labels)}); it cannot choose between options")
        flat = [(example["text"], option) for example in request["examples"] for option in example["options"]]
        rows = iter(self.scores([text for text, _ in flat], [option for _, option in flat]))
        return {"scores": [[next(rows)[place] for _ in example["options"]] for example in request["examples"]]}


def first(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def finite(value):
    """JSON has no infinity: what is impossible has a very low sum."""
    if isinstance(value, float) and not math.isfinite(value):
        return -1e30 if value < 0 else None
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    return [finite(inner) for inner in value] if isinstance(value, list) else value


def answer(model, request):
    what = request["do"]
    if what == "create":
        model = Model(request)
        created = {"can": CAN[model.head]}
        if "embed" in CAN[model.head]:
            created["dimension"] = model.model.config.hidden_size
        return model, created
    if what not in CAN[model.head]:
        raise Trouble(f"a {model.head} model can {', '.join(CAN[model.head])}, not {what}; name them in `capabilities`, or set `head`")
    before = model.cut
    told = finite(getattr(model, what)(request))
    if model.cut > before:
        say(log=f"{model.cut - before} prompts were longer than {model.longest} tokens: their ends were kept")
    return model, told


def main():
    model = None
    for line in sys.stdin:
        try:
            model, told = answer(model, json.loads(line))
        except Trouble as trouble:
            say(error=str(trouble))
            continue
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
