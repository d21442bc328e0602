//! A culture is learnt from a few items, everything else as it is. Serves "continual adaptation".

use backbone::runtime;
use plugin_api::{Dataset, Error, Host};
use tch::{Kind, Tensor};

use super::fit::{Data, Prepared};
use super::net::Net;
use super::panels::Tags;

/// Steps of Adam, and its rate.
const STEPS: i32 = 200;
const RATE: f64 = 0.02;

/// What of a culture is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remembered {
    /// Its identity and its intercept.
    Whole,
    /// Its intercept alone: what a head knows of a culture without an identity.
    Intercept,
}

impl Net {
    /// Fits a culture to a few labelled texts, with a penalty on the squared distance from the mean of the known ones, over the
    /// number of items. A culture that was forgotten or never seen is known afterwards.
    ///
    /// # Errors
    /// The computation's; texts without a label of that culture.
    pub fn remember(
        &self,
        culture: usize,
        data: &Dataset<'_>,
        tags: &Tags,
        host: &Host,
    ) -> Result<(), Error> {
        self.adapt(culture, Data::new(self, data, tags, 0, host)?, Remembered::Whole)
    }

    /// The same from prepared items and the labels of all of them by culture (-1: none).
    ///
    /// # Errors
    /// As [`Net::remember`].
    pub fn remember_prepared(
        &self,
        culture: usize,
        items: &Prepared,
        places: &[usize],
        labels: &[i64],
        what: Remembered,
    ) -> Result<(), Error> {
        self.adapt(culture, Data::prepared(self, items, places, labels), what)
    }

    fn adapt(&self, culture: usize, data: Data, what: Remembered) -> Result<(), Error> {
        if !data.cultures().contains(&(culture as i64)) {
            let what = format!("no text has a label of culture {culture}; give at least one");
            return Err(Error::config(what));
        }
        let own = data.only(culture);
        let (identity, consensus) = (&self.model.identity, &self.model.consensus);
        let open: &[&Tensor] = match what {
            Remembered::Whole => &[&consensus.intercepts, &identity.vectors],
            Remembered::Intercept => &[&consensus.intercepts],
        };
        runtime::guard("remembering a culture", || {
            self.begin(culture as i64);
            let whole: Vec<usize> = (0..own.lengths.len()).collect();
            let (input, labels) = (own.input(self, &whole), own.labels(&whole, self.device));
            let place = culture as i64;
            let start: Vec<Tensor> = open.iter().map(|t| t.get(place).detach().copy()).collect();
            let mut moments: Vec<[Tensor; 2]> =
                start.iter().map(|t| [t.zeros_like(), t.zeros_like()]).collect();
            for step in 1..=STEPS {
                let output = self.forward(&input, false);
                let distance =
                    |(t, s): (&&Tensor, &Tensor)| (t.get(place) - s).square().mean(None::<Kind>);
                let far: Tensor = open.iter().zip(&start).map(distance).sum();
                let loss = labels.cross_entropy(output.last()) + far / whole.len() as f64;
                let gradients = Tensor::run_backward(&[&loss], open, false, false);
                tch::no_grad(|| {
                    for ((tensor, gradient), moments) in
                        open.iter().zip(&gradients).zip(&mut moments)
                    {
                        let change = adam(&gradient.get(place), moments, step);
                        let _ = tensor.get(place).g_sub_(&change);
                    }
                });
            }
            Ok(())
        })
    }

    /// A culture begins at what the known ones share.
    fn begin(&self, culture: i64) {
        let (identity, consensus) = (&self.model.identity, &self.model.consensus);
        tch::no_grad(|| {
            identity.forget(culture);
            for tensor in [&identity.vectors, &consensus.intercepts] {
                tensor.get(culture).copy_(&identity.recalled(tensor).get(culture));
            }
        });
        identity.learn(&[culture]);
    }
}

/// The change of a step of Adam (Kingma and Ba 2015, algorithm 1).
fn adam(gradient: &Tensor, [mean, square]: &mut [Tensor; 2], step: i32) -> Tensor {
    *mean = &*mean * 0.9 + gradient * 0.1;
    *square = &*square * 0.999 + gradient.square() * 0.001;
    let (m, v) = (&*mean / (1.0 - 0.9f64.powi(step)), &*square / (1.0 - 0.999f64.powi(step)));
    m / (v.sqrt() + 1e-8) * RATE
}
