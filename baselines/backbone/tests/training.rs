//! The training loop on a small model: resumes to the same bits, stops early, says what goes wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use backbone::train::{Learner, Loss, Pace, Plan, Step, run};
use plugin_api::{Error, Host};
use tch::nn::{Init, VarStore};
use tch::{Device, Kind, Tensor};

/// Linear regression with dropout on its input, so that each step draws random numbers.
struct Toy {
    store: VarStore,
    weight: Tensor,
    /// A buffer: it counts the steps.
    count: Tensor,
    x: Tensor,
    y: Tensor,
    lengths: Vec<usize>,
    names: Vec<String>,
    /// The step at which it breaks off.
    breaks_at: Option<usize>,
    /// The item whose loss is not a number.
    poison: Option<usize>,
    scores: Vec<f64>,
}

/// libtorch has one generator of random numbers for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Toy {
    fn new() -> Self {
        tch::set_num_threads(1);
        tch::manual_seed(1);
        let store = VarStore::new(Device::Cpu);
        let weight = store.root().var("weight", &[1, 8], Init::Const(0.0));
        let count = store.root().zeros_no_train("count", &[1]);
        let x = Tensor::randn([60, 8], (Kind::Float, Device::Cpu));
        let y = x.matmul(&Tensor::arange(8, (Kind::Float, Device::Cpu)).unsqueeze(1));
        Self {
            store,
            weight,
            count,
            x,
            y,
            lengths: (0..60).map(|i| 3 + i % 7).collect(),
            names: (0..60).map(|i| format!("item-{i}")).collect(),
            breaks_at: None,
            poison: None,
            scores: Vec::new(),
        }
    }

    fn values(&self) -> Vec<f32> {
        Vec::try_from(self.weight.flatten(0, -1)).unwrap()
    }
}

impl Learner for Toy {
    fn store(&self) -> &VarStore {
        &self.store
    }

    fn pace(&self, _name: &str) -> Pace {
        Pace::New(1.0)
    }

    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn name(&self, item: usize) -> &str {
        &self.names[item]
    }

    fn loss(&mut self, items: &[usize], step: Step) -> Result<Loss, Error> {
        if self.breaks_at == Some(step.number) {
            return Err(Error::internal("the machine stops"));
        }
        let index = Tensor::from_slice(&items.iter().map(|i| *i as i64).collect::<Vec<_>>());
        let x = self.x.index_select(0, &index).dropout(0.3, true);
        let error =
            (x.linear::<Tensor>(&self.weight, None) - self.y.index_select(0, &index)).square();
        let mut total = error.mean(None::<Kind>);
        if self.poison.is_some_and(|poison| items.contains(&poison)) {
            total *= f64::NAN;
        }
        Ok(Loss { terms: vec![("fit", total.detach())], total })
    }

    fn after_step(&mut self, _step: Step) -> Result<(), Error> {
        let _ = self.count.g_add_scalar_(1.0);
        Ok(())
    }

    fn validate(&mut self) -> Result<Option<f64>, Error> {
        Ok(self.scores.pop())
    }
}

fn plan() -> Plan {
    Plan { epochs: 5, batch: 8, learning_rate: 0.05, patience: 0, ..Plan::default() }
}

fn train(
    toy: &mut Toy,
    folder: Option<&Path>,
    key: &str,
) -> Result<backbone::train::Outcome, Error> {
    run(toy, &plan(), folder, key, &Host::silent(1, 9))
}

/// Scores of the five validations, the first on top; the third is best.
const SCORES: [f64; 5] = [0.2, 0.3, 0.9, 0.5, 0.1];

#[test]
fn an_interrupted_training_ends_with_the_same_bits() {
    let _alone = alone();
    let mut whole = Toy::new();
    whole.scores = SCORES.to_vec();
    let outcome = train(&mut whole, None, "k").unwrap();
    assert_eq!((outcome.steps, outcome.best, outcome.best_step), (40, Some(0.9), 24));

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("fit");
    // It breaks off in the fourth epoch, behind its best validation, and once more later.
    let mut first = Toy::new();
    first.scores = SCORES.to_vec();
    first.breaks_at = Some(27);
    assert!(
        train(&mut first, Some(&place), "k").unwrap_err().message.contains("the machine stops")
    );
    let mut second = Toy::new();
    second.scores = SCORES[..2].to_vec();
    second.breaks_at = Some(35);
    train(&mut second, Some(&place), "k").unwrap_err();
    let mut third = Toy::new();
    third.scores = SCORES[..1].to_vec();
    let outcome = train(&mut third, Some(&place), "k").unwrap();
    assert!(outcome.resumed);
    assert_eq!((outcome.steps, outcome.best, outcome.best_step), (40, Some(0.9), 24));
    assert_eq!(third.values(), whole.values());
    assert_eq!(
        third.count.double_value(&[0]),
        24.0,
        "buffers are those of the best validation too"
    );
    assert!(!place.exists(), "a training that is done leaves no checkpoint");
}

#[test]
fn another_trainings_checkpoint_is_not_taken_up() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut first = Toy::new();
    first.scores = SCORES.to_vec();
    first.breaks_at = Some(27);
    train(&mut first, Some(folder.path()), "k").unwrap_err();
    let mut other = Toy::new();
    other.scores = SCORES.to_vec();
    assert!(!train(&mut other, Some(folder.path()), "another").unwrap().resumed);
}

#[test]
fn a_torn_checkpoint_is_named() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut first = Toy::new();
    first.scores = SCORES.to_vec();
    first.breaks_at = Some(27);
    train(&mut first, Some(folder.path()), "k").unwrap_err();
    fs_err::write(folder.path().join("state-24.safetensors"), "torn").unwrap();
    let message = train(&mut Toy::new(), Some(folder.path()), "k").unwrap_err().message;
    assert!(message.contains("remove the folder to train again"), "{message}");
}

#[test]
fn it_stops_when_validation_grows_no_better() {
    let _alone = alone();
    let mut toy = Toy::new();
    toy.scores = SCORES.to_vec();
    let plan = Plan { patience: 1, ..plan() };
    let outcome = run(&mut toy, &plan, None, "k", &Host::silent(1, 9)).unwrap();
    // From the top: .1, .5, .9, .3: it stops at the fourth.
    assert_eq!((outcome.steps, outcome.best_step), (32, 24));
}

#[test]
fn a_loss_that_is_no_number_names_step_and_examples() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut toy = Toy::new();
    toy.poison = Some(17);
    let message = train(&mut toy, Some(folder.path()), "k").unwrap_err().message;
    assert!(
        message.contains("NaN at step") && message.contains("of 40") && message.contains("fit NaN"),
        "{message}"
    );
    assert!(
        message.contains("item-")
            && message.contains("checkpoint")
            && message.contains("learning_rate"),
        "{message}"
    );
    assert!(folder.path().join("place.json").is_file());
}

#[test]
fn wrong_settings_are_named() {
    let _alone = alone();
    let message = |plan: Plan| {
        run(&mut Toy::new(), &plan, None, "k", &Host::silent(1, 9)).unwrap_err().message
    };
    assert!(message(Plan { epochs: 0, ..plan() }).contains("`epochs`"));
    assert!(message(Plan { warm_up: 1.5, ..plan() }).contains("`warm_up`"));
    assert!(message(Plan { learning_rate: f64::NAN, ..plan() }).contains("`learning_rate`"));
    let mut toy = Toy::new();
    toy.lengths.clear();
    assert!(train(&mut toy, None, "k").unwrap_err().message.contains("no example"));
    let mut toy = Toy::new();
    toy.store.freeze();
    assert!(train(&mut toy, None, "k").unwrap_err().message.contains("no parameter is trained"));
}
