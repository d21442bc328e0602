//! The Llama architecture on quantised weights, as GGUF files hold them (Llama, Mistral, SmolLM, TinyLlama).
//!
//! n tokens, d width, H heads, K key-value heads, G = H / K, h width of a head, L tokens seen so far with these. Tensor names are
//! llama.cpp's; its files hold queries and keys so that rotary embeddings turn neighbouring pairs.

use std::io::{Read, Seek};

use candle_core::quantized::QMatMul;
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{D, Device, Error, IndexOp, Result, Tensor};

/// A model without its tokenizer.
#[derive(Debug)]
pub struct Llama {
    embedding: QMatMul,
    blocks: Vec<Block>,
    norm: Tensor,
    output: QMatMul,
    shape: Shape,
    /// One over the wave length of each pair, h / 2.
    frequencies: Tensor,
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    heads: usize,
    kv_heads: usize,
    head: usize,
    epsilon: f64,
    context: usize,
}

#[derive(Debug)]
struct Block {
    attention_norm: Tensor,
    q: QMatMul,
    k: QMatMul,
    v: QMatMul,
    o: QMatMul,
    feed_norm: Tensor,
    gate: QMatMul,
    up: QMatMul,
    down: QMatMul,
}

/// Keys and values of the tokens so far, for each block `[K, L, h]`. A clone shares them: that is how options share a prefix.
#[derive(Debug, Clone)]
pub struct Cache(Vec<Option<(Tensor, Tensor)>>);

impl Cache {
    /// The first `tokens` of them.
    pub fn first(&self, tokens: usize) -> Result<Self> {
        let cut =
            |(k, v): &(Tensor, Tensor)| Ok((k.narrow(1, 0, tokens)?, v.narrow(1, 0, tokens)?));
        self.0.iter().map(|kv| kv.as_ref().map(cut).transpose()).collect::<Result<_>>().map(Self)
    }

    fn len(&self) -> Result<usize> {
        self.0.first().and_then(Option::as_ref).map_or(Ok(0), |(k, _)| k.dim(1))
    }
}

impl Llama {
    /// Reads the tensors of a file whose head is `content`.
    pub fn read<R: Read + Seek>(content: &Content, file: &mut R) -> Result<Self> {
        let architecture = string(content, "general.architecture")?;
        if architecture != "llama" {
            return Err(Error::Msg(format!(
                "its architecture is `{architecture}`; only `llama` can be run (Llama, Mistral, SmolLM, TinyLlama)"
            )));
        }
        let mut read = |name: &str| content.tensor(file, name, &Device::Cpu);
        let heads = number(content, "llama.attention.head_count")?;
        let width = number(content, "llama.embedding_length")?;
        let or = |name: &str, otherwise: usize| {
            if content.metadata.contains_key(name) { number(content, name) } else { Ok(otherwise) }
        };
        let kv_heads = or("llama.attention.head_count_kv", heads)?;
        let head = or("llama.rope.dimension_count", width / heads.max(1))?;
        if heads == 0
            || kv_heads == 0
            || heads * head != width
            || !heads.is_multiple_of(kv_heads)
            || head % 2 == 1
        {
            return Err(Error::Msg(format!(
                "{heads} heads of {head}, {kv_heads} for keys, do not make a width of {width}"
            )));
        }
        let shape = Shape {
            heads,
            kv_heads,
            head,
            epsilon: f64::from(real(content, "llama.attention.layer_norm_rms_epsilon")?),
            context: number(content, "llama.context_length")?,
        };
        let base = if content.metadata.contains_key("llama.rope.freq_base") {
            real(content, "llama.rope.freq_base")?
        } else {
            10_000.0
        };
        let mut frequencies: Vec<f32> = (0..head / 2)
            .map(|i| (1.0 / f64::from(base).powf(2.0 * i as f64 / head as f64)) as f32)
            .collect();
        if content.tensor_infos.contains_key("rope_freqs.weight") {
            let factors = read("rope_freqs.weight")?.dequantize(&Device::Cpu)?.to_vec1::<f32>()?;
            frequencies.iter_mut().zip(factors).for_each(|(f, factor)| *f /= factor);
        }
        let blocks = (0..number(content, "llama.block_count")?)
            .map(|i| {
                let mut matrix =
                    |name: &str| QMatMul::from_qtensor(read(&format!("blk.{i}.{name}.weight"))?);
                let (q, k, v, o) = (
                    matrix("attn_q")?,
                    matrix("attn_k")?,
                    matrix("attn_v")?,
                    matrix("attn_output")?,
                );
                let (gate, up, down) =
                    (matrix("ffn_gate")?, matrix("ffn_up")?, matrix("ffn_down")?);
                let mut vector =
                    |name: &str| read(&format!("blk.{i}.{name}.weight"))?.dequantize(&Device::Cpu);
                let (attention_norm, feed_norm) = (vector("attn_norm")?, vector("ffn_norm")?);
                Ok(Block { attention_norm, q, k, v, o, feed_norm, gate, up, down })
            })
            .collect::<Result<_>>()?;
        // Many small models use the embedding table for the output, too.
        let tied = !content.tensor_infos.contains_key("output.weight");
        Ok(Self {
            embedding: QMatMul::from_qtensor(read("token_embd.weight")?)?,
            blocks,
            norm: read("output_norm.weight")?.dequantize(&Device::Cpu)?,
            output: QMatMul::from_qtensor(read(if tied {
                "token_embd.weight"
            } else {
                "output.weight"
            })?)?,
            frequencies: Tensor::from_vec(frequencies, (1, head / 2), &Device::Cpu)?,
            shape,
        })
    }

    /// Tokens that a text may have.
    pub fn context(&self) -> usize {
        self.shape.context
    }

    /// A cache of nothing.
    pub fn cache(&self) -> Cache {
        Cache(vec![None; self.blocks.len()])
    }

    /// Hidden states `[n, d]` of `ids` after what `cache` holds; they join it.
    pub fn forward(&self, ids: &[u32], cache: &mut Cache) -> Result<Tensor> {
        let (n, before) = (ids.len(), cache.len()?);
        let places = Tensor::from_iter((before..before + n).map(|p| p as f32), &Device::Cpu)?
            .reshape((n, 1))?;
        let angles = places.matmul(&self.frequencies)?; // [n, h / 2]
        let turn = (angles.cos()?, angles.sin()?);
        let mask = mask(n, before)?; // [n, L]
        let mut x = self.embedding.embedding(&Tensor::new(ids, &Device::Cpu)?)?; // [n, d]
        for (block, kv) in self.blocks.iter().zip(&mut cache.0) {
            let a = rms_norm(&x, &block.attention_norm, self.shape.epsilon)?;
            x = (x + self.attention(block, &a, &turn, &mask, kv)?)?; // [n, d]
            let f = rms_norm(&x, &block.feed_norm, self.shape.epsilon)?;
            let gated = (multiply(&block.gate, &f)?.silu()? * multiply(&block.up, &f)?)?;
            x = (x + multiply(&block.down, &gated)?)?; // [n, d]
        }
        rms_norm(&x, &self.norm, self.shape.epsilon)
    }

    /// Logits `[vocabulary]` that follow one hidden state of [`Llama::forward`].
    pub fn logits(&self, hidden: &Tensor, row: usize) -> Result<Vec<f32>> {
        multiply(&self.output, &hidden.i(row..=row)?)?.flatten_all()?.to_vec1()
    }

    /// Causal attention with grouped queries.
    fn attention(
        &self,
        block: &Block,
        x: &Tensor,
        turn: &(Tensor, Tensor),
        mask: &Tensor,
        kv: &mut Option<(Tensor, Tensor)>,
    ) -> Result<Tensor> {
        let Shape { heads, kv_heads, head, .. } = self.shape;
        let n = x.dim(0)?;
        let split =
            |t: Tensor, heads: usize| t.reshape((n, heads, head))?.transpose(0, 1)?.contiguous();
        let q = rotate(&split(multiply(&block.q, x)?, heads)?, turn)?; // [H, n, h]
        let mut k = rotate(&split(multiply(&block.k, x)?, kv_heads)?, turn)?; // [K, n, h]
        let mut v = split(multiply(&block.v, x)?, kv_heads)?; // [K, n, h]
        if let Some((old_k, old_v)) = kv.take() {
            k = Tensor::cat(&[&old_k, &k], 1)?; // [K, L, h]
            v = Tensor::cat(&[&old_v, &v], 1)?;
        }
        let (group, seen) = (heads / kv_heads, k.dim(1)?);
        let q = (q.reshape((kv_heads, group * n, head))? / (head as f64).sqrt())?; // [K, G n, h]
        let scores =
            q.matmul(&k.t()?.contiguous()?)?.reshape((heads, n, seen))?.broadcast_add(mask)?;
        let weights = softmax(&scores)?.reshape((kv_heads, group * n, seen))?;
        let out = weights.matmul(&v.contiguous()?)?.reshape((heads, n, head))?; // [H, n, h]
        *kv = Some((k, v));
        multiply(&block.o, &out.transpose(0, 1)?.contiguous()?.reshape((n, heads * head))?)
    }
}

/// `x W'`.
fn multiply(weight: &QMatMul, x: &Tensor) -> Result<Tensor> {
    candle_core::Module::forward(weight, &x.contiguous()?)
}

/// 0 where a token may look, minus infinity where it may not: `[n, before + n]`.
fn mask(n: usize, before: usize) -> Result<Tensor> {
    let look = |i: usize| {
        (0..before + n).map(move |j| if j <= before + i { 0.0 } else { f32::NEG_INFINITY })
    };
    Tensor::from_vec((0..n).flat_map(look).collect(), (n, before + n), &Device::Cpu)
}

/// `x / sqrt(mean(x^2) + epsilon) * weight`.
fn rms_norm(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor> {
    let size = (x.sqr()?.mean_keepdim(D::Minus1)? + epsilon)?.sqrt()?;
    x.broadcast_div(&size)?.broadcast_mul(weight)
}

/// Turns pairs (2 i, 2 i + 1) of `[heads, n, h]` by their angles.
fn rotate(x: &Tensor, (cos, sin): &(Tensor, Tensor)) -> Result<Tensor> {
    let (heads, n, head) = x.dims3()?;
    let pairs = x.reshape((heads, n, head / 2, 2))?;
    let (a, b) = (pairs.i((.., .., .., 0))?, pairs.i((.., .., .., 1))?);
    let first = (a.broadcast_mul(cos)? - b.broadcast_mul(sin)?)?;
    let second = (a.broadcast_mul(sin)? + b.broadcast_mul(cos)?)?;
    Tensor::stack(&[first, second], D::Minus1)?.reshape((heads, n, head))
}

fn softmax(x: &Tensor) -> Result<Tensor> {
    let e = x.broadcast_sub(&x.max_keepdim(D::Minus1)?)?.exp()?;
    e.broadcast_div(&e.sum_keepdim(D::Minus1)?)
}

fn value<'c>(content: &'c Content, name: &str) -> Result<&'c Value> {
    content.metadata.get(name).ok_or_else(|| Error::Msg(format!("it has no `{name}`")))
}

fn number(content: &Content, name: &str) -> Result<usize> {
    Ok(value(content, name)?.to_u32()? as usize)
}

fn real(content: &Content, name: &str) -> Result<f32> {
    value(content, name)?.to_f32()
}

/// A string of the file's head.
pub fn string<'c>(content: &'c Content, name: &str) -> Result<&'c str> {
    value(content, name)?.to_string().map(String::as_str)
}
