//! A culture that training never saw: what a few items of it teach its identity, and what they teach an intercept alone.

use backbone::train::stream;
use calm_plugin::aware::{Net, Remembered};
use plugin_api::{Error, Host};
use rand::seq::SliceRandom as _;
use tch::Device;

use crate::bench::{Bench, FOLDS, number, option, settings};
use crate::data::{CULTURES, Dose};

/// The answers for the held-out culture.
struct Answered {
    accuracy: f64,
    contrast: f64,
}

/// For each seed one culture is held out (seed 1 the first) and one fold tested; prints a row for each number of items and way.
pub(crate) fn run(bench: &Bench, arguments: &[String]) -> Result<(), Error> {
    let ks: Vec<usize> = option(arguments, "items", "0,5,10,25,50")
        .iter()
        .map(|text| number(text).map(|k| k as usize))
        .collect::<Result<_, _>>()?;
    println!("dose,seed,culture,items,way,accuracy,contrast");
    for dose in option(arguments, "doses", "10") {
        let strength = if dose == "real" { Dose::Real } else { Dose::Times(number(&dose)? as f64) };
        for seed in option(arguments, "seeds", "1") {
            let seed = number(&seed)?;
            let culture = (seed as usize + CULTURES - 1) % CULTURES;
            let labels = bench.posts.labels(strength, seed);
            let mut order: Vec<usize> = (0..bench.posts.texts.len()).collect();
            order.shuffle(&mut stream(seed, "folds", 0));
            let (test, rest) = order.split_at(order.len().div_ceil(FOLDS));
            let (valid, train) = rest.split_at(rest.len() / 6);
            let mut hidden = labels.clone();
            hidden.iter_mut().skip(culture).step_by(CULTURES).for_each(|label| *label = -1);
            let settings = settings("self-aware", &bench.change, &bench.folder)?;
            let net = Net::new(&settings, &bench.checkpoint, [CULTURES, 2], Device::Cpu, seed)?;
            net.fit(&bench.prepared, [train, valid], &hidden, &Host::silent(1, seed))?;
            for k in &ks {
                for (way, name) in
                    [(Remembered::Whole, "identity"), (Remembered::Intercept, "intercept")]
                {
                    net.model.identity.forget(culture as i64);
                    if *k > 0 {
                        net.remember_prepared(
                            culture,
                            &bench.prepared,
                            &train[..*k],
                            &labels,
                            way,
                        )?;
                    }
                    let own = answered(bench, &net, test, &labels, culture)?;
                    println!(
                        "{dose},{seed},{culture},{k},{name},{:.4},{:.4}",
                        own.accuracy, own.contrast
                    );
                }
            }
        }
    }
    Ok(())
}

/// Accuracy for the culture, and contrast over its pairs with the others.
fn answered(
    bench: &Bench,
    net: &Net,
    test: &[usize],
    labels: &[i64],
    culture: usize,
) -> Result<Answered, Error> {
    let parts = net.parts(&bench.prepared, test)?;
    let tau = net.tau();
    let odds = |x: &[f32], at: usize| f64::from(x[at + 1]) - f64::from(x[at]);
    let score = |row: usize, culture: usize| {
        let at = (row * CULTURES + culture) * 2;
        odds(&parts.shared, at) + tau * odds(&parts.deviations, at)
    };
    let (mut right, mut ordered, mut pairs) = (0.0, 0.0, 0.0);
    for (row, post) in test.iter().enumerate() {
        let own = labels[post * CULTURES + culture];
        right += f64::from(u8::from((score(row, culture) > 0.0) == (own == 1)));
        for other in (0..CULTURES).filter(|other| labels[post * CULTURES + other] != own) {
            let apart = (score(row, culture) - score(row, other)) * (2 * own - 1) as f64;
            ordered += if apart > 0.0 { 1.0 } else { f64::from(u8::from(apart == 0.0)) / 2.0 };
            pairs += 1.0;
        }
    }
    Ok(Answered { accuracy: right / test.len() as f64, contrast: ordered / pairs })
}
