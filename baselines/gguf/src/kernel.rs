//! Products with the matrices of a GGUF file: they stay quantised, a block at a time is widened to float32 and used for many rows.
//!
//! The best instructions of the machine are found when it runs (`pulp`): AVX-512, AVX2 with FMA, NEON, else plain code. Every value is
//! one sum over k in order, each step one fused multiply-add: what is computed beside it (rows, blocks, lanes, threads) changes no bit
//! of it. That is why a context may be evaluated in parts, and parts be shared.

use std::any::TypeId;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Error, Result};
use pulp::{Arch, Scalar128b, Simd, WithSimd};
use rayon::prelude::*;

use crate::blocks::Format;

/// Outputs that lie beside each other: a panel.
pub const LANES: usize = 32;
/// Inputs that are widened at a time; 32 KiB of one panel.
const DEPTH: usize = 256;

/// A matrix `[outputs, inputs]` in panels of [`LANES`] outputs.
#[derive(Debug)]
pub struct Matrix {
    outputs: usize,
    inputs: usize,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// `code * scale + offset`, scale and offset for `group` inputs of an output.
    Quantised {
        /// Of each panel `[inputs, LANES]`; of 4 bits `[inputs / 32, 16, LANES]`, input i + 16 in the high half.
        codes: Vec<u8>,
        /// Of each panel `[inputs / group, 2, LANES]`.
        scales: Vec<f32>,
        group: usize,
        four: bool,
    },
    /// Of each panel `[inputs, LANES]`.
    Wide(Vec<f32>),
}

impl Matrix {
    /// Takes a tensor into panels. Of a format without codes of 4 or 8 bits here it is widened for good.
    pub fn new(tensor: &QTensor) -> Result<Self> {
        let (outputs, inputs) = tensor.shape().dims2()?;
        let values = match Format::of(tensor.dtype()) {
            Some(format) if !inputs.is_multiple_of(format.weights) => {
                let (dtype, weights) = (tensor.dtype(), format.weights);
                return Err(Error::Msg(format!(
                    "{inputs} inputs are not a multiple of {weights}, the block of {dtype:?}"
                )));
            }
            Some(format) => quantised(&format, &tensor.data()?, outputs, inputs),
            None => {
                let rows = tensor.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
                Values::Wide(panels(&rows, outputs, inputs))
            }
        };
        Ok(Self { outputs, inputs, values })
    }

    /// Its outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Whether a format is widened for good.
    pub fn widens(dtype: GgmlDType) -> bool {
        Format::of(dtype).is_none()
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        match &self.values {
            Values::Quantised { codes, scales, .. } => codes.len() + 4 * scales.len(),
            Values::Wide(values) => 4 * values.len(),
        }
    }

    /// `x W'`: rows `[n, inputs]` to `[n, outputs]`.
    pub fn multiply(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.inputs;
        let mut tiles = vec![0.0; self.outputs.div_ceil(LANES) * rows * LANES]; // [panels, n, LANES]
        tiles.par_chunks_mut((rows * LANES).max(1)).enumerate().for_each_init(
            || vec![0.0; DEPTH * LANES],
            |wide, (panel, tile)| on_this_machine(Tile { matrix: self, panel, x, wide, tile }),
        );
        let mut out = vec![0.0; rows * self.outputs];
        for (row, out) in out.chunks_exact_mut(self.outputs).enumerate() {
            for (panel, out) in out.chunks_mut(LANES).enumerate() {
                out.copy_from_slice(&tiles[(panel * rows + row) * LANES..][..out.len()]);
            }
        }
        out
    }

    /// Writes the weights of one output: a token's embedding.
    pub fn row(&self, output: usize, out: &mut [f32]) {
        let (panel, lane) = (output / LANES, output % LANES);
        let mut wide = vec![0.0; DEPTH * LANES];
        for (part, out) in out.chunks_mut(DEPTH).enumerate() {
            let block = self.widened(panel, part * DEPTH, out.len(), &mut wide);
            for (value, lanes) in out.iter_mut().zip(block.chunks_exact(LANES)) {
                *value = lanes[lane];
            }
        }
    }

    /// Inputs `first..first + depth` of a panel, `[depth, LANES]`.
    #[inline(always)]
    fn widened<'a>(
        &'a self,
        panel: usize,
        first: usize,
        depth: usize,
        wide: &'a mut [f32],
    ) -> &'a [f32] {
        let start = panel * self.inputs + first;
        match &self.values {
            Values::Wide(values) => &values[start * LANES..][..depth * LANES],
            Values::Quantised { codes, scales, group, four: true } => {
                debug_assert_eq!(*group, 32);
                let codes =
                    codes[start * LANES / 2..][..depth * LANES / 2].chunks_exact(16 * LANES);
                let scales = scales[start / 32 * 2 * LANES..].chunks_exact(2 * LANES);
                let blocks = wide[..depth * LANES].chunks_exact_mut(32 * LANES);
                for ((codes, scales), block) in codes.zip(scales).zip(blocks) {
                    let (scale, offset) = scales.split_at(LANES);
                    let (low, high) = block.split_at_mut(16 * LANES);
                    for ((codes, low), high) in (codes.chunks_exact(LANES))
                        .zip(low.chunks_exact_mut(LANES))
                        .zip(high.chunks_exact_mut(LANES))
                    {
                        for i in 0..LANES {
                            low[i] = f32::from(codes[i] & 15) * scale[i] + offset[i];
                        }
                        for i in 0..LANES {
                            high[i] = f32::from(codes[i] >> 4) * scale[i] + offset[i];
                        }
                    }
                }
                &wide[..depth * LANES]
            }
            Values::Quantised { codes, scales, group, four: false } => {
                let codes = codes[start * LANES..][..depth * LANES].chunks_exact(group * LANES);
                let scales = scales[start / group * 2 * LANES..].chunks_exact(2 * LANES);
                let blocks = wide[..depth * LANES].chunks_exact_mut(group * LANES);
                for ((codes, scales), block) in codes.zip(scales).zip(blocks) {
                    let (scale, offset) = scales.split_at(LANES);
                    for (codes, out) in codes.chunks_exact(LANES).zip(block.chunks_exact_mut(LANES))
                    {
                        for i in 0..LANES {
                            out[i] = f32::from(codes[i]) * scale[i] + offset[i];
                        }
                    }
                }
                &wide[..depth * LANES]
            }
        }
    }
}

/// `[outputs, inputs]` to panels.
fn panels(rows: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    let mut out = vec![0.0; outputs.div_ceil(LANES) * inputs * LANES];
    for (panel, rows) in out.chunks_exact_mut(inputs * LANES).zip(rows.chunks(inputs * LANES)) {
        for (lane, row) in rows.chunks_exact(inputs).enumerate() {
            for (i, value) in row.iter().enumerate() {
                panel[i * LANES + lane] = *value;
            }
        }
    }
    out
}

/// Blocks of a file to panels of codes and scales.
fn quantised(format: &Format, bytes: &[u8], outputs: usize, inputs: usize) -> Values {
    let (group, four) = (format.group, format.four);
    let per_panel = if four { inputs * LANES / 2 } else { inputs * LANES };
    let count = outputs.div_ceil(LANES);
    let mut codes = vec![0; count * per_panel];
    let mut scales = vec![0.0; count * inputs / group * 2 * LANES];
    let row_bytes = inputs / format.weights * format.bytes;
    (codes.par_chunks_exact_mut(per_panel))
        .zip(scales.par_chunks_exact_mut(inputs / group * 2 * LANES))
        .zip(bytes.par_chunks(row_bytes * LANES))
        .for_each(|((codes, scales), rows)| {
            for (lane, row) in rows.chunks_exact(row_bytes).enumerate() {
                for (b, block) in row.chunks_exact(format.bytes).enumerate() {
                    let first = b * format.weights;
                    let (block, each) = format.decode(block);
                    for (i, &code) in (first..).zip(&block[..format.weights]) {
                        if four {
                            let at = (i / 32 * 16 + i % 16) * LANES + lane;
                            codes[at] |= code << (i % 32 / 16 * 4);
                        } else {
                            codes[i * LANES + lane] = code;
                        }
                    }
                    for (g, (scale, offset)) in
                        (first / group..).zip(&each[..format.weights / group])
                    {
                        scales[2 * g * LANES + lane] = *scale;
                        scales[(2 * g + 1) * LANES + lane] = *offset;
                    }
                }
            }
        });
    Values::Quantised { codes, scales, group, four }
}

/// Runs something on the best instructions there are.
pub fn on_this_machine<Op: WithSimd>(op: Op) -> Op::Output {
    match Arch::new() {
        Arch::Scalar => Scalar128b.vectorize(op),
        best => best.dispatch(op),
    }
}

/// One panel of a product.
struct Tile<'a> {
    matrix: &'a Matrix,
    panel: usize,
    x: &'a [f32],
    wide: &'a mut [f32],
    tile: &'a mut [f32],
}

impl WithSimd for Tile<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let inputs = self.matrix.inputs;
        for first in (0..inputs).step_by(DEPTH) {
            let depth = DEPTH.min(inputs - first);
            let block = self.matrix.widened(self.panel, first, depth, self.wide);
            add_product(simd, &self.x[first..], inputs, depth, block, LANES, self.tile, LANES);
        }
    }
}

/// `out += x block`: rows of `x` lie `x_step` apart, `depth` of their values count; the lanes of `block` for one of them lie `step`
/// apart; rows of [`LANES`] values of `out` lie `out_step` apart, and their number is the number of rows.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a product of three strided views")]
pub fn add_product<S: Simd>(
    simd: S,
    x: &[f32],
    x_step: usize,
    depth: usize,
    block: &[f32],
    step: usize,
    out: &mut [f32],
    out_step: usize,
) {
    let rows = out.len().div_ceil(out_step);
    let mut row = 0;
    // As many sums as registers hold: 12 rows of 2 vectors, or 6 of them.
    while row < rows {
        let (x, out) = (&x[row * x_step..], &mut out[row * out_step..]);
        row += match rows - row {
            12.. if S::REGISTER_COUNT >= 32 => {
                some_rows::<S, 12>(simd, x, x_step, depth, block, step, out, out_step)
            }
            6.. => some_rows::<S, 6>(simd, x, x_step, depth, block, step, out, out_step),
            3.. => some_rows::<S, 3>(simd, x, x_step, depth, block, step, out, out_step),
            2 => some_rows::<S, 2>(simd, x, x_step, depth, block, step, out, out_step),
            _ => some_rows::<S, 1>(simd, x, x_step, depth, block, step, out, out_step),
        };
    }
}

#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a product of three strided views")]
fn some_rows<S: Simd, const ROWS: usize>(
    simd: S,
    x: &[f32],
    x_step: usize,
    depth: usize,
    block: &[f32],
    step: usize,
    out: &mut [f32],
    out_step: usize,
) -> usize {
    let x: [&[f32]; ROWS] = std::array::from_fn(|row| &x[row * x_step..][..depth]);
    let width = 2 * S::F32_LANES;
    for lane in (0..LANES).step_by(width) {
        let mut sums: [[S::f32s; 2]; ROWS] = std::array::from_fn(|row| {
            let (at, _) = S::as_simd_f32s(&out[row * out_step + lane..][..width]);
            [at[0], at[1]]
        });
        for i in 0..depth {
            let (weights, _) = S::as_simd_f32s(&block[i * step + lane..][..width]);
            let (a, b) = (weights[0], weights[1]);
            for row in 0..ROWS {
                let value = simd.splat_f32s(x[row][i]);
                sums[row][0] = multiply_add(simd, value, a, sums[row][0]);
                sums[row][1] = multiply_add(simd, value, b, sums[row][1]);
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let (at, _) = S::as_mut_simd_f32s(&mut out[row * out_step + lane..][..width]);
            at.copy_from_slice(sums);
        }
    }
    ROWS
}

/// `a b + c`: fused, but on machines without such an instruction, where a library would be asked for each value.
#[inline(always)]
fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if TypeId::of::<S>() == TypeId::of::<Scalar128b>() {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_e_f32s(a, b, c)
    }
}

/// `e^x`, to a few units in the last place; plain steps that become vectors.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    /// 1.5 * 2^23: what is added to it is rounded to a whole number, which its low bits hold.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let whole = x * std::f32::consts::LOG2_E + ROUND;
    let n = whole - ROUND;
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let tail = [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let series = tail.iter().fold(1.0 / 720.0, |sum, next| sum * r + next);
    series * f32::from_bits((whole.to_bits() << 23).wrapping_add(127 << 23))
}

/// Sum of 16 sums, each of every 16th value: the same on every machine.
#[inline(always)]
pub fn sum(values: &[f32], each: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; 16];
    let (parts, rest) = values.as_chunks::<16>();
    for part in parts {
        for i in 0..16 {
            lanes[i] += each(part[i]);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += each(*value);
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn random(count: usize) -> Vec<f32> {
        let mut draws = rand_chacha::ChaCha12Rng::seed_from_u64(count as u64);
        (0..count).map(|_| draws.random::<f32>() * 2.0 - 1.0).collect()
    }

    /// 70 outputs are two panels and a part; 768 inputs three blocks of the larger formats.
    fn tensor(dtype: GgmlDType) -> QTensor {
        let wide = Tensor::from_vec(random(70 * 768), (70, 768), &Device::Cpu).unwrap();
        QTensor::quantize(&wide, dtype).unwrap()
    }

    const ALL: [GgmlDType; 11] = [
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
        GgmlDType::Q2K,
        GgmlDType::F16,
        GgmlDType::F32,
    ];

    #[test]
    fn weights_are_candles_to_the_last_bit() {
        for dtype in ALL {
            let tensor = tensor(dtype);
            let matrix = Matrix::new(&tensor).unwrap();
            let expected = tensor.dequantize(&Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
            for (output, expected) in expected.iter().enumerate() {
                let mut row = vec![0.0; 768];
                matrix.row(output, &mut row);
                assert_eq!(&row, expected, "{dtype:?}");
            }
        }
        assert!(Matrix::new(&tensor(GgmlDType::Q4_1)).unwrap().bytes() <= 96 * 768 * 3 / 4);
    }

    #[test]
    fn a_row_of_a_product_is_the_same_alone_and_right() {
        let x = random(31 * 768);
        for dtype in ALL {
            let tensor = tensor(dtype);
            let matrix = Matrix::new(&tensor).unwrap();
            let weights = tensor.dequantize(&Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
            let all = matrix.multiply(&x);
            for rows in [1, 2, 5, 7, 18] {
                let parts: Vec<f32> =
                    x.chunks(rows * 768).flat_map(|x| matrix.multiply(x)).collect();
                assert_eq!(parts, all, "{dtype:?}, {rows} rows");
            }
            for (x, out) in x.chunks(768).zip(all.chunks(70)) {
                for (weights, out) in weights.iter().zip(out) {
                    let exact: f64 =
                        x.iter().zip(weights).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                    assert!((exact - f64::from(*out)).abs() < 1e-4, "{dtype:?}: {out}, {exact}");
                }
            }
        }
        assert_eq!(Matrix::new(&tensor(GgmlDType::Q8_0)).unwrap().multiply(&[]), [0.0; 0]);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn old_machines_give_the_same() {
        use pulp::x86::{V3, V4};
        let matrix = Matrix::new(&tensor(GgmlDType::Q4_1)).unwrap();
        let x = random(31 * 768);
        let run = |simd: &dyn Fn(Tile<'_>)| {
            let (mut wide, mut tile) = (vec![0.0; DEPTH * LANES], vec![0.0; 31 * LANES]);
            simd(Tile { matrix: &matrix, panel: 0, x: &x, wide: &mut wide, tile: &mut tile });
            tile
        };
        let plain = run(&|tile| Scalar128b.vectorize(tile));
        let three = V3::try_new().map(|v3| run(&|tile| Simd::vectorize(v3, tile)));
        let four = V4::try_new().map(|v4| run(&|tile| Simd::vectorize(v4, tile)));
        if let (Some(three), Some(four)) = (&three, &four) {
            assert_eq!(three, four);
        }
        // Without fused multiply-add each step is rounded twice.
        for (plain, fused) in plain.iter().zip(three.iter().flatten()) {
            assert!((plain - fused).abs() < 1e-4, "{plain}, {fused}");
        }
    }

    #[test]
    fn exp_is_exp() {
        for i in -87_000..88_000 {
            let x = i as f32 / 1000.0;
            let (got, expected) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((got / expected - 1.0).abs() < 4e-7, "exp {x}: {got}, {expected}");
        }
        assert_eq!((exp(0.0), exp(f32::NEG_INFINITY) < 1e-37), (1.0, true));
        let values: Vec<f32> = (0..37).map(|i| i as f32).collect();
        assert_eq!(sum(&values, |x| 2.0 * x), 36.0 * 37.0);
    }
}
