//! Both sides of the boundary in one process, so that Miri sees every pointer that crosses it (`just test-miri`).

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use plugin_api::abi::CePlugin;
use plugin_api::{
    Batch, Capability as Can, Dataset, Error, Generation, Host as Theirs, Loglikelihood, Matrix,
    Part, Plugin, Replies, Scores, Task, trampoline,
};

use super::{Columns, Host, Library, Listener, TaskInfo};
use crate::prompts::Reply;
use crate::store::record::ReasonKind;

/// Does whatever its configuration says, with threads of its own that talk to the host.
struct Whole {
    config: String,
    labels: usize,
    seen: usize,
    passes: usize,
    host_said: usize,
}

impl Whole {
    fn trouble(&self, batch: &Batch<'_>) -> Result<(), Error> {
        match self.config.as_str() {
            "panic" => panic!("a {} of {}", "panic", batch.ids.len()),
            "error" => Err(Error::input(1, "\u{e9}".repeat(9000))),
            _ => Ok(()),
        }
    }
}

impl Plugin for Whole {
    const NAME: &'static str = "whole";
    const CAPABILITIES: &'static [Can] = &[
        Can::Fit,
        Can::FitPieces,
        Can::Classify,
        Can::Embed,
        Can::Loglikelihood,
        Can::Generate,
        Can::Save,
        Can::Explain,
    ];

    fn create(config: &str, task: &Task, host: &Theirs) -> Result<Self, Error> {
        if config == "refused" {
            return Err(Error::config("the config is refused"));
        }
        host.metric("created", 1, 0.5);
        Ok(Self {
            config: config.to_owned(),
            labels: task.labels.len(),
            seen: 0,
            passes: 0,
            host_said: 0,
        })
    }

    fn fit_piece(&mut self, _: Part, piece: &Dataset<'_>, host: &Theirs) -> Result<(), Error> {
        self.trouble(&piece.examples)?;
        self.seen += piece.labels.iter().map(|label| *label as usize + 1).sum::<usize>();
        host.progress(self.seen, 10);
        Ok(())
    }

    fn fit_end(&mut self, host: &Theirs) -> Result<bool, Error> {
        self.passes += 1;
        std::thread::scope(|scope| {
            for n in 0..2 {
                scope.spawn(move || host.log(format_args!("thread {n} in pass \u{1f680}")));
            }
        });
        Ok(self.passes < 2)
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        host: &Theirs,
    ) -> Result<(), Error> {
        self.trouble(batch)?;
        if host.is_cancelled() {
            return Err(Error::cancelled());
        }
        for (row, text) in batch.texts.iter().enumerate() {
            scores.row(row).fill(text.len() as f32 + batch.cultures[row] as f32);
        }
        self.host_said += self.labels;
        Ok(())
    }

    fn dimension(&self) -> usize {
        3
    }

    fn embed(&mut self, batch: &Batch<'_>, out: &mut Matrix<'_>, _: &Theirs) -> Result<(), Error> {
        for (row, id) in batch.ids.iter().enumerate() {
            out.row(row).copy_from_slice(&[id.len() as f32, 1.0, -1.0]);
        }
        Ok(())
    }

    fn loglikelihood(
        &mut self,
        contexts: &[&str],
        continuations: &[&str],
        _: &Theirs,
    ) -> Result<Vec<Loglikelihood>, Error> {
        let pairs = contexts.iter().zip(continuations);
        Ok(pairs
            .map(|(a, b)| Loglikelihood {
                sum: -(a.len() as f64),
                tokens: b.len() as u64,
                greedy: a.is_empty(),
            })
            .collect())
    }

    fn generate(
        &mut self,
        prompts: &[&str],
        how: &Generation,
        replies: &mut Replies<'_>,
        _: &Theirs,
    ) -> Result<(), Error> {
        for (i, prompt) in prompts.iter().enumerate().rev() {
            let text = format!("{prompt}{}", how.max_tokens);
            replies.tell(
                i,
                match *prompt {
                    "long" => plugin_api::Reply::Cut(&text),
                    "refused" => plugin_api::Reply::Missing("the server refuses it"),
                    _ => plugin_api::Reply::Text(&text),
                },
            );
        }
        if self.config == "beyond" {
            replies.put(prompts.len() + 7, "nobody asked");
        }
        Ok(())
    }

    fn explain(
        &mut self,
        batch: &Batch<'_>,
        explanations: &mut Replies<'_>,
        _: &Theirs,
    ) -> Result<(), Error> {
        batch.ids.iter().enumerate().for_each(|(i, id)| explanations.put(i, id));
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        Err(Error::load(format!("{} is full", folder.display())))
    }

    fn load(&mut self, _: &Path) -> Result<(), Error> {
        self.seen = 100;
        Ok(())
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        assert!(self.config != "panic in drop", "nobody hears this");
    }
}

static TABLE: CePlugin = trampoline::table::<Whole>("1", "test");

/// A library from a table in this process.
fn library(table: &CePlugin) -> Result<Library, super::PluginError> {
    #[expect(unsafe_code, reason = "the boundary itself")]
    // SAFETY: a table of the ABI, which is copied; its texts and functions are static.
    unsafe {
        Library::of(table, PathBuf::from("whole"), String::new())
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Listener for Heard {
    fn log(&self, message: &str) {
        self.0.lock().unwrap().push(format!("log {message}"));
    }
    fn progress(&self, done: u64, total: u64) {
        self.0.lock().unwrap().push(format!("progress {done}/{total}"));
    }
    fn metric(&self, name: &str, step: u64, value: f64) {
        self.0.lock().unwrap().push(format!("metric {name} {step} {value}"));
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

fn task() -> TaskInfo {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    TaskInfo {
        name: "t".to_owned(),
        protocol: "p".to_owned(),
        labels: own(&["yes", "no"]),
        cultures: own(&["", "\u{65e5}\u{672c}"]),
    }
}

const ROWS: Columns<'static> = Columns {
    ids: &["a", "bb"],
    names: &["a", "bb"],
    texts: &["", "caf\u{e9}"],
    cultures: &[0, 1],
};
const NONE: Columns<'static> = Columns { ids: &[], names: &[], texts: &[], cultures: &[] };

#[test]
fn every_call_crosses_the_boundary() {
    let (library, heard) = (library(&TABLE).unwrap(), Heard::default());
    let mut model = library.create("plain", &task(), Host::new(2, 7, &heard)).unwrap();
    model.fit((ROWS, &[0, 1]), (NONE, &[])).unwrap();
    let mut scores = Vec::new();
    assert_eq!(model.classify(ROWS, &mut scores).unwrap(), [true, true]);
    assert_eq!(scores, [0.0, 0.0, 6.0, 6.0]);
    assert!(model.classify(NONE, &mut scores).unwrap().is_empty() && scores.is_empty());
    let mut vectors = Vec::new();
    model.embed(ROWS, &mut vectors).unwrap();
    assert_eq!(vectors, [1.0, 1.0, -1.0, 2.0, 1.0, -1.0]);
    let found = model.loglikelihood(&["", "x"], &["one", "two"]).unwrap();
    assert_eq!((found[0].sum, found[0].greedy, found[1].tokens), (0.0, true, 3));
    let expect = [
        Reply::Text("p5".to_owned()),
        Reply::Cut("long5".to_owned()),
        Reply::Missing("the server refuses it".to_owned()),
    ];
    assert_eq!(model.generate(&["p", "long", "refused"], 5).unwrap(), expect);
    assert_eq!(model.explain(ROWS).unwrap(), ["a", "bb"]);
    let full = model.save(Path::new("there")).unwrap_err().to_string();
    assert!(full.contains("there is full"), "{full}");
    model.load(Path::new("there")).unwrap();
    drop(model);
    let heard = heard.0.into_inner().unwrap();
    assert_eq!(heard[0], "metric created 1 0.5");
    assert_eq!(heard.iter().filter(|line| line.contains("\u{1f680}")).count(), 4, "{heard:?}");
    assert!(heard.contains(&"progress 3/10".to_owned()), "{heard:?}");
}

#[test]
fn errors_and_panics_stop_at_the_boundary() {
    let (library, heard) = (library(&TABLE).unwrap(), Heard::default());
    let make = |config: &str| library.create(config, &task(), Host::new(1, 1, &heard));
    let kind = |error: super::PluginError| match error {
        super::PluginError::Call { kind, message, example, .. } => (kind, message, example),
        other => panic!("{other}"),
    };
    let refused = kind(make("refused").err().unwrap());
    assert_eq!((refused.0, &*refused.1), (ReasonKind::Config, "the config is refused"));
    let (how, message, _) =
        kind(make("panic").unwrap().classify(ROWS, &mut Vec::new()).unwrap_err());
    assert_eq!(how, ReasonKind::Panic);
    assert!(message.contains("a panic of 2") && message.contains("tests.rs"), "{message}");
    let mut model = make("error").unwrap();
    for _ in 0..2 {
        let (_, message, example) = kind(model.classify(ROWS, &mut Vec::new()).unwrap_err());
        assert_eq!(example.as_deref(), Some("bb"));
        assert!(message.len() <= 8192 && message.chars().all(|c| c == '\u{e9}'), "{message}");
    }
    drop(make("panic in drop").unwrap());
    assert_eq!(
        make("beyond").unwrap().generate(&["p"], 1).unwrap(),
        [Reply::Text("p1".to_owned())]
    );
}

#[test]
fn tables_that_lie_are_refused() {
    let bad = |change: fn(&mut CePlugin)| {
        let mut table = trampoline::table::<Whole>("1", "test");
        change(&mut table);
        library(&table).unwrap_err().to_string()
    };
    assert!(bad(|t| t.abi_major = 9).contains("9."));
    assert!(bad(|t| t.struct_size = 8).contains("8 bytes"));
    assert!(bad(|t| t.classify = None).contains("`classify` is missing"));
    assert!(bad(|t| t.fit_end = None).contains("fit_end"));
    #[expect(unsafe_code, reason = "the boundary itself")]
    // SAFETY: null is allowed.
    let none = unsafe { Library::of(std::ptr::null(), PathBuf::new(), String::new()) };
    assert!(none.unwrap_err().to_string().contains("null"));
}
