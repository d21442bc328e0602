//! The limits of each model's cells: flag > model's TOML > suite's TOML > environment > settings file > default.
//!
//! [`Origin`] orders who wins; flags, environment, file and defaults come merged as [`Resolved`]. What is decided here is in no
//! cell's key.

use crate::definition::model::Model;
use crate::definition::resources::Resources;
use crate::definition::suite::Suite;
use crate::settings::{Origin, Resolved, Sourced};

/// Where cells run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On this machine, each cell with its share of the cores.
    Here {
        /// Threads of a cell where nobody says how many.
        share: usize,
    },
    /// In the jobs of a scheduler, each with the cores that it asks for.
    Scheduler,
}

/// What settings and suite say.
#[derive(Debug, Clone)]
pub struct Options {
    place: Place,
    suite: Suite,
    timeout: Sourced<u64>,
    memory: Sourced<u64>,
    slice: Sourced<u64>,
    threads: Sourced<usize>,
}

/// What holds for the cells of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Seconds a cell may take; 0 = no limit.
    pub timeout: Sourced<u64>,
    /// MiB a cell may take; 0 = no limit.
    pub memory: Sourced<u64>,
    /// Threads of a cell.
    pub threads: Sourced<usize>,
    /// Examples that one process predicts; 0 = all of a cell's.
    pub slice: Sourced<u64>,
    /// What a cell asks of a scheduler.
    pub resources: Resources,
}

impl Options {
    /// The options of a run.
    pub fn new(resolved: &Resolved, suite: &Suite, place: Place) -> Self {
        let settings = &resolved.settings;
        let sourced = |name: &str, value: u64| Sourced::new(value, resolved.origin(name));
        Self {
            place,
            suite: suite.clone(),
            timeout: sourced("timeout", settings.timeout),
            memory: sourced("memory", settings.memory),
            slice: sourced("slice", settings.slice),
            threads: Sourced::new(settings.threads, resolved.origin("threads")),
        }
    }

    /// What holds for a model.
    pub fn of(&self, model: &Model) -> Limits {
        let asked = &self.suite.resources;
        let threads = match self.place {
            Place::Here { share } => self.threads_or(share),
            Place::Scheduler => {
                let cores = |resources: &Resources| resources.cores.map(|cores| cores as usize);
                self.over(&self.threads_or(1), cores(asked), cores(&model.resources), model)
            }
        };
        let limits = Limits {
            timeout: self.over(&self.timeout, self.suite.timeout, model.timeout, model),
            memory: self.over(&self.memory, self.suite.memory, model.memory, model),
            threads,
            slice: self.over(&self.slice, asked.slice, model.resources.slice, model),
            resources: model.resources.over(asked),
        };
        match self.place {
            Place::Here { .. } => limits,
            Place::Scheduler => self.in_a_job(limits, model),
        }
    }

    /// The limits of a cell whose job asks for resources: a setting, which does not know of the job, does not cut short what was
    /// asked for.
    fn in_a_job(&self, mut limits: Limits, model: &Model) -> Limits {
        let asker = |by_model: bool| {
            if by_model {
                Origin::Model(model.name.clone())
            } else {
                Origin::Suite(self.suite.name.clone())
            }
        };
        let Limits { timeout, memory, threads, resources, .. } = &mut limits;
        if threads.origin != Origin::Default {
            resources.cores = u32::try_from(threads.value).ok();
        }
        if let Some(seconds) = resources.time.map(|minutes| minutes.saturating_mul(60))
            && timeout.origin.is_setting()
            && (1..seconds).contains(&timeout.value)
        {
            *timeout = Sourced::new(seconds, asker(model.resources.time.is_some()));
        }
        // Rather our reason than the scheduler's: the cell is ended before the whole job is.
        if let Some(mib) = resources.memory.filter(|_| memory.value == 0)
            && memory.origin.is_setting()
        {
            *memory = Sourced::new(mib, asker(model.resources.memory.is_some()));
        }
        limits
    }

    /// A setting, unless the suite, the model or a flag says otherwise.
    fn over<T: Clone>(
        &self,
        setting: &Sourced<T>,
        of_suite: Option<T>,
        of_model: Option<T>,
        model: &Model,
    ) -> Sourced<T> {
        setting.clone().unless([
            of_suite.map(|value| Sourced::new(value, Origin::Suite(self.suite.name.clone()))),
            of_model.map(|value| Sourced::new(value, Origin::Model(model.name.clone()))),
        ])
    }

    /// The setting of threads; so many where it leaves them open.
    fn threads_or(&self, open: usize) -> Sourced<usize> {
        match self.threads.value {
            0 => Sourced::new(open, Origin::Default),
            _ => self.threads.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;
    use crate::settings;

    const SUITE: &str = "name = 's'\ntitle = 's'\nmodels = []\nbenchmarks = []\nseeds = [1]\n";
    const MODEL: &str = "name = 'm'\ntitle = 'm'\nplugin = 'p'\ndescription = ''\nlicence = ''\n";

    /// What holds where these layers speak: `file` is `culture-eval.toml`, `flags` what was typed; all as TOML.
    fn limits(place: Place, [file, env, suite, model, flags]: [&str; 5]) -> Limits {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(settings::FILE), file).unwrap();
        let env: Table = env.parse().unwrap();
        let env = env.into_iter().map(|(key, value)| {
            (format!("{}{}", settings::ENV_PREFIX, key.to_uppercase()), value.to_string())
        });
        let resolved = settings::resolve(folder.path(), env, flags.parse().unwrap()).unwrap();
        let suite: Suite = toml::from_str(&format!("{SUITE}{suite}")).unwrap();
        let model: Model = toml::from_str(&format!("{MODEL}{model}")).unwrap();
        Options::new(&resolved, &suite, place).of(&model)
    }

    const HERE: Place = Place::Here { share: 2 };

    /// Each layer says another value; what all up to one say is what that one says.
    #[test]
    fn every_limit_goes_by_the_same_order() {
        let check = |name: &str, of: fn(Limits) -> Sourced<u64>, default: u64, inside: &str| {
            let typed = |value: u64| format!("{name} = {value}");
            let of_toml = |value: u64| format!("{inside} = {value}");
            let said = [typed(11), typed(12), of_toml(13), of_toml(14), typed(15)];
            for last in 0..=5 {
                let mut layers = [""; 5];
                for (layer, text) in layers.iter_mut().zip(&said).take(last) {
                    *layer = text;
                }
                let Sourced { value, origin } = of(limits(HERE, layers));
                let expect = if last == 0 { default } else { 10 + last as u64 };
                assert_eq!(value, expect, "{name}: {layers:?}");
                let shown = origin.to_string();
                match last {
                    0 => assert_eq!(shown, "default"),
                    1 => assert!(shown.ends_with(settings::FILE), "{shown}"),
                    2 => assert_eq!(shown, format!("CULTURE_EVAL_{}", name.to_uppercase())),
                    3 => assert_eq!(shown, "suite s"),
                    4 => assert_eq!(shown, "model m"),
                    _ => assert_eq!(shown, format!("--{name}")),
                }
            }
        };
        check("timeout", |limits| limits.timeout, 14400, "timeout");
        check("memory", |limits| limits.memory, 0, "memory");
        check("slice", |limits| limits.slice, 0, "resources.slice");
    }

    #[test]
    fn a_flag_may_lift_what_a_model_sets() {
        let got = limits(
            HERE,
            ["", "", "", "timeout = 5\nresources.slice = 3", "timeout = 0\nslice = 0"],
        );
        assert_eq!((got.timeout.value, got.slice.value), (0, 0));
    }

    #[test]
    fn threads_are_a_share_here_and_the_cores_of_a_job() {
        let threads = |place, layers| {
            let got = limits(place, layers);
            (got.threads.to_string(), got.resources.cores)
        };
        let model = "resources.cores = 8";
        assert_eq!(threads(HERE, [""; 5]).0, "2");
        assert_eq!(
            threads(HERE, ["", "", "", model, ""]).0,
            "2",
            "a scheduler is asked, not this machine"
        );
        assert_eq!(threads(HERE, ["", "threads = 3", "", "", ""]).0, "3 (CULTURE_EVAL_THREADS)");
        let job = Place::Scheduler;
        assert_eq!(threads(job, [""; 5]), ("1".to_owned(), None));
        assert_eq!(threads(job, ["", "threads = 3", "", "", ""]).1, Some(3));
        assert_eq!(
            threads(job, ["", "threads = 3", "", model, ""]),
            ("8 (model m)".to_owned(), Some(8))
        );
        assert_eq!(
            threads(job, ["", "", "", model, "threads = 4"]),
            ("4 (--threads)".to_owned(), Some(4))
        );
    }

    #[test]
    fn a_setting_does_not_cut_a_job_short_and_a_limit_does() {
        let timeout = |layers| limits(Place::Scheduler, layers).timeout.to_string();
        let asked = "resources.time = 600";
        assert_eq!(timeout(["", "", asked, "", ""]), "36000 (suite s)");
        assert_eq!(timeout(["timeout = 50", "", asked, "", ""]), "36000 (suite s)");
        assert_eq!(timeout(["timeout = 0", "", asked, "", ""]).split(' ').next(), Some("0"));
        assert_eq!(timeout(["", "", "resources.time = 1", "", ""]), "14400");
        assert_eq!(timeout(["", "", asked, "timeout = 60", ""]), "60 (model m)");
        assert_eq!(timeout(["", "", asked, "", "timeout = 60"]), "60 (--timeout)");
        let memory = |layers| limits(Place::Scheduler, layers).memory.to_string();
        assert_eq!(memory(["", "", "", "resources.memory = 300", ""]), "300 (model m)");
        assert_eq!(memory(["", "", "", "resources.memory = 300", "memory = 0"]), "0 (--memory)");
        assert_eq!(memory(["", "", "memory = 200", "resources.memory = 300", ""]), "200 (suite s)");
    }
}
