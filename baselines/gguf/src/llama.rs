//! The Llama architecture on quantised weights, as GGUF files hold them (Llama, Mistral, SmolLM, TinyLlama).
//!
//! n tokens, d width, H heads, K key-value heads, G = H / K, h width of a head (h' with zeros to whole panels), L tokens seen so far with
//! these. Tensor names are llama.cpp's; its files hold queries and keys so that rotary embeddings turn neighbouring pairs. Values are
//! rows of float32, and each row is what it would be alone: nothing here mixes the order of a sum with what else is evaluated.

use std::io::{Read, Seek};

use candle_core::quantized::gguf_file::Content;
use candle_core::{Error, Result};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::kernel::{LANES, Matrix, add_product, exp, on_this_machine, sum};
use crate::tensors::{Block, Shape, Tensors, check_architecture, frequencies, rows};

/// Queries of one head that attend together: they look no further than the last of them may.
const QUERIES: usize = 24;

/// A model without its tokenizer.
#[derive(Debug)]
pub struct Llama {
    embedding: Matrix,
    blocks: Vec<Block>,
    norm: Vec<f32>,
    /// None: the embedding.
    output: Option<Matrix>,
    shape: Shape,
    /// One over the wave length of each pair, h / 2.
    frequencies: Vec<f32>,
    widened: usize,
    pool: rayon::ThreadPool,
}

/// Keys and values of the tokens so far.
#[derive(Debug)]
pub struct Cache {
    tokens: usize,
    blocks: Vec<KeysValues>,
}

#[derive(Debug, Clone, Default)]
struct KeysValues {
    /// `[L / LANES, K, h, LANES]`.
    keys: Vec<f32>,
    /// `[L, K, h']`.
    values: Vec<f32>,
}

impl Cache {
    /// Forgets all but the first `tokens`.
    pub fn truncate(&mut self, tokens: usize) {
        self.tokens = self.tokens.min(tokens);
    }
}

impl KeysValues {
    /// Takes the keys and values `[n, K h]` that follow the first `before` tokens.
    fn append(&mut self, k: &[f32], v: &[f32], before: usize, shape: &Shape) {
        let Shape { kv_heads, head, .. } = *shape;
        let (width, padded) = (kv_heads * head, kv_heads * shape.padded());
        let all = before + k.len() / width;
        self.keys.truncate(before.div_ceil(LANES) * width * LANES);
        self.keys.resize(all.div_ceil(LANES) * width * LANES, 0.0);
        self.values.truncate(before * padded);
        self.values.resize(all * padded, 0.0);
        for (token, k) in (before..).zip(k.chunks_exact(width)) {
            let panel = &mut self.keys[token / LANES * width * LANES..];
            for (i, value) in k.iter().enumerate() {
                panel[i * LANES + token % LANES] = *value;
            }
        }
        for (to, from) in (self.values[before * padded..].chunks_exact_mut(shape.padded()))
            .zip(v.chunks_exact(head))
        {
            to[..head].copy_from_slice(from);
        }
    }
}

impl Llama {
    /// Reads the tensors of a file whose head is `content`; `threads` of its own evaluate.
    pub fn read<R: Read + Seek>(content: &Content, file: &mut R, threads: usize) -> Result<Self> {
        check_architecture(content)?;
        let shape = Shape::read(content)?;
        let frequencies = frequencies(content, shape.head)?;
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Error::wrap)?;
        let mut tensors = Tensors { content, file, pool: &pool, widened: 0 };
        let frequencies = tensors.rescaled(frequencies)?;
        let vocabulary = rows(content, "token_embd.weight")?;
        let feed = rows(content, "blk.0.ffn_up.weight")?;
        let output = tensors.output(vocabulary, shape.width)?;
        let embedding = tensors.matrix("token_embd.weight", vocabulary, shape.width)?;
        let blocks = tensors.blocks(&shape, feed)?;
        let norm = tensors.vector("output_norm.weight", shape.width)?;
        let widened = tensors.widened;
        Ok(Self { embedding, blocks, norm, output, shape, frequencies, widened, pool })
    }

    /// Tokens that a text may have.
    pub fn context(&self) -> usize {
        self.shape.context
    }

    /// Values of a hidden state.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// Tokens that it knows.
    pub fn vocabulary(&self) -> usize {
        self.embedding.outputs()
    }

    /// Bytes of its matrices, and how many of these are kept as float32.
    pub fn size(&self) -> (usize, usize) {
        let all =
            self.blocks.iter().flat_map(|b| [&b.q, &b.k, &b.v, &b.o, &b.gate, &b.up, &b.down]);
        let bytes = all.chain([&self.embedding]).chain(&self.output).map(Matrix::bytes).sum();
        (bytes, self.widened)
    }

    /// A cache of nothing.
    pub fn cache(&self) -> Cache {
        Cache { tokens: 0, blocks: vec![KeysValues::default(); self.blocks.len()] }
    }

    /// Hidden states `[n, d]` of `ids` after what `cache` holds; they join it.
    pub fn forward(&self, ids: &[u32], cache: &mut Cache) -> Vec<f32> {
        self.pool.install(|| {
            let before = cache.tokens;
            let turns = self.turns(before, ids.len()); // [n, h / 2]
            let mut x = self.embed(ids); // [n, d]
            for (block, kv) in self.blocks.iter().zip(&mut cache.blocks) {
                let a = self.rms_norm(&x, &block.attention_norm);
                add(&mut x, &self.attention(block, &a, &turns, before, kv)); // [n, d]
                let f = self.rms_norm(&x, &block.feed_norm);
                let mut gate = block.gate.multiply(&f);
                on_this_machine(Gated { gate: &mut gate, up: &block.up.multiply(&f) });
                add(&mut x, &block.down.multiply(&gate)); // [n, d]
            }
            cache.tokens += ids.len();
            self.rms_norm(&x, &self.norm)
        })
    }

    /// Logits `[n, vocabulary]` that follow hidden states `[n, d]` of [`Llama::forward`].
    pub fn logits(&self, hidden: &[f32]) -> Vec<f32> {
        self.pool.install(|| self.output.as_ref().unwrap_or(&self.embedding).multiply(hidden))
    }

    fn embed(&self, ids: &[u32]) -> Vec<f32> {
        let mut x = vec![0.0; ids.len() * self.shape.width];
        for (id, row) in ids.iter().zip(x.chunks_exact_mut(self.shape.width)) {
            self.embedding.row(*id as usize, row);
        }
        x
    }

    /// Cosine and sine of each pair's angle, for `n` tokens that follow `before`.
    fn turns(&self, before: usize, n: usize) -> Vec<(f32, f32)> {
        let angles = (before..before + n)
            .flat_map(|place| self.frequencies.iter().map(move |f| place as f32 * f));
        angles.map(|angle| (angle.cos(), angle.sin())).collect()
    }

    /// Causal attention with grouped queries.
    fn attention(
        &self,
        block: &Block,
        x: &[f32],
        turns: &[(f32, f32)],
        before: usize,
        kv: &mut KeysValues,
    ) -> Vec<f32> {
        let Shape { width, heads, head, .. } = self.shape;
        let mut q = block.q.multiply(x); // [n, H h]
        let mut k = block.k.multiply(x); // [n, K h]
        rotate(&mut q, turns, head);
        rotate(&mut k, turns, head);
        kv.append(&k, &block.v.multiply(x), before, &self.shape);
        let scale = 1.0 / (head as f32).sqrt();
        q.iter_mut().for_each(|value| *value *= scale);
        let parts: Vec<Vec<f32>> = (0..heads)
            .into_par_iter()
            .map(|at| {
                on_this_machine(Head { at, q: &q, before, kv, shape: &self.shape }) // [n, h']
            })
            .collect();
        let mut out = vec![0.0; q.len()]; // [n, H h]
        for (at, part) in parts.iter().enumerate() {
            let rows = out.chunks_exact_mut(width).zip(part.chunks_exact(self.shape.padded()));
            for (out, part) in rows {
                out[at * head..][..head].copy_from_slice(&part[..head]);
            }
        }
        block.o.multiply(&out)
    }

    /// `x / sqrt(mean(x^2) + epsilon) * weight`.
    fn rms_norm(&self, x: &[f32], weight: &[f32]) -> Vec<f32> {
        let mut out = x.to_vec();
        for row in out.chunks_exact_mut(weight.len()) {
            let mean = sum(row, |x| x * x) / weight.len() as f32;
            let size = (mean + self.shape.epsilon).sqrt();
            row.iter_mut().zip(weight).for_each(|(x, weight)| *x = *x / size * weight);
        }
        out
    }
}

/// One head's attention.
struct Head<'a> {
    at: usize,
    q: &'a [f32],
    before: usize,
    kv: &'a KeysValues,
    shape: &'a Shape,
}

impl WithSimd for Head<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Shape { width, heads, kv_heads, head, .. } = *self.shape;
        let (padded, n) = (self.shape.padded(), self.q.len() / width);
        let kv_head = self.at / (heads / kv_heads);
        let mut out = vec![0.0; n * padded];
        let mut scores = Vec::new();
        for (part, out) in out.chunks_mut(QUERIES * padded).enumerate() {
            let first = part * QUERIES;
            let rows = out.len() / padded;
            let seen = self.before + first + rows;
            let room = seen.next_multiple_of(LANES);
            scores.clear();
            scores.resize(rows * room, 0.0); // [rows, L]
            let q = &self.q[first * width + self.at * head..];
            for panel in 0..room / LANES {
                let keys = &self.kv.keys[(panel * kv_heads + kv_head) * head * LANES..];
                let scores = &mut scores[panel * LANES..];
                add_product(simd, q, width, head, keys, LANES, scores, room);
            }
            for (row, scores) in scores.chunks_exact_mut(room).enumerate() {
                let (looked, unseen) = scores.split_at_mut(self.before + first + row + 1);
                unseen.fill(0.0);
                softmax(looked);
            }
            for lane in (0..padded).step_by(LANES) {
                let values = &self.kv.values[kv_head * padded + lane..];
                add_product(
                    simd,
                    &scores,
                    room,
                    seen,
                    values,
                    kv_heads * padded,
                    &mut out[lane..],
                    padded,
                );
            }
        }
        out
    }
}

/// `silu(gate) up` in place of `gate`.
struct Gated<'a> {
    gate: &'a mut [f32],
    up: &'a [f32],
}

impl WithSimd for Gated<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (gate, up) in self.gate.iter_mut().zip(self.up) {
            *gate = *gate / (1.0 + exp(-*gate)) * up;
        }
    }
}

fn add(x: &mut [f32], more: &[f32]) {
    x.iter_mut().zip(more).for_each(|(x, more)| *x += more);
}

/// Turns pairs (2 i, 2 i + 1) of each head by their angles.
fn rotate(x: &mut [f32], turns: &[(f32, f32)], head: usize) {
    let rows = x.len() / (turns.len() / (head / 2)).max(1);
    for (row, turns) in x.chunks_exact_mut(rows).zip(turns.chunks_exact(head / 2)) {
        for head in row.chunks_exact_mut(head) {
            for (pair, (cos, sin)) in head.chunks_exact_mut(2).zip(turns) {
                let (a, b) = (pair[0], pair[1]);
                pair[0] = a * cos - b * sin;
                pair[1] = a * sin + b * cos;
            }
        }
    }
}

#[inline(always)]
fn softmax(x: &mut [f32]) {
    let top = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    x.iter_mut().for_each(|x| *x = exp(*x - top));
    let all = sum(x, |x| x);
    x.iter_mut().for_each(|x| *x /= all);
}
