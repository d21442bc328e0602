//! What CALM is compared with: the same consensus, intercepts, shrinkage, loss, labels and steps, and as many parameters, but the
//! deviation is one hidden layer on the pooled text and the culture's vector. Without the layer: a consensus and an intercept.

use backbone::train::{self, Learner, Loss, Pace, Plan, Step};
use calm_plugin::aware::consensus::{GRID, Tau, chosen};
use calm_plugin::aware::contrast::difference;
use calm_plugin::aware::terms::{Labels, Terms};
use calm_plugin::aware::{Parts, settings::Settings};
use plugin_api::{Error, Host};
use tch::nn::{Init, Path, VarStore};
use tch::{Kind, Tensor};

/// A linear layer.
#[derive(Debug)]
struct Layer(Tensor, Tensor);

impl Layer {
    fn new(path: &Path<'_>, input: i64, output: i64, gain: f64) -> Self {
        let init = Init::Randn { mean: 0.0, stdev: gain / (input as f64).sqrt() };
        Self(
            path.var("weight", &[output, input], init),
            path.var("bias", &[output], Init::Const(0.0)),
        )
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.0, Some(&self.1))
    }
}

/// The control.
#[derive(Debug)]
pub(crate) struct Control<'a> {
    store: VarStore,
    base: [Layer; 2],
    intercepts: Tensor,
    deviation: Option<(Tensor, [Layer; 2])>,
    /// LayerNorm of the pooled texts `[items,d]`.
    pooled: &'a Tensor,
    train: Vec<usize>,
    valid: Vec<usize>,
    labels: &'a [i64],
    cultures: usize,
    lengths: Vec<usize>,
    settings: &'a Settings,
    tau: Tensor,
}

/// Parameters that the consensus and its intercepts have.
fn base_parameters(d: i64, c: i64, cultures: i64) -> i64 {
    d * c + c + 2 * c + 2 + 2 * cultures
}

impl<'a> Control<'a> {
    /// With about `parameters` in all; with 0 a consensus and intercepts alone.
    pub(crate) fn new(
        pooled: &'a Tensor,
        [train, valid]: [&[usize]; 2],
        labels: &'a [i64],
        cultures: usize,
        settings: &'a Settings,
        parameters: i64,
        seed: u64,
    ) -> Self {
        tch::manual_seed(seed as i64);
        let store = VarStore::new(tch::Device::Cpu);
        let root = store.root();
        let (d, c, n) = (pooled.size()[1], settings.concepts.width, cultures as i64);
        let left = parameters - base_parameters(d, c, n) - c * n;
        let width = left / (d + c + 3);
        let deviation = (parameters > 0).then(|| {
            let vectors = Init::Randn { mean: 0.0, stdev: settings.identity.spread };
            let layers = [
                Layer::new(&(&root / "up"), d + c, width, 1.0),
                Layer::new(&(&root / "down"), width, 2, 0.5),
            ];
            (root.var("vectors", &[n, c], vectors), layers)
        });
        let base =
            [Layer::new(&(&root / "base"), d, c, 1.0), Layer::new(&(&root / "out"), c, 2, 0.5)];
        let intercepts = root.var("intercepts", &[n, 2], Init::Const(0.0));
        let tau = root.zeros_no_train("tau", &[1]);
        let _ = tch::no_grad(|| tau.shallow_clone().fill_(1.0));
        let lengths = vec![1; train.len()];
        Self {
            base,
            intercepts,
            deviation,
            pooled,
            train: train.to_vec(),
            valid: valid.to_vec(),
            labels,
            cultures,
            lengths,
            settings,
            tau,
            store,
        }
    }

    /// Trains with the settings' plan.
    ///
    /// # Errors
    /// The training's.
    pub(crate) fn fit(&mut self, plan: &Plan, host: &Host) -> Result<(), Error> {
        train::run(self, plan, None, "control", host).map(|_| ())
    }

    /// `base + b` and the centred deviation `[P,n,2]`.
    fn forward(&self, items: &[usize], training: bool) -> [Tensor; 2] {
        let places: Vec<i64> = items.iter().map(|item| *item as i64).collect();
        let pooled = self.pooled.index_select(0, &Tensor::from_slice(&places)); // [P,d]
        let drop = |x: Tensor, p: f64| x.dropout(p, training);
        let z = drop(self.base[0].forward(&pooled).gelu("none"), self.settings.consensus.dropout);
        let shared = self.base[1].forward(&z).unsqueeze(1) + self.intercepts.unsqueeze(0); // [P,n,2]
        let Some((vectors, [up, down])) = &self.deviation else {
            let nothing = shared.zeros_like();
            return [shared, nothing];
        };
        let (items, n) = (items.len() as i64, self.cultures as i64);
        let text =
            drop(pooled, self.settings.concepts.dropout).unsqueeze(1).expand([items, n, -1], false);
        let culture = vectors.unsqueeze(0).expand([items, n, -1], false);
        let inner = up.forward(&Tensor::cat(&[text, culture], -1)).gelu("none");
        let dev = down.forward(&drop(inner, self.settings.fusion.dropout)); // [P,n,2]
        let dev = &dev - dev.mean_dim(&[1i64][..], true, None::<Kind>);
        let dev = &dev - dev.mean_dim(&[-1i64][..], true, None::<Kind>);
        [shared, dev]
    }

    fn own(&self, items: &[usize]) -> Labels {
        let row = |item: &usize| &self.labels[item * self.cultures..][..self.cultures];
        let values: Vec<i64> = items.iter().flat_map(row).copied().collect();
        Labels::new(&Tensor::from_slice(&values).view([items.len() as i64, self.cultures as i64]))
    }

    /// The parts of the answers to some items.
    ///
    /// # Errors
    /// Where a tensor cannot be read.
    pub(crate) fn parts(&self, items: &[usize]) -> Result<Parts, Error> {
        let [shared, dev] = tch::no_grad(|| self.forward(items, false));
        let floats = |x: Tensor| Vec::try_from(x.contiguous().view([-1])).map_err(Error::internal);
        let dev: Vec<f32> = floats(dev)?;
        Ok(Parts { shared: floats(shared)?, first: dev.clone(), deviations: dev })
    }

    /// tau, as the last validation chose it.
    pub(crate) fn tau(&self) -> f64 {
        self.tau.double_value(&[0])
    }
}

impl Learner for Control<'_> {
    fn store(&self) -> &VarStore {
        &self.store
    }

    fn pace(&self, _: &str) -> Pace {
        Pace::New(1.0)
    }

    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn name(&self, _: usize) -> &'static str {
        "a post"
    }

    fn measure(&self) -> &'static str {
        "negative cross-entropy"
    }

    fn loss(&mut self, items: &[usize], _: Step) -> Result<Loss, Error> {
        let items: Vec<usize> = items.iter().map(|item| self.train[*item]).collect();
        let ([shared, dev], labels) = (self.forward(&items, true), self.own(&items));
        let logits = &shared + &dev;
        let mut terms = Terms::default();
        terms.push("task", 1.0, || labels.cross_entropy(&logits));
        if self.deviation.is_some() {
            terms.push("prior", self.settings.consensus.prior, || {
                dev.square().sum_dim_intlist(&[-1i64][..], false, None::<Kind>).mean(None::<Kind>)
            });
        }
        terms
            .push("difference", self.settings.contrast.difference, || difference(&logits, &labels));
        Ok(Loss { total: terms.total(), terms: terms.named() })
    }

    fn validate(&mut self) -> Result<Option<f64>, Error> {
        let ([shared, dev], labels) = (self.forward(&self.valid, false), self.own(&self.valid));
        let mut items = vec![[0.0; GRID.len()]; self.valid.len()];
        for (place, tau) in GRID.into_iter().enumerate() {
            let each = labels.entropies(&(&shared + &dev * tau)).sum_dim_intlist(
                &[1i64][..],
                false,
                None::<Kind>,
            );
            let each: Vec<f32> = Vec::try_from(each).map_err(Error::internal)?;
            items.iter_mut().zip(each).for_each(|(row, own)| row[place] = f64::from(own));
        }
        let rule = if self.deviation.is_some() { self.settings.consensus.tau } else { Tau::One };
        let place = chosen(&items, rule);
        let _ = self.tau.fill_(GRID[place]);
        let total: f64 = items.iter().map(|row| row[place]).sum();
        Ok(Some(-total / (items.len() * self.cultures) as f64))
    }
}
