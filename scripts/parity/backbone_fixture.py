#!/usr/bin/env python3
"""Writes baselines/backbone/tests/fixtures/NAME/: tiny random checkpoints of each family and what transformers computes on them.

    python scripts/parity/backbone_fixture.py

README.md in that folder tells the files. Needs torch, transformers, tokenizers and safetensors (CPU, one thread); seconds.
"""
import json
import shutil

from common import ROOT, far, made_with, save, sizes, torch, write_json
import tokenizers_of_our_own as own
import transformers as hf

from calm_twin import Encoder

OUT = ROOT / "baselines/backbone/tests/fixtures"
SEED = 11
NARROW = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 4}
ENCODER = NARROW | {
    "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "max_position_embeddings": 32, "type_vocab_size": 2,
}
DECODER = NARROW | {"num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
ROPE3 = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
}
BERT_GRADIENTS = [
    "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight",
    "embeddings.LayerNorm.weight", "encoder.layer.0.attention.self.query.weight", "encoder.layer.0.attention.self.value.bias",
    "encoder.layer.1.attention.output.LayerNorm.bias", "encoder.layer.1.output.dense.weight",
]
LLAMA_GRADIENTS = [
    "embed_tokens.weight", "layers.0.input_layernorm.weight", "layers.0.self_attn.q_proj.weight", "layers.0.self_attn.k_proj.weight",
    "layers.0.self_attn.v_proj.weight", "layers.1.mlp.gate_proj.weight", "layers.1.mlp.down_proj.weight", "norm.weight",
]
# Name -> tokenizer, class that is saved (names and heads as checkpoints have them), its configuration, how its rope is written.
FAMILIES = {
    "bert": ("wordpiece", hf.BertForSequenceClassification, hf.BertConfig(**ENCODER, num_labels=2), None),
    "roberta": ("bytes", hf.RobertaForMaskedLM, hf.RobertaConfig(**ENCODER, layer_norm_eps=1e-5), None),
    "xlm-roberta": ("unigram", hf.XLMRobertaModel, hf.XLMRobertaConfig(**(ENCODER | {"type_vocab_size": 1}), layer_norm_eps=1e-5), None),
    "llama": ("bytes-bos", hf.LlamaForCausalLM, hf.LlamaConfig(**DECODER, rope_theta=500.0, rms_norm_eps=1e-5), "old"),
    "llama3": ("bytes-bos", hf.LlamaModel, hf.LlamaConfig(**DECODER, rope_theta=500.0, rope_scaling=ROPE3, rms_norm_eps=1e-5, head_dim=8), "old"),
    "llama3-new": ("bytes-bos", hf.LlamaModel, hf.LlamaConfig(**DECODER, rope_theta=500.0, rope_scaling=ROPE3, rms_norm_eps=1e-5), "new"),
    "mistral": ("bytes-bos", hf.MistralForCausalLM, hf.MistralConfig(**DECODER, rope_theta=1e4, sliding_window=4), "new"),
    "qwen2": ("bytes-plain", hf.Qwen2ForCausalLM, hf.Qwen2Config(**DECODER, rope_theta=1e6, use_sliding_window=False), "new"),
    "qwen2-window": (
        "bytes-plain", hf.Qwen2Model,
        hf.Qwen2Config(**DECODER, rope_theta=1e6, use_sliding_window=True, sliding_window=4, max_window_layers=1), "new",
    ),
}


def draw(model, seed):
    """Random values under which every part matters, drawn name by name."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        value = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower() and name.endswith("weight"):
            value = 1 + 0.2 * value
        elif name.endswith("bias"):
            value = 0.2 * value
        elif "embed" not in name:
            value = value / parameter.shape[-1] ** 0.5
        parameter.data.copy_(value)


def write_checkpoint(folder, name, model, rope):
    """As its users would find it: heads beside the body, shards, half precision, rope as older and newer versions write it."""
    if name == "mistral":
        model = model.to(torch.bfloat16)
    model.save_pretrained(folder, max_shard_size="30KB" if name == "qwen2" else "5GB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    if rope == "old":
        parameters = config.pop("rope_parameters")
        config["rope_theta"] = parameters.pop("rope_theta")
        config["rope_scaling"] = parameters if parameters["rope_type"] != "default" else None
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def batch(config, seed):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor([11, 6, 1, 9])
    mask = torch.arange(11)[None, :] < lengths[:, None]
    ids = torch.randint(4, config.vocab_size, mask.shape, generator=generator)
    return torch.where(mask, ids, config.pad_token_id), mask, generator


def expected(name, folder, config):
    """Hidden states of the checkpoint as transformers reads it back."""
    model = hf.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids, mask, generator = batch(config, SEED + 1)
    out = model(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True)
    last64 = in_float64(folder)(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    tensors = {"ids": ids, "mask": mask.long()} | {f"hidden_{n}": h for n, h in enumerate(out.hidden_states)}
    assert torch.equal(out.hidden_states[-1], out.last_hidden_state)
    error = far(out.last_hidden_state[mask], last64[mask])
    assert error < 1e-5, (name, error)
    wanted = {"bert": BERT_GRADIENTS, "llama": LLAMA_GRADIENTS}.get(name)
    if wanted:
        readout = torch.randn(out.last_hidden_state.shape, generator=generator) * mask[..., None]
        parameters = dict(model.named_parameters())
        gradients = torch.autograd.grad((out.last_hidden_state * readout).sum(), [parameters[n] for n in wanted])
        tensors |= {"readout": readout} | {f"gradient.{n}": g for n, g in zip(wanted, gradients)}
    if name in ("bert", "llama", "mistral"):
        prompt = torch.randn(len(ids), 3, config.hidden_size, generator=generator)
        tensors |= {"prompt": prompt, "prompted": prompted(model, ids, mask, prompt)}
    return tensors, error


def in_float64(folder):
    """Wider throughout: eager attention and the decoders' norms would fall back to float32 inside."""
    model = hf.AutoModel.from_pretrained(folder, dtype=torch.float64, attn_implementation="sdpa").eval()
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child).__name__.endswith("RMSNorm"):
                norm = torch.nn.RMSNorm(len(child.weight), eps=child.variance_epsilon, dtype=torch.float64)
                norm.load_state_dict(child.state_dict())
                setattr(module, name, norm)
    return model


def prompted(model, ids, mask, prompt):
    """Last hidden states with rows in front of what enters layer 0: without a position in encoders, positions 0.. in decoders."""
    longer = torch.cat([torch.ones(prompt.shape[:2], dtype=torch.bool), mask], 1)
    if model.config.model_type == "bert":
        encoder = Encoder(model)
        return encoder.run(torch.cat([prompt, encoder.embed(ids)], 1), longer)
    embedded = torch.cat([prompt, model.get_input_embeddings()(ids)], 1)
    return model(inputs_embeds=embedded, attention_mask=longer.long()).last_hidden_state


def family(name, kind, model_class, config, rope):
    folder = OUT / name
    tokenizer = own.open_or_train(folder / "tokenizer.json", kind)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config.vocab_size = tokenizer.get_vocab_size()
    config.pad_token_id = tokenizer.token_to_id("<pad>" if tokenizer.token_to_id("[PAD]") is None else "[PAD]")
    model = model_class(config).eval()
    draw(model, SEED)
    write_checkpoint(folder, name, model, rope)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    tensors, error = expected(name, folder, config)
    save(folder / "expected.safetensors", tensors)
    write_json(folder / "expected.json", {
        "with": made_with("backbone_fixture.py", tokenizers=own.VERSION, seed=SEED, dtype="float32"),
        "float32_error": error, "texts": own.encoded(tokenizer),
    })
    return error


def main():
    errors = {name: family(name, *rest) for name, rest in FAMILIES.items()}
    sizes(OUT)
    print("float32 against float64, last hidden state:", {n: f"{e:.1e}" for n, e in errors.items()})


if __name__ == "__main__":
    main()
