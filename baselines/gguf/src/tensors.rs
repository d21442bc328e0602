//! Reading a GGUF file: its sizes, and its tensors by llama.cpp's names.

use std::io::{Read, Seek};

use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{Device, Error, Result};

use crate::kernel::{LANES, Matrix};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) width: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head: usize,
    pub(crate) epsilon: f32,
    pub(crate) context: usize,
}

impl Shape {
    /// What the head of a file says.
    pub(crate) fn read(content: &Content) -> Result<Self> {
        let heads = number(content, "llama.attention.head_count")?;
        let width = number(content, "llama.embedding_length")?;
        let or = |name: &str, otherwise: usize| {
            if content.metadata.contains_key(name) { number(content, name) } else { Ok(otherwise) }
        };
        let kv_heads = or("llama.attention.head_count_kv", heads)?;
        let head = or("llama.rope.dimension_count", width / heads.max(1))?;
        if heads == 0
            || head == 0
            || kv_heads == 0
            || heads * head != width
            || !heads.is_multiple_of(kv_heads)
            || head % 2 == 1
        {
            return Err(Error::Msg(format!(
                "{heads} heads of {head}, {kv_heads} for keys, do not make a width of {width}"
            )));
        }
        Ok(Self {
            width,
            heads,
            kv_heads,
            head,
            epsilon: real(content, "llama.attention.layer_norm_rms_epsilon")?,
            context: number(content, "llama.context_length")?,
        })
    }

    /// h'.
    pub(crate) fn padded(&self) -> usize {
        self.head.next_multiple_of(LANES)
    }
}

#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) attention_norm: Vec<f32>,
    pub(crate) q: Matrix,
    pub(crate) k: Matrix,
    pub(crate) v: Matrix,
    pub(crate) o: Matrix,
    pub(crate) feed_norm: Vec<f32>,
    pub(crate) gate: Matrix,
    pub(crate) up: Matrix,
    pub(crate) down: Matrix,
}

pub(crate) fn check_architecture(content: &Content) -> Result<()> {
    match string(content, "general.architecture")? {
        "llama" => Ok(()),
        other => Err(Error::Msg(format!(
            "its architecture is `{other}`; only `llama` can be run (Llama, Mistral, SmolLM, TinyLlama)"
        ))),
    }
}

/// One over the wave length of each pair of a head's values.
pub(crate) fn frequencies(content: &Content, head: usize) -> Result<Vec<f32>> {
    let base = if content.metadata.contains_key("llama.rope.freq_base") {
        real(content, "llama.rope.freq_base")?
    } else {
        10_000.0
    };
    let frequency = |i: usize| (1.0 / f64::from(base).powf(2.0 * i as f64 / head as f64)) as f32;
    Ok((0..head / 2).map(frequency).collect())
}

/// Reads tensors by name.
pub(crate) struct Tensors<'a, R> {
    pub(crate) content: &'a Content,
    pub(crate) file: &'a mut R,
    pub(crate) pool: &'a rayon::ThreadPool,
    /// Matrices that are kept as float32.
    pub(crate) widened: usize,
}

impl<R: Read + Seek> Tensors<'_, R> {
    fn read(&mut self, name: &str) -> Result<QTensor> {
        self.content.tensor(self.file, name, &Device::Cpu)
    }

    fn floats(&mut self, name: &str) -> Result<Vec<f32>> {
        self.read(name)?.dequantize(&Device::Cpu)?.to_vec1::<f32>()
    }

    pub(crate) fn vector(&mut self, name: &str, width: usize) -> Result<Vec<f32>> {
        let values = self.floats(name)?;
        if values.len() == width {
            Ok(values)
        } else {
            Err(Error::Msg(format!("`{name}` has {} values, not {width}", values.len())))
        }
    }

    pub(crate) fn matrix(&mut self, name: &str, outputs: usize, inputs: usize) -> Result<Matrix> {
        let tensor = self.read(name)?;
        if tensor.shape().dims() != [outputs, inputs] {
            return Err(Error::Msg(format!(
                "`{name}` is {:?}, not {outputs} by {inputs}",
                tensor.shape()
            )));
        }
        self.widened += usize::from(Matrix::widens(tensor.dtype()));
        self.pool.install(|| Matrix::new(&tensor))
    }

    /// Frequencies divided by the file's factors, if it has any.
    pub(crate) fn rescaled(&mut self, mut frequencies: Vec<f32>) -> Result<Vec<f32>> {
        if self.content.tensor_infos.contains_key("rope_freqs.weight") {
            let factors = self.floats("rope_freqs.weight")?;
            frequencies.iter_mut().zip(factors).for_each(|(f, factor)| *f /= factor);
        }
        Ok(frequencies)
    }

    /// The matrix of the output. Many small models use the embedding table instead.
    pub(crate) fn output(&mut self, vocabulary: usize, width: usize) -> Result<Option<Matrix>> {
        if self.content.tensor_infos.contains_key("output.weight") {
            self.matrix("output.weight", vocabulary, width).map(Some)
        } else {
            Ok(None)
        }
    }

    /// All blocks: first their matrices, then their norms.
    pub(crate) fn blocks(&mut self, shape: &Shape, feed: usize) -> Result<Vec<Block>> {
        let count = number(self.content, "llama.block_count")?;
        let matrices =
            (0..count).map(|i| self.matrices(i, shape, feed)).collect::<Result<Vec<_>>>()?;
        (matrices.into_iter().enumerate())
            .map(|(i, ([q, k, v, o], [gate, up, down]))| {
                let attention_norm =
                    self.vector(&format!("blk.{i}.attn_norm.weight"), shape.width)?;
                let feed_norm = self.vector(&format!("blk.{i}.ffn_norm.weight"), shape.width)?;
                Ok(Block { attention_norm, q, k, v, o, feed_norm, gate, up, down })
            })
            .collect()
    }

    /// The matrices of a block's attention, and those of its feed-forward part.
    fn matrices(
        &mut self,
        block: usize,
        shape: &Shape,
        feed: usize,
    ) -> Result<([Matrix; 4], [Matrix; 3])> {
        let Shape { width, kv_heads, head, .. } = *shape;
        let mut matrix = |name: &str, outputs: usize, inputs: usize| {
            self.matrix(&format!("blk.{block}.{name}.weight"), outputs, inputs)
        };
        Ok((
            [
                matrix("attn_q", width, width)?,
                matrix("attn_k", kv_heads * head, width)?,
                matrix("attn_v", kv_heads * head, width)?,
                matrix("attn_output", width, width)?,
            ],
            [
                matrix("ffn_gate", feed, width)?,
                matrix("ffn_up", feed, width)?,
                matrix("ffn_down", width, feed)?,
            ],
        ))
    }
}

/// Outputs of a matrix of the file.
pub(crate) fn rows(content: &Content, name: &str) -> Result<usize> {
    let found = content.tensor_infos.get(name).and_then(|info| info.shape.dims().first());
    found.copied().ok_or_else(|| Error::Msg(format!("it has no matrix `{name}`")))
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
fn string<'c>(content: &'c Content, name: &str) -> Result<&'c str> {
    value(content, name)?.to_string().map(String::as_str)
}
