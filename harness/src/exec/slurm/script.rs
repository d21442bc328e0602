//! The script of an array job: what is asked for on top, one cell a task below.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::definition::resources::Resources;
use crate::exec::jobs::quoted;

/// What the script of a job uses.
#[derive(Debug, Clone)]
pub(super) struct Script<'a> {
    /// Name of the job.
    pub(super) name: &'a str,
    /// Tasks of the array.
    pub(super) tasks: usize,
    /// Tasks that may run at once; 0 = all.
    pub(super) at_once: usize,
    /// What each asks for.
    pub(super) resources: &'a Resources,
    /// It may not begin earlier than in so long.
    pub(super) after: Duration,
    /// The list of cells.
    pub(super) cells: &'a Path,
    /// The command that runs one cell, whose folder is its last argument.
    pub(super) command: &'a [String],
}

/// The options of `sbatch`, in order.
fn options(script: &Script<'_>) -> Vec<String> {
    let resources = script.resources;
    let limit = if script.at_once > 0 { format!("%{}", script.at_once) } else { String::new() };
    let mut options = vec![
        format!("--job-name={}", script.name),
        format!("--array=0-{}{limit}", script.tasks.saturating_sub(1)),
        "--nodes=1".to_owned(),
        "--ntasks=1".to_owned(),
        format!("--cpus-per-task={}", resources.cores.unwrap_or(1)),
        // A task whose node dies goes back into the queue by itself, whether anybody waits for it or not.
        "--requeue".to_owned(),
        "--open-mode=append".to_owned(),
    ];
    let mut add = |name: &str, value: Option<String>| {
        options.extend(value.map(|value| format!("--{name}={value}")));
    };
    add("mem", resources.memory.map(|mib| format!("{mib}M")));
    add("gres", resources.gpus.map(|n| format!("gpu:{n}")));
    add("time", resources.time.map(|minutes| minutes.to_string()));
    add("partition", resources.partition.clone());
    add("account", resources.account.clone());
    add("constraint", resources.constraint.as_ref().map(|c| format!("\"{c}\"")));
    let seconds = script.after.as_secs();
    add("begin", (seconds > 0).then(|| format!("now+{seconds}")));
    options.extend(resources.sbatch.iter().cloned());
    options
}

/// The whole script.
pub(super) fn text(script: &Script<'_>) -> String {
    let mut text = "#!/bin/bash\n".to_owned();
    for option in options(script) {
        let _ = writeln!(text, "#SBATCH {option}");
    }
    let command: Vec<String> = script.command.iter().map(|word| quoted(word)).collect();
    let _ = write!(
        text,
        "# Written by culture-eval. Each task of the array runs the cell of its line.\n\
         cell=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" {})\n\
         exec {} --job \"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\" \"$cell\"\n",
        quoted(&script.cells.to_string_lossy()),
        command.join(" "),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script<'a>(resources: &'a Resources, command: &'a [String]) -> Script<'a> {
        Script {
            name: "ce-mine-0001",
            tasks: 3,
            at_once: 0,
            resources,
            after: Duration::ZERO,
            cells: Path::new("/shared/my runs/mine/jobs/0001/cells"),
            command,
        }
    }

    #[test]
    fn a_script_says_what_is_asked_and_runs_its_line() {
        let resources = toml::from_str(
            "cores = 4\nmemory = 16000\ngpus = 1\ntime = 90\npartition = \"gpu\"\naccount = \"lab\"\n\
             constraint = \"a100|h100\"\nsbatch = [\"--qos=long\"]",
        )
        .unwrap();
        let command = ["/opt/culture-eval", "--offline", "cell", "--guard"].map(str::to_owned);
        let one =
            Script { after: Duration::from_mins(1), at_once: 2, ..script(&resources, &command) };
        insta::assert_snapshot!(text(&one), @r#"
        #!/bin/bash
        #SBATCH --job-name=ce-mine-0001
        #SBATCH --array=0-2%2
        #SBATCH --nodes=1
        #SBATCH --ntasks=1
        #SBATCH --cpus-per-task=4
        #SBATCH --requeue
        #SBATCH --open-mode=append
        #SBATCH --mem=16000M
        #SBATCH --gres=gpu:1
        #SBATCH --time=90
        #SBATCH --partition=gpu
        #SBATCH --account=lab
        #SBATCH --constraint="a100|h100"
        #SBATCH --begin=now+60
        #SBATCH --qos=long
        # Written by culture-eval. Each task of the array runs the cell of its line.
        cell=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" '/shared/my runs/mine/jobs/0001/cells')
        exec /opt/culture-eval --offline cell --guard --job "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}" "$cell"
        "#);
        let nothing = Resources::default();
        let options = options(&script(&nothing, &command));
        assert_eq!(options.len(), 7, "nothing but its own: {options:?}");
    }

    /// A shell runs it, with the variables that Slurm sets.
    #[test]
    fn each_task_gets_its_cell() {
        let place = tempfile::tempdir().unwrap();
        let cells = place.path().join("it's cells");
        fs_err::write(&cells, "/runs/a b\n/runs/c\n").unwrap();
        let command = ["printf".to_owned(), "%s|".to_owned()];
        let resources = Resources::default();
        let text = text(&Script { cells: &cells, ..script(&resources, &command) });
        for (index, expect) in [("0", "--job|7_0|/runs/a b|"), ("1", "--job|7_1|/runs/c|")] {
            let output = std::process::Command::new("bash")
                .args(["-c", &text])
                .env("SLURM_ARRAY_JOB_ID", "7")
                .env("SLURM_ARRAY_TASK_ID", index)
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expect);
        }
    }
}
