"""CALM in PyTorch: the twin that the Rust plugin is checked against, one function per stage and per loss term.

An independent reconstruction of Shen et al., "CALM: Culturally Self-Aware Language Models" (arXiv 2601.03483), as calm-plugin
describes it. B batch, L tokens, d backbone width, c cultural width, K slots per type, E experts, C classes, m prompt tokens.
"""
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

WEIGHTS = {
    "task": 1.0, "contrast_explicit": 0.1, "contrast_latent": 0.1, "disentangle": 0.05, "balance": 0.01, "calibrate": 0.1,
}


@dataclass
class Config:
    """Every switch; the first value named is the default."""

    width: int = 256  # c
    slots: int = 8  # K
    experts: int = 6  # E
    prompt: int = 8  # m
    prompting: str = "soft"  # words: a sentence of the two likeliest experts instead
    prompt_hidden: int = 128
    prompt_layer: int = 0
    classes: int = 2  # C
    rounds: int = 1  # R
    pooling: str = "mean"  # cls, last
    lexicon_bias: float = 2.0  # 0 = no bias
    latent_mask: bool = True
    pool: str = "both"  # one-way, self, concat
    moe: str = "top2"  # dense, single, random
    fusion: str = "residual"  # replace, fixed
    contrast: str = "supcon"  # simclr, none
    tags: bool = True  # whether the task has culture tags
    disentangle: str = "covariance"  # hsic, none
    calibration: str = "deviation"  # ema, none
    delta: float = 0.05
    eta: float = 0.5
    tau: float = 0.07
    dropout: float = 0.0


@dataclass
class Stages:
    """What one round computes."""

    h0: torch.Tensor  # [B,d]
    z: torch.Tensor  # [B,c]
    X: torch.Tensor  # [B,K,c]
    Y: torch.Tensor  # [B,K,c]
    w_explicit: torch.Tensor  # [B,K,L]
    w_latent: torch.Tensor  # [B,K,L]
    A: torch.Tensor  # [B,2K,c]
    g: torch.Tensor  # [B,E], all of the gate
    mixture: torch.Tensor  # [B,E], what the experts are weighted by
    u: torch.Tensor  # [B,c]
    alpha: torch.Tensor  # [B,1]
    s: torch.Tensor  # [B,d]


@dataclass
class Output:
    """Round 0, then what each later round adds."""

    first: Stages
    H: list = field(default_factory=list)  # R+1 of [B,L,d]
    P: list = field(default_factory=list)  # R of [B,m,d]
    g: list = field(default_factory=list)  # R+1 of [B,E]
    thought: list = field(default_factory=list)  # R of [B,d]: s'_r
    dev: list = field(default_factory=list)  # R of [B]
    s: list = field(default_factory=list)  # R+1 of [B,d]
    logits: list = field(default_factory=list)  # R+1 of [B,C]
    second_view: tuple = None  # X, Y under another dropout mask


def normalise(v):
    return F.normalize(v, dim=-1, eps=1e-8)


class Encoder(nn.Module):
    """A BERT of `transformers` whose layers can be run in parts, with a soft prompt in front."""

    def __init__(self, bert):
        super().__init__()
        self.embeddings, self.encoder = bert.embeddings, bert.encoder

    def embed(self, ids):
        return self.embeddings(input_ids=ids)

    def run(self, hidden, mask, first=0, last=None):
        closed = None  # As transformers does, where nothing is padded.
        if not mask.all():
            closed = torch.zeros(mask.shape, dtype=hidden.dtype).masked_fill(~mask, torch.finfo(hidden.dtype).min)
            closed = closed[:, None, None, :].expand(-1, 1, mask.shape[1], -1)
        for layer in self.encoder.layer[first:last]:
            hidden = layer(hidden, closed)
        return hidden


class Task(nn.Module):
    def __init__(self, d, c):
        super().__init__()
        self.proj, self.norm = nn.Linear(d, c), nn.LayerNorm(c)

    def forward(self, h0):
        return self.norm(self.proj(h0))


class Slots(nn.Module):
    """K learned queries that attend the tokens."""

    def __init__(self, d, c, slots):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(slots, c))
        self.key, self.value = nn.Linear(d, c, bias=False), nn.Linear(d, c, bias=False)
        self.norm = nn.LayerNorm(c)

    def forward(self, H, open_tokens, bias=None):
        k, v = self.key(H), self.value(H)  # [B,L,c]
        a = self.queries @ k.transpose(1, 2) / k.shape[-1] ** 0.5  # [B,K,L]
        if bias is not None:
            a = a + bias[:, None, :]
        w = a.masked_fill(~open_tokens[:, None, :], float("-inf")).softmax(-1)
        return self.norm(w @ v), w


class Block(nn.Module):
    """Post-norm attention and feed-forward over slots, four heads; `attends` False leaves the attention out."""

    def __init__(self, c, attends=True):
        super().__init__()
        if attends:
            self.query, self.key, self.value, self.out = (nn.Linear(c, c) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(c), nn.LayerNorm(c)
        self.up, self.down = nn.Linear(c, 4 * c), nn.Linear(4 * c, c)

    def attend(self, q, kv, heads=4):
        def split(x):
            return x.unflatten(-1, (heads, -1)).transpose(1, 2)  # [B,h,K,c/h]

        q, k, v = split(self.query(q)), split(self.key(kv)), split(self.value(kv))
        w = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
        return self.out((w @ v).transpose(1, 2).flatten(-2))

    def forward(self, x, other=None):
        x = self.norm1(x if other is None else x + self.attend(x, other))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Stack(nn.Module):
    """E linear layers in one tensor."""

    def __init__(self, experts, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(experts, o, i) * 0.02)
        self.bias = nn.Parameter(torch.zeros(experts, o))

    def forward(self, x):  # [E,B,i] to [E,B,o]
        return x @ self.weight.transpose(1, 2) + self.bias[:, None, :]


class Experts(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.kind, c, self.count = config.moe, config.width, config.experts
        if self.kind in ("top2", "dense"):
            self.gate = nn.Linear(2 * c, self.count, bias=False)
        stacks, hidden = self.count, 4 * c
        if self.kind == "single":
            parameters = self.count * (8 * c * c + 5 * c) + 2 * c * self.count
            stacks, hidden = 1, round((parameters - c) / (2 * c + 1))
        self.up, self.down = Stack(stacks, c, hidden), Stack(stacks, hidden, c)

    def forward(self, A, z, gate_logits=None):
        a = A.mean(1)
        if self.kind == "single":
            g = mixture = torch.ones(a.shape[0], 1, dtype=a.dtype)
        elif self.kind == "random" and gate_logits is None:
            g = mixture = torch.full((a.shape[0], self.count), 1 / self.count, dtype=a.dtype)
        else:
            g = (gate_logits if self.kind == "random" else self.gate(torch.cat([a, z], -1))).softmax(-1)
            kept = torch.zeros_like(g).scatter(1, g.topk(2).indices, 1.0)
            mixture = g if self.kind == "dense" else g * kept / (g * kept).sum(-1, keepdim=True)
        i = (a + z).expand(self.up.weight.shape[0], -1, -1)  # [E,B,c]
        each = self.down(F.gelu(self.up(i)))
        return torch.einsum("be,ebc->bc", mixture, each), g, mixture


class Identity(nn.Module):
    def __init__(self, d, c, kind):
        super().__init__()
        self.kind = kind
        if kind == "residual":
            self.gate = nn.Linear(d + c, 1)
        self.out, self.norm = nn.Linear(c, d, bias=False), nn.LayerNorm(d)

    def forward(self, h0, u):
        if self.kind == "replace":
            return self.norm(self.out(u)), torch.ones(len(u), 1, dtype=u.dtype)
        fixed = torch.full((len(u), 1), 0.5, dtype=u.dtype)
        alpha = fixed if self.kind == "fixed" else torch.sigmoid(self.gate(torch.cat([h0, u], -1)))
        return self.norm(h0 + alpha * self.out(u)), alpha


class Prompt(nn.Module):
    def __init__(self, d, hidden, m):
        super().__init__()
        self.down, self.up, self.m = nn.Linear(d, hidden), nn.Linear(hidden, m * d), m

    def forward(self, s):
        return self.up(F.gelu(self.down(s))).unflatten(-1, (self.m, -1))  # [B,m,d]


class Calm(nn.Module):
    def __init__(self, bert, config):
        super().__init__()
        d, c = bert.config.hidden_size, config.width
        self.config = config
        self.backbone = Encoder(bert)
        self.task = Task(d, c)
        self.explicit, self.latent = Slots(d, c, config.slots), Slots(d, c, config.slots)
        if config.pool != "concat":
            self.pool = nn.ModuleDict({"x": Block(c)})
            if config.pool != "self":
                self.pool["y"] = Block(c, attends=config.pool == "both")
        self.experts = Experts(config)
        self.identity = Identity(d, c, config.fusion)
        if config.prompting == "soft":
            self.prompt = Prompt(d, config.prompt_hidden, config.prompt)
        self.sentences = None  # ids and mask, [E E,m] each
        self.head = nn.Linear(d + c, config.classes)

    def pooled(self, H, mask):
        if self.config.pooling == "cls":
            return H[:, 0]
        if self.config.pooling == "last":
            return H[torch.arange(len(H)), mask.sum(1) - 1]
        weight = mask.to(H.dtype)[..., None]
        return (H * weight).sum(1) / weight.sum(1)

    def slots(self, H, mask, lex):
        H = F.dropout(H, self.config.dropout, self.training)
        open_latent = mask
        if self.config.latent_mask:
            left = mask & ~lex
            open_latent = torch.where(left.any(1, keepdim=True), left, mask)
        X, w_explicit = self.explicit(H, mask, lex.to(H.dtype) * self.config.lexicon_bias)
        Y, w_latent = self.latent(H, open_latent)
        return X, Y, w_explicit, w_latent

    def align(self, X, Y):
        if self.config.pool == "concat":
            return torch.cat([X, Y], 1)
        if self.config.pool == "self":
            union = torch.cat([X, Y], 1)
            return self.pool["x"](union, union)
        return torch.cat([self.pool["x"](X, Y), self.pool["y"](Y, X if self.config.pool == "both" else None)], 1)

    def think(self, H, mask, lex, gate_logits=None):
        h0 = self.pooled(H, mask)  # [B,d]
        z = self.task(h0)  # [B,c]
        X, Y, w_explicit, w_latent = self.slots(H, mask, lex)  # [B,K,c]
        A = self.align(X, Y)  # [B,2K,c]
        u, g, mixture = self.experts(A, z, gate_logits)  # [B,c]
        s, alpha = self.identity(h0, u)  # [B,d]
        return Stages(h0, z, X, Y, w_explicit, w_latent, A, g, mixture, u, alpha, s)

    def logits(self, s, z):
        return self.head(torch.cat([s, z], -1))

    def forward(self, ids, mask, lex, gate_logits=None):
        config, layer = self.config, self.config.prompt_layer
        entering = self.backbone.run(self.backbone.embed(ids), mask, 0, layer)  # [B,L,d]
        H = self.backbone.run(entering, mask, layer)
        first = self.think(H, mask, lex, gate_logits)
        out = Output(first, H=[H], g=[first.g], s=[first.s], logits=[self.logits(first.s, first.z)])
        if self.training and config.contrast != "none" and (config.contrast == "simclr" or not config.tags):
            out.second_view = self.slots(H, mask, lex)[:2]
        for _ in range(config.rounds):
            self.reflect(out, entering, mask, lex, gate_logits)
        return out

    def ask(self, s, g):
        if self.config.prompting == "soft":
            P = self.prompt(s)
            return P, torch.ones(P.shape[:2], dtype=torch.bool)
        first, second = g.topk(2).indices.unbind(1)
        ids, real = (table[first * self.config.experts + second] for table in self.sentences)
        return self.backbone.run(self.backbone.embed(ids), real, 0, self.config.prompt_layer), real

    def reflect(self, out, entering, mask, lex, gate_logits):
        """Prompts itself with its identity state and calibrates it by what it then thinks."""
        config, s = self.config, out.s[-1]
        P, real = self.ask(s, out.g[-1])
        longer = torch.cat([real, mask], 1)
        H = self.backbone.run(torch.cat([P, entering], 1), longer, config.prompt_layer)[:, P.shape[1] :]
        again = self.think(H, mask, lex, gate_logits)
        thought = again.s
        dev = 1 - (normalise(thought) * normalise(s.detach())).sum(-1)  # [B]
        if config.calibration == "none":
            s = thought
        else:
            moved = s + config.eta * (thought - s)
            s = moved if config.calibration == "ema" else torch.where((dev > config.delta)[:, None], moved, s)
        out.P.append(P), out.H.append(H), out.g.append(again.g), out.thought.append(thought), out.dev.append(dev)
        out.s.append(s), out.logits.append(self.logits(s, out.first.z))


# Loss terms.


def supcon(v, culture, tau):
    """v [N,c] unit vectors; culture [N], positives share it, below 0 it is unknown."""
    same = (culture[:, None] == culture[None, :]) & (culture >= 0)[:, None]
    self_ = torch.eye(len(v), dtype=torch.bool)
    positive = (same & ~self_).to(v.dtype)
    similarity = v @ v.T / tau
    log_p = similarity - similarity.masked_fill(self_, float("-inf")).logsumexp(1, keepdim=True)
    count = positive.sum(1)
    anchors = count > 0
    if not anchors.any():
        return v.sum() * 0
    return -((positive * log_p).sum(1)[anchors] / count[anchors]).mean()


def simclr(first, second, tau):
    """Two views of the same items; the other view is the one positive."""
    item = torch.arange(len(first))
    return supcon(torch.cat([first, second]), torch.cat([item, item]), tau)


def covariance(parts):
    """Squared cross-covariance of each pair, over c."""
    n, c = parts[0].shape
    if n < 2:
        return parts[0].sum() * 0
    centred = [p - p.mean(0) for p in parts]
    pairs = [(centred[a].T @ centred[b]) / (n - 1) for a, b in ((0, 1), (0, 2), (1, 2))]
    return sum(pair.square().sum() / c for pair in pairs)


def hsic(parts):
    """Biased HSIC of each pair (Gretton et al. 2007, equation 4), RBF kernels of median width."""
    n = len(parts[0])
    if n < 2:
        return parts[0].sum() * 0
    upper = torch.triu_indices(n, n, 1)
    centring = torch.eye(n, dtype=parts[0].dtype) - 1 / n

    def kernel(p):
        distance = (p[:, None] - p[None, :]).square().sum(-1)
        median = distance.detach()[upper[0], upper[1]].median().clamp_min(1e-12)
        return centring @ torch.exp(-distance / (2 * median)) @ centring

    kernels = [kernel(p) for p in parts]
    return sum((kernels[a] * kernels[b]).sum() / n**2 for a, b in ((0, 1), (0, 2), (1, 2)))


def balance(g):
    """E sum_e f_e p_e, f the share of top-2 places."""
    places = torch.zeros_like(g).scatter(1, g.topk(2).indices, 1.0)
    return g.shape[1] * ((places.sum(0) / places.sum()).detach() * g.mean(0)).sum()


def calibrate(out, labels, config):
    if config.calibration == "none" or not out.dev:
        return out.logits[0].sum() * 0
    total = 0
    for r, dev in enumerate(out.dev):
        total = total + F.relu(dev - config.delta).mean()
        before, after = out.logits[r].detach().log_softmax(-1), out.logits[r + 1].log_softmax(-1)
        right = before.argmax(-1) == labels
        if right.any():
            total = total + (before.exp() * (before - after)).sum(-1)[right].mean()
    return total / len(out.dev)


def terms(out, labels, culture, config):
    """Every loss term by its name."""
    first, zero = out.first, out.logits[0].sum() * 0
    x, y = first.X.mean(1), first.Y.mean(1)
    if config.contrast == "none":
        explicit = latent = zero
    elif config.contrast == "simclr" or not config.tags:
        x2, y2 = (slots.mean(1) for slots in out.second_view)
        explicit = simclr(normalise(x), normalise(x2), config.tau)
        latent = simclr(normalise(y), normalise(y2), config.tau)
    else:
        explicit, latent = (supcon(normalise(v), culture, config.tau) for v in (x, y))
    apart = {"covariance": covariance, "hsic": hsic, "none": lambda _: zero}[config.disentangle]
    return {
        "task": F.cross_entropy(out.logits[-1], labels),
        "contrast_explicit": explicit,
        "contrast_latent": latent,
        "disentangle": apart([first.z, x, y]),
        "balance": balance(first.g) if config.moe in ("top2", "dense") else zero,
        "calibrate": calibrate(out, labels, config),
    }


def total(terms):
    return sum(WEIGHTS[name] * term for name, term in terms.items())


def adamw(model, rate, decay=0.01):
    """AdamW without decay on biases and norms (also not on the experts' stacked biases, which have two dimensions)."""
    kept = [p for name, p in model.named_parameters() if p.dim() < 2 or name.endswith(".bias")]
    names = {id(p) for p in kept}
    decayed = [p for p in model.parameters() if id(p) not in names]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": kept, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.999), eps=1e-8)
