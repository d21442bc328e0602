//! Clusters of concepts: prototypes that follow the training, and spherical k-means at its end. Nothing here has a gradient.

use backbone::runtime;
use backbone::train::stream;
use plugin_api::Error;
use rand::{Rng, RngExt as _};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use crate::layers::normalise;

/// Vectors seen before the prototypes are placed.
const WAITING: i64 = 256;

/// How much of a prototype stays in a step.
const STAYS: f64 = 0.99;

/// Seeded starts of the final k-means, beside the one from the prototypes.
const STARTS: usize = 9;

/// Rounds of k-means at most.
const ROUNDS: usize = 100;

/// The two types.
pub const TYPES: [&str; 2] = ["explicit", "latent"];

/// Prototypes of both types, kept in the model's store so that they are saved and resumed with it.
#[derive(Debug)]
pub struct Clusters {
    /// Unit vectors `[M,c]`, by type.
    prototypes: [Tensor; 2],
    /// The first vectors `[256,c]`, by type.
    waiting: [Tensor; 2],
    /// How many vectors have been seen.
    seen: Tensor,
    /// The plane of a map, by type: a point on it and two directions `[3,c]`.
    planes: [Tensor; 2],
    seed: u64,
}

/// M: as many as cultures in train, 2 to 64; 8 without tags.
pub fn count(cultures: usize) -> i64 {
    if cultures < 2 { 8 } else { cultures.min(64) as i64 }
}

impl Clusters {
    /// Declares `clusters.*` in a store.
    pub fn new(store: &VarStore, prototypes: i64, c: i64, seed: u64) -> Self {
        let path = store.root() / "clusters";
        let named = |name: String, rows| path.zeros_no_train(&name, &[rows, c]);
        Self {
            prototypes: TYPES.map(|kind| named(kind.to_owned(), prototypes)),
            waiting: TYPES.map(|kind| named(format!("pending_{kind}"), WAITING)),
            seen: path.zeros_no_train("seen", &[1]),
            planes: TYPES.map(|kind| named(format!("plane_{kind}"), 3)),
            seed,
        }
    }

    /// Whether prototypes have been placed.
    pub fn are_placed(&self) -> bool {
        self.seen.double_value(&[0]) >= WAITING as f64
    }

    /// Takes up the concepts `[B,c]` of a step: waits for 256, places the prototypes, then follows.
    ///
    /// # Errors
    /// What the computation says.
    pub fn follow(&mut self, concepts: [&Tensor; 2]) -> Result<(), Error> {
        let seen = self.seen.double_value(&[0]) as i64;
        if seen >= WAITING {
            for (prototypes, vectors) in self.prototypes.iter().zip(concepts) {
                moved(prototypes, vectors);
            }
            return Ok(());
        }
        let batch = concepts[0].size()[0].min(WAITING - seen);
        for (waiting, vectors) in self.waiting.iter().zip(concepts) {
            waiting.narrow(0, seen, batch).copy_(&vectors.narrow(0, 0, batch));
        }
        let _ = self.seen.g_add_scalar_(batch as f64);
        if seen + batch == WAITING {
            for place in 0..TYPES.len() {
                let mut rng = stream(self.seed, "clusters", place);
                let vectors = self.waiting[place].to_device(Device::Cpu);
                let first = seeded(&vectors, self.prototypes[place].size()[0], &mut rng)?;
                self.prototypes[place].copy_(&first);
            }
        }
        Ok(())
    }

    /// Spherical k-means on the concepts `[n,c]` of the training texts, from the prototypes and from seeded starts; the best stays.
    ///
    /// # Errors
    /// What the computation says.
    pub fn settle(&mut self, concepts: [&Tensor; 2]) -> Result<(), Error> {
        let followed = self.are_placed();
        for (place, vectors) in concepts.into_iter().enumerate() {
            let vectors = vectors.to_device(Device::Cpu);
            let count = self.prototypes[place].size()[0];
            let mut starts = Vec::new();
            if followed {
                starts.push(self.prototypes[place].to_device(Device::Cpu));
            }
            for start in 0..STARTS {
                starts.push(seeded(&vectors, count, &mut stream(self.seed, TYPES[place], start))?);
            }
            let mut best: Option<(f64, Tensor)> = None;
            for start in starts {
                let (score, centres) = spherical(&vectors, start);
                if best.as_ref().is_none_or(|(known, _)| score > *known) {
                    best = Some((score, centres));
                }
            }
            if let Some((_, centres)) = best {
                self.prototypes[place].copy_(&centres);
            }
            self.planes[place].copy_(&plane(&vectors)?);
        }
        let _ = self.seen.fill_(WAITING as f64);
        Ok(())
    }

    /// The cluster of each vector `[n,c]` of a type: 0 explicit, 1 latent.
    ///
    /// # Errors
    /// What the computation says.
    pub fn assign(&self, kind: usize, vectors: &Tensor) -> Result<Vec<u32>, Error> {
        let places = nearest(vectors, &self.prototypes[kind]).1.to_device(Device::Cpu);
        let places: Vec<i64> = Vec::try_from(places).map_err(Error::internal)?;
        Ok(places.into_iter().map(|place| place as u32).collect())
    }

    /// Where each vector `[n,c]` of a type lies on its plane.
    ///
    /// # Errors
    /// What the computation says.
    pub fn places(&self, kind: usize, vectors: &Tensor) -> Result<Vec<[f32; 2]>, Error> {
        let (point, directions) = (self.planes[kind].get(0), self.planes[kind].narrow(0, 1, 2));
        let places = (vectors - point).matmul(&directions.tr()).to_device(Device::Cpu); // [n,2]
        let flat: Vec<f32> = Vec::try_from(places.flatten(0, -1)).map_err(Error::internal)?;
        Ok(flat.chunks_exact(2).map(|place| [place[0], place[1]]).collect())
    }
}

/// The plane `[3,c]` that shows most of some vectors `[n,c]`: their mean and the first two principal components, each with its
/// largest loading positive; zeros where there are fewer.
fn plane(vectors: &Tensor) -> Result<Tensor, Error> {
    let mean = vectors.mean_dim(&[0i64][..], true, None::<Kind>); // [1,c]
    let centred = vectors - &mean;
    let axes = runtime::guard("the map's axes", || Ok(centred.svd(true, true).2.tr()))?; // [min(n,c),c]
    let shown = axes.size()[0].min(2);
    let largest = axes.narrow(0, 0, shown).abs().argmax(1, true); // [shown,1]
    let first = axes.narrow(0, 0, shown);
    let first = &first * first.gather(1, &largest, false).sign();
    let rest = Tensor::zeros([2 - shown, mean.size()[1]], (Kind::Float, Device::Cpu));
    Ok(Tensor::cat(&[mean, first, rest], 0))
}

/// Cosine with the nearest prototype, and which it is, of each vector.
fn nearest(vectors: &Tensor, prototypes: &Tensor) -> (Tensor, Tensor) {
    vectors.matmul(&prototypes.tr()).max_dim(1, false)
}

/// Sums of the vectors of each of `count` places `[count,c]`, and their numbers `[count,1]`.
fn sums(vectors: &Tensor, places: &Tensor, count: i64) -> (Tensor, Tensor) {
    let belongs = places.one_hot(count).to_kind(Kind::Float); // [n,M]
    let numbers = belongs.sum_dim_intlist(&[0i64][..], false, None::<Kind>).unsqueeze(1);
    (belongs.tr().matmul(vectors), numbers)
}

/// `p <- normalise(.99 p + .01 mean of its vectors)`; prototypes without one stay.
fn moved(prototypes: &Tensor, vectors: &Tensor) {
    let (_, places) = nearest(vectors, prototypes);
    let (sums, numbers) = sums(vectors, &places, prototypes.size()[0]);
    let mixed = normalise(&(prototypes * STAYS + sums / numbers.clamp_min(1.0) * (1.0 - STAYS)));
    let mut own = prototypes.shallow_clone();
    own.copy_(&mixed.where_self(&numbers.gt(0.0), prototypes));
}

/// k-means++ (Arthur and Vassilvitskii 2007) with the distance 1 - cosine: each next centre is drawn in proportion to it.
fn seeded(vectors: &Tensor, count: i64, rng: &mut impl Rng) -> Result<Tensor, Error> {
    let n = vectors.size()[0];
    let mut chosen = vec![rng.random_range(0..n)];
    let mut distance = vec![f64::INFINITY; n as usize];
    while (chosen.len() as i64) < count {
        let last = chosen[chosen.len() - 1];
        let cosine: Vec<f32> =
            Vec::try_from(vectors.matmul(&vectors.get(last))).map_err(Error::internal)?;
        for (distance, cosine) in distance.iter_mut().zip(cosine) {
            *distance = distance.min((1.0 - f64::from(cosine)).max(0.0));
        }
        let total: f64 = distance.iter().sum();
        let mut left = rng.random::<f64>() * total;
        let drawn = distance.iter().position(|d| {
            left -= d;
            left < 0.0
        });
        // All vectors are chosen already: any will do.
        chosen.push(drawn.map_or_else(|| rng.random_range(0..n), |place| place as i64));
    }
    Ok(vectors.index_select(0, &Tensor::from_slice(&chosen)))
}

/// Spherical k-means (Dhillon and Modha 2001): the sum of cosines that it reaches, and the centres. A centre without vectors stays.
fn spherical(vectors: &Tensor, mut centres: Tensor) -> (f64, Tensor) {
    let (mut cosines, mut places) = nearest(vectors, &centres);
    for _ in 0..ROUNDS {
        let (sums, numbers) = sums(vectors, &places, centres.size()[0]);
        centres = normalise(&sums).where_self(&numbers.gt(0.0), &centres);
        let (next_cosines, next) = nearest(vectors, &centres);
        let settled = next == places;
        (cosines, places) = (next_cosines, next);
        if settled {
            break;
        }
    }
    (cosines.sum(Kind::Double).double_value(&[]), centres)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::{nmi, purity};

    /// Unit vectors around `groups` orthogonal axes.
    fn groups(n: i64, groups: i64, noise: f64) -> (Tensor, Vec<u32>) {
        let tags: Vec<i64> = (0..n).map(|i| (i * 7 + i / 3) % groups).collect();
        let axes = Tensor::from_slice(&tags).one_hot(12).to_kind(Kind::Float);
        let spread = Tensor::randn([n, 12], (Kind::Float, Device::Cpu)) * noise;
        (normalise(&(axes + spread)), tags.into_iter().map(|t| t as u32).collect())
    }

    #[test]
    fn prototypes_follow_and_settle_on_the_groups() {
        tch::manual_seed(4);
        let store = VarStore::new(Device::Cpu);
        let mut clusters = Clusters::new(&store, count(5), 12, 1);
        for step in 0..40 {
            let (vectors, _) = groups(32, 5, 0.1);
            assert_eq!(clusters.are_placed(), step >= 8, "{step}");
            clusters.follow([&vectors, &vectors]).unwrap();
        }
        let (test, tags) = groups(300, 5, 0.1);
        clusters.settle([&groups(500, 5, 0.1).0, &groups(500, 5, 0.3).0]).unwrap();
        for kind in 0..2 {
            let found = clusters.assign(kind, &test).unwrap();
            assert!(nmi(&found, &tags) > 0.99, "{kind}");
            assert!(purity(&found, &tags) > 0.99);
        }
        let lengths = store.variables()["clusters.explicit"].square().sum_dim_intlist(
            &[1i64][..],
            false,
            None::<Kind>,
        );
        assert!((lengths - 1.0).abs().max().double_value(&[]) < 1e-5);
    }

    #[test]
    fn the_plane_shows_where_vectors_differ_most() {
        // Spread 10 along the third axis, 1 along the first, nothing else.
        let points =
            Tensor::from_slice(&[1f32, 0., 10., -1., 0., 10., 1., 0., -10., -1., 0., -10.])
                .view([4, 3]);
        let store = VarStore::new(Device::Cpu);
        let mut clusters = Clusters::new(&store, 2, 3, 1);
        clusters.settle([&points, &points.narrow(0, 0, 1)]).unwrap();
        let at = clusters.places(0, &points).unwrap();
        for (at, expect) in at.iter().zip([[10.0, 1.0], [10.0, -1.0], [-10.0, 1.0], [-10.0, -1.0]])
        {
            assert!((at[0] - expect[0]).abs() < 1e-4 && (at[1] - expect[1]).abs() < 1e-4, "{at:?}");
        }
        // One vector alone has no plane; it lies at its middle.
        assert_eq!(clusters.places(1, &points.narrow(0, 0, 1)).unwrap(), [[0.0, 0.0]]);
    }

    #[test]
    fn fewer_vectors_than_prototypes_do_no_harm() {
        tch::manual_seed(4);
        let store = VarStore::new(Device::Cpu);
        let mut clusters = Clusters::new(&store, 8, 12, 1);
        let (vectors, _) = groups(3, 2, 0.1);
        clusters.follow([&vectors, &vectors]).unwrap();
        assert!(!clusters.are_placed());
        clusters.settle([&vectors, &vectors]).unwrap();
        assert_eq!(clusters.assign(0, &vectors).unwrap().len(), 3);
        for tensor in store.variables().values() {
            assert_eq!(tensor.isfinite().all().int64_value(&[]), 1);
        }
    }

    #[test]
    fn a_start_of_its_own_cannot_end_below_where_it_began() {
        tch::manual_seed(5);
        let (vectors, _) = groups(200, 4, 0.4);
        let start = seeded(&vectors, 4, &mut stream(1, "test", 0)).unwrap();
        let before = nearest(&vectors, &start).0.sum(Kind::Double).double_value(&[]);
        assert!(spherical(&vectors, start).0 >= before);
    }
}
