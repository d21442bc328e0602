//! The checks, one function each.

use std::time::{Duration, Instant};

use plugin_api::Part;

use super::super::PluginError;
use super::invented::{Ear, Examples, ask, ask_in, created, difference, fit, ready};
use super::subject::{Checked, Not, Run, Seen};
use crate::process;

/// By name, in order.
pub(super) const CHECKS: &[(&str, Run)] = &[
    ("abi", abi),
    ("create", create),
    ("answers", answers),
    ("empty batch", empty_batch),
    ("odd text", odd_text),
    ("determinism", determinism),
    ("batch invariance", batch_invariance),
    ("huge batch", huge_batch),
    ("pieces", pieces),
    ("two handles", two_handles),
    ("save and load", save_and_load),
    ("cancel", cancel),
    ("leak", leak),
];

fn abi(checked: &Checked) -> Seen {
    let library = &checked.library;
    if library.name().is_empty() || library.version().is_empty() {
        return Err(Not::Passed("name or version is empty".to_owned()));
    }
    let mut can: Vec<String> =
        checked.capabilities().iter().map(|c| format!("{c:?}").to_lowercase()).collect();
    if can.is_empty() {
        return Err(Not::Passed(
            "it can neither classify, embed, loglikelihood nor generate".to_owned(),
        ));
    }
    can.splice(0..0, checked.fits().then(|| "fit".to_owned()));
    can.extend(checked.saves().then(|| "save".to_owned()));
    Ok(format!("{} {}: {}", library.name(), library.version(), can.join(", ")))
}

fn create(checked: &Checked) -> Seen {
    let ear = Ear::new();
    ready(checked, &ear)?;
    Ok(if checked.fits() { "created and fitted" } else { "created" }.to_owned())
}

/// Counts and numbers are checked by the instance itself.
fn answers(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    let said = ask_in(checked, &mut model, &Examples::invented(32), 32)?;
    Ok(format!("{} examples, one finite answer each", said.len()))
}

fn empty_batch(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    Examples::of([]).columns(0..0, |columns| ask(checked, &mut model, columns))?;
    Ok("nothing in, nothing out".to_owned())
}

fn odd_text(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    let odd = Examples::of([
        String::new(),
        " \t\r\n ".to_owned(),
        "a\0b".to_owned(),
        "\u{feff}\u{202e}e\u{301} \u{1f469}\u{200d}\u{1f680}".to_owned(),
        "ဖြစ်ပါတယ် ภาษาไทย 中文 العربية".to_owned(),
        "word ".repeat(20_000),
        "x".repeat(100_000),
    ]);
    ask_in(checked, &mut model, &odd, 7)?;
    Ok("empty, blank, NUL, emoji, scripts without blanks, 100,000 bytes".to_owned())
}

fn determinism(checked: &Checked) -> Seen {
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut first = ready(checked, &ear)?;
    let said = ask_in(checked, &mut first, &examples, 8)?;
    let again = ask_in(checked, &mut first, &examples, 8)?;
    if let Some(found) = difference(&said, &again, 0.0) {
        return Err(Not::Passed(format!(
            "queried twice, {found}; derive all randomness from the seed and the id"
        )));
    }
    drop(first);
    let mut second = ready(checked, &ear)?;
    let anew = ask_in(checked, &mut second, &examples, 8)?;
    difference(&said, &anew, 0.0).map_or_else(
        || Ok("the same twice, and when created again".to_owned()),
        |found| Err(Not::Passed(format!("created again with the same seed, {found}"))),
    )
}

fn batch_invariance(checked: &Checked) -> Seen {
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut model = ready(checked, &ear)?;
    let whole = ask_in(checked, &mut model, &examples, 32)?;
    for batch in [1, 8] {
        let parts = ask_in(checked, &mut model, &examples, batch)?;
        // Sums in another order may differ in the last digits; answers may not.
        if let Some(found) = difference(&whole, &parts, 1e-4) {
            return Err(Not::Passed(format!(
                "in batches of 32 and {batch}, {found}; an answer depends on its example alone"
            )));
        }
    }
    Ok("the same in batches of 1, 8 and 32".to_owned())
}

fn huge_batch(checked: &Checked) -> Seen {
    let (ear, count) = (Ear::new(), 10_000);
    let mut model = ready(checked, &ear)?;
    let start = Instant::now();
    ask_in(checked, &mut model, &Examples::invented(count), count)?;
    Ok(format!(
        "{count} examples, {:.1} us each",
        start.elapsed().as_secs_f64() * 1e6 / count as f64
    ))
}

fn two_handles(checked: &Checked) -> Seen {
    let (ear, examples) = (Ear::new(), Examples::invented(8));
    let mut first = ready(checked, &ear)?;
    let alone = ask_in(checked, &mut first, &examples, 8)?;
    let mut second = ready(checked, &ear)?;
    let other = ask_in(checked, &mut second, &examples, 8)?;
    let beside = ask_in(checked, &mut first, &examples, 8)?;
    drop(second);
    let after = ask_in(checked, &mut first, &examples, 8)?;
    for (said, when) in [
        (other, "of a second handle"),
        (beside, "beside a second handle"),
        (after, "after its end"),
    ] {
        if let Some(found) = difference(&alone, &said, 0.0) {
            return Err(Not::Passed(format!(
                "alone and {when}, {found}; keep no state outside the model"
            )));
        }
    }
    Ok("they do not disturb each other".to_owned())
}

/// What is learnt must not depend on how the examples are cut.
fn pieces(checked: &Checked) -> Seen {
    if !(checked.fits() && checked.library.fits_in_pieces()) {
        return Err(Not::Applicable("it is not fitted in pieces".to_owned()));
    }
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut whole = ready(checked, &ear)?;
    let mut cut = created(checked, &ear)?;
    let labels = checked.settings.labels.len();
    let mut passes = 1;
    loop {
        for (part, n) in [(Part::Train, 60), (Part::Valid, 20)] {
            let rows = Examples::invented(n);
            for start in (0..n).step_by(7) {
                let piece = start..(start + 7).min(n);
                let own: Vec<u32> = piece.clone().map(|i| (i % labels) as u32).collect();
                rows.columns(piece, |columns| cut.fit_piece(part, columns, &own))?;
            }
        }
        if !cut.fit_end()? {
            break;
        }
        passes += 1;
        if passes > 1_000 {
            return Err(Not::Passed("it asks for another pass for ever".to_owned()));
        }
    }
    let said = ask_in(checked, &mut whole, &examples, 32)?;
    let after = ask_in(checked, &mut cut, &examples, 32)?;
    difference(&said, &after, 0.0).map_or_else(
        || Ok(format!("the same model from pieces of 7 as from one, {passes} passes")),
        |found| Err(Not::Passed(format!("fitted with one piece and with pieces of 7, {found}"))),
    )
}

fn save_and_load(checked: &Checked) -> Seen {
    if !checked.saves() {
        return Err(Not::Applicable("it cannot save".to_owned()));
    }
    let folder =
        tempfile::tempdir().map_err(|e| Not::Applicable(format!("no temporary folder: {e}")))?;
    let (ear, examples) = (Ear::new(), Examples::invented(32));
    let mut first = ready(checked, &ear)?;
    let said = ask_in(checked, &mut first, &examples, 32)?;
    first.save(folder.path())?;
    drop(first);
    let mut second = created(checked, &ear)?;
    second.load(folder.path())?;
    let loaded = ask_in(checked, &mut second, &examples, 32)?;
    difference(&said, &loaded, 0.0).map_or_else(
        || Ok("a loaded model answers as the saved one".to_owned()),
        |found| Err(Not::Passed(format!("fitted and loaded, {found}"))),
    )
}

fn cancel(checked: &Checked) -> Seen {
    let ear = Ear::new();
    let mut model = ready(checked, &ear)?;
    ear.cancel();
    let examples = Examples::invented(2_000);
    let mut slowest = Duration::ZERO;
    let mut stopped = false;
    let mut timed = |run: &mut dyn FnMut() -> Result<(), PluginError>| -> Result<(), Not> {
        let start = Instant::now();
        let ended = run();
        slowest = slowest.max(start.elapsed());
        match ended {
            Ok(()) => Ok(()),
            Err(error) if error.to_string().contains("cancelled") => {
                stopped = true;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    };
    // A model whose fit was given up need not answer: it is asked before.
    timed(&mut || ask_in(checked, &mut model, &examples, 2_000).map(drop))?;
    if checked.fits() {
        timed(&mut || fit(&mut model, &checked.settings))?;
    }
    if slowest > checked.settings.patience {
        let found = format!("came back {:.1} s after it was cancelled", slowest.as_secs_f64());
        return Err(Not::Passed(format!(
            "{found}; ask `host.is_cancelled()` every few milliseconds of work"
        )));
    }
    Ok(if stopped { "stopped when asked" } else { "finished before it mattered" }.to_owned())
}

fn leak(checked: &Checked) -> Seen {
    /// Allocators keep a little; a leak of a few KiB a call is far more.
    const SLACK_MIB: u64 = 16;
    // Programs that the plugin has started count too.
    let resident = || process::resident_mib(std::process::id());
    if resident() == 0 {
        return Err(Not::Applicable("this system does not report its memory in /proc".to_owned()));
    }
    let (ear, examples) = (Ear::new(), Examples::invented(8));
    let mut model = ready(checked, &ear)?;
    for _ in 0..checked.settings.calls / 10 {
        ask_in(checked, &mut model, &examples, 8)?;
    }
    let before = resident();
    for _ in 0..checked.settings.calls {
        ask_in(checked, &mut model, &examples, 8)?;
    }
    let grown = resident().saturating_sub(before);
    if grown > SLACK_MIB {
        return Err(Not::Passed(format!(
            "{} calls left {grown} MiB behind",
            checked.settings.calls
        )));
    }
    Ok(format!("{} calls left less than {SLACK_MIB} MiB behind", checked.settings.calls))
}
