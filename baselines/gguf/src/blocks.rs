//! The block formats of GGUF files as codes of 4 or 8 bits, each with `code * scale + offset`. All are exact: a product has no more bits
//! than float32 holds.

use candle_core::quantized::GgmlDType;

/// How a format's blocks become codes.
#[derive(Debug)]
pub struct Format {
    /// Weights in a block.
    pub weights: usize,
    /// Bytes of a block.
    pub bytes: usize,
    /// Weights with a scale of their own.
    pub group: usize,
    /// Codes are 4 bits wide.
    pub four: bool,
    decode: fn(&[u8], &mut Codes, &mut Scales),
}

type Codes = [u8; 256];
/// Scale and offset of each group.
type Scales = [(f32, f32); 16];

impl Format {
    /// None: it has no codes of 8 bits or less, or nobody uses it.
    pub fn of(dtype: GgmlDType) -> Option<Self> {
        let format = |weights, bytes, group, four, decode| {
            Some(Self { weights, bytes, group, four, decode })
        };
        match dtype {
            GgmlDType::Q4_0 => format(32, 18, 32, true, |b, codes, scales| {
                halves(&b[2..], codes);
                scales[0] = around(half(b), 8.0);
            }),
            GgmlDType::Q4_1 => format(32, 20, 32, true, |b, codes, scales| {
                halves(&b[4..], codes);
                scales[0] = (half(b), half(&b[2..]));
            }),
            GgmlDType::Q5_0 => format(32, 22, 32, false, |b, codes, scales| {
                halves(&b[6..], codes);
                fifth(&b[2..], codes);
                scales[0] = around(half(b), 16.0);
            }),
            GgmlDType::Q5_1 => format(32, 24, 32, false, |b, codes, scales| {
                halves(&b[8..], codes);
                fifth(&b[4..], codes);
                scales[0] = (half(b), half(&b[2..]));
            }),
            GgmlDType::Q8_0 => format(32, 34, 32, false, |b, codes, scales| {
                for (code, byte) in codes.iter_mut().zip(&b[2..]) {
                    *code = byte.wrapping_add(128);
                }
                scales[0] = around(half(b), 128.0);
            }),
            GgmlDType::Q4K => format(256, 144, 32, true, |b, codes, scales| {
                quarters(&b[16..], codes);
                eight_scales(b, scales);
            }),
            GgmlDType::Q5K => format(256, 176, 32, false, |b, codes, scales| {
                quarters(&b[48..], codes);
                for (i, code) in codes.iter_mut().enumerate() {
                    *code |= (b[16 + i % 32] >> (i / 32) & 1) << 4;
                }
                eight_scales(b, scales);
            }),
            GgmlDType::Q6K => format(256, 210, 16, false, |b, codes, scales| {
                let (low, high) = (&b[..128], &b[128..192]);
                for (i, code) in codes.iter_mut().enumerate() {
                    let (half, quarter, at) = (i / 128, i % 128 / 32, i % 32);
                    let four = low[half * 64 + quarter % 2 * 32 + at] >> (quarter / 2 * 4) & 15;
                    let two = high[half * 32 + at] >> (2 * quarter) & 3;
                    *code = four | two << 4;
                }
                let all = half(&b[208..]);
                for (scale, &own) in scales.iter_mut().zip(&b[192..208]) {
                    *scale = around(all * f32::from(own.cast_signed()), 32.0);
                }
            }),
            _ => None,
        }
    }

    /// Codes and scales of one block; the first `weights` and `weights / group` of them count.
    pub fn decode(&self, block: &[u8]) -> (Codes, Scales) {
        let (mut codes, mut scales) = ([0; 256], [(0.0, 0.0); 16]);
        (self.decode)(block, &mut codes, &mut scales);
        (codes, scales)
    }
}

/// A float16.
fn half(bytes: &[u8]) -> f32 {
    half::f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
}

/// Codes that stand for `code - middle`.
fn around(scale: f32, middle: f32) -> (f32, f32) {
    (scale, -middle * scale)
}

/// 32 codes: the low halves of 16 bytes, then the high ones.
fn halves(bytes: &[u8], codes: &mut Codes) {
    for (i, byte) in bytes[..16].iter().enumerate() {
        (codes[i], codes[i + 16]) = (byte & 15, byte >> 4);
    }
}

/// The fifth bit of 32 codes.
fn fifth(bytes: &[u8], codes: &mut Codes) {
    for (i, code) in codes[..32].iter_mut().enumerate() {
        *code |= (bytes[i / 8] >> (i % 8) & 1) << 4;
    }
}

/// 256 codes: four times the low halves of 32 bytes, then their high ones.
fn quarters(bytes: &[u8], codes: &mut Codes) {
    for (i, code) in codes.iter_mut().enumerate() {
        *code = bytes[i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4) & 15;
    }
}

/// Two float16 that are common to eight scales and eight offsets of 6 bits each, in 12 bytes.
fn eight_scales(block: &[u8], scales: &mut Scales) {
    let (scale, offset, b) = (half(block), half(&block[2..]), &block[4..16]);
    for (i, out) in scales[..8].iter_mut().enumerate() {
        let (s, o) = if i < 4 {
            (b[i] & 63, b[i + 4] & 63)
        } else {
            (b[i + 4] & 15 | b[i - 4] >> 6 << 4, b[i + 4] >> 4 | b[i] >> 6 << 4)
        };
        *out = (scale * f32::from(s), -(offset * f32::from(o)));
    }
}
