//! AdamW (Loshchilov and Hutter 2019, algorithm 2), its state in the open, so that a checkpoint can hold it.

use rayon::prelude::*;
use tch::{Device, Kind, Tensor};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Values that one thread takes at a time.
const CHUNK: usize = 1 << 15;

/// One parameter with its moments.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) parameter: Tensor,
    /// Mean of the gradient.
    pub(super) first: Tensor,
    /// Mean of its square.
    pub(super) second: Tensor,
    /// Which learning rate is its own.
    pace: Pace,
    /// Matrices decay; biases and norms do not.
    decays: bool,
}

/// Which learning rate a parameter has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// That of the pretrained part.
    Pretrained,
    /// That of new parts, times this.
    New(f64),
}

/// The optimiser.
#[derive(Debug)]
pub(super) struct AdamW {
    pub(super) slots: Vec<Slot>,
    /// Steps taken.
    pub(super) steps: i32,
    weight_decay: f64,
    clip: f64,
}

/// Learning rates of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) new: f64,
    pub(super) pretrained: f64,
}

/// What one parameter's step needs.
#[derive(Debug, Clone, Copy)]
struct Update {
    /// Gradients are multiplied by it (clipping).
    scale: f32,
    /// 1 - rate * decay.
    keep: f32,
    /// rate / (1 - beta1^t).
    rate: f32,
    /// sqrt(1 - beta2^t).
    correction: f32,
}

impl AdamW {
    /// Over named parameters.
    pub(super) fn new(
        parameters: Vec<(String, Tensor, Pace)>,
        weight_decay: f64,
        clip: f64,
    ) -> Self {
        let slots = parameters.into_iter().map(|(name, parameter, pace)| Slot {
            first: parameter.zeros_like(),
            second: parameter.zeros_like(),
            decays: parameter.dim() > 1 && !name.ends_with("bias"),
            parameter,
            pace,
            name,
        });
        Self { slots: slots.collect(), steps: 0, weight_decay, clip }
    }

    /// One step along the gradients of a loss; returns the gradients' norm before clipping.
    pub(super) fn step(&mut self, loss: &Tensor, rates: Rates) -> f64 {
        let inputs: Vec<&Tensor> = self.slots.iter().map(|slot| &slot.parameter).collect();
        let gradients = Tensor::run_backward(&[loss], &inputs, false, false);
        tch::no_grad(|| self.apply(&gradients, rates))
    }

    fn apply(&mut self, gradients: &[Tensor], rates: Rates) -> f64 {
        let norms: Vec<Tensor> =
            gradients.iter().filter(|g| g.defined()).map(Tensor::norm).collect();
        let norm =
            if norms.is_empty() { 0.0 } else { Tensor::stack(&norms, 0).norm().double_value(&[]) };
        let scale = if self.clip > 0.0 { (self.clip / (norm + 1e-6)).min(1.0) } else { 1.0 };
        self.steps += 1;
        let (first, second) = (1.0 - BETA1.powi(self.steps), 1.0 - BETA2.powi(self.steps));
        for (slot, gradient) in self.slots.iter_mut().zip(gradients) {
            if !gradient.defined() {
                continue;
            }
            let rate = match slot.pace {
                Pace::Pretrained => rates.pretrained,
                Pace::New(share) => rates.new * share,
            };
            let decay = if slot.decays { self.weight_decay } else { 0.0 };
            let update = Update {
                scale: scale as f32,
                keep: (1.0 - rate * decay) as f32,
                rate: (rate / first) as f32,
                correction: second.sqrt() as f32,
            };
            slot.apply(gradient, update);
        }
        norm
    }
}

impl Slot {
    fn apply(&mut self, gradient: &Tensor, update: Update) {
        // That of a weight which a product took transposed comes transposed.
        let gradient = &gradient.contiguous();
        let on_cpu = [&self.parameter, gradient, &self.first, &self.second]
            .iter()
            .all(|t| t.device() == Device::Cpu && t.kind() == Kind::Float && t.is_contiguous());
        if on_cpu {
            self.apply_on_cpu(gradient, update);
        } else {
            self.apply_anywhere(gradient, update);
        }
    }

    fn apply_anywhere(&mut self, gradient: &Tensor, update: Update) {
        let gradient = gradient * f64::from(update.scale);
        let _ = self.parameter.g_mul_scalar_(f64::from(update.keep));
        let _ = self.first.lerp_(&gradient, 1.0 - BETA1);
        let _ = self.second.g_mul_scalar_(BETA2);
        let _ = self.second.g_add_(&(gradient.square() * (1.0 - BETA2)));
        let spread = self.second.sqrt() / f64::from(update.correction) + EPSILON;
        let _ = self.parameter.g_sub_(&(&self.first / spread * f64::from(update.rate)));
    }

    /// The same in one pass over memory instead of nine.
    fn apply_on_cpu(&mut self, gradient: &Tensor, update: Update) {
        // Rounded once: 1 - 0.999 in float32 is 5e-5 too large.
        let (rise1, rise2) = ((1.0 - BETA1) as f32, (1.0 - BETA2) as f32);
        let (beta2, epsilon) = (BETA2 as f32, EPSILON as f32);
        let Update { scale, keep, rate, correction } = update;
        let (p, m, v) =
            (floats(&mut self.parameter), floats(&mut self.first), floats(&mut self.second));
        let mut gradient = gradient.shallow_clone();
        let g = floats(&mut gradient);
        let chunks =
            p.par_chunks_mut(CHUNK).zip(m.par_chunks_mut(CHUNK)).zip(v.par_chunks_mut(CHUNK));
        chunks.zip(g.par_chunks_mut(CHUNK)).for_each(|(((p, m), v), g)| {
            for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(g) {
                let g = *g * scale;
                *m += (g - *m) * rise1;
                *v = *v * beta2 + g * g * rise2;
                *p = *p * keep - *m / (v.sqrt() / correction + epsilon) * rate;
            }
        });
    }
}

/// The values of a contiguous float32 tensor in main memory.
#[expect(unsafe_code, reason = "libtorch lends its memory by address only")]
fn floats(tensor: &mut Tensor) -> &mut [f32] {
    debug_assert!(
        tensor.device() == Device::Cpu && tensor.kind() == Kind::Float && tensor.is_contiguous()
    );
    // SAFETY: the tensor is contiguous, float32 and in main memory (checked by the caller), so numel values are at its address;
    // they live as long as the tensor, which is borrowed, and no other borrow of these values is made during the step.
    unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast::<f32>(), tensor.numel()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_a_step_agree_with_each_other_and_with_libtorch() {
        tch::set_num_threads(1);
        tch::manual_seed(5);
        let start = Tensor::randn([70, 1000], (Kind::Float, Device::Cpu));
        let target = Tensor::randn([70, 1000], (Kind::Float, Device::Cpu));
        let loss = |x: &Tensor| (x - &target).square().sum(None::<Kind>) * 1e-3;
        let mut slots: Vec<AdamW> = (0..2)
            .map(|_| {
                let x = start.copy().set_requires_grad(true);
                AdamW::new(vec![("x".to_owned(), x, Pace::New(1.0))], 0.01, 0.0)
            })
            .collect();
        let mut store = tch::nn::VarStore::new(Device::Cpu);
        let theirs = store.root().var_copy("x", &start);
        let mut optimiser = tch::nn::OptimizerConfig::build(
            tch::nn::AdamW { wd: 0.01, ..tch::nn::AdamW::default() },
            &store,
            1e-2,
        )
        .unwrap();
        for _ in 0..20 {
            let rates = Rates { new: 1e-2, pretrained: 0.0 };
            let ours = loss(&slots[0].slots[0].parameter);
            slots[0].step(&ours, rates);
            // The other one takes the way of other devices.
            let other = &mut slots[1];
            let gradient = Tensor::run_backward(
                &[loss(&other.slots[0].parameter)],
                &[&other.slots[0].parameter],
                false,
                false,
            );
            other.steps += 1;
            let update = Update {
                scale: 1.0,
                keep: 1.0 - 1e-2 * 0.01,
                rate: (1e-2 / (1.0 - BETA1.powi(other.steps))) as f32,
                correction: (1.0 - BETA2.powi(other.steps)).sqrt() as f32,
            };
            tch::no_grad(|| other.slots[0].apply_anywhere(&gradient[0], update));
            optimiser.backward_step(&loss(&theirs));
        }
        let far = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
        let (one, other) = (&slots[0].slots[0].parameter, &slots[1].slots[0].parameter);
        assert!(far(one, other) < 1e-5, "{}", far(one, other));
        assert!(far(one, &theirs) < 1e-5, "{}", far(one, &theirs));
        assert!(far(&theirs, &start) > 0.05, "it moved");
        store.freeze();
    }

    #[test]
    fn clipping_bounds_the_norm() {
        let x = Tensor::zeros([4], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let mut adamw = AdamW::new(vec![("x".to_owned(), x, Pace::New(1.0))], 0.0, 1.0);
        let loss = (&adamw.slots[0].parameter * 100.0).sum(None::<Kind>);
        let norm = adamw.step(&loss, Rates { new: 0.1, pretrained: 0.1 });
        assert!((norm - 200.0).abs() < 1e-3);
        let first: Vec<f32> = (&adamw.slots[0].first).try_into().unwrap();
        assert!((first[0] - 0.05).abs() < 1e-4, "{first:?}: a tenth of the clipped gradient 0.5");
    }
}
