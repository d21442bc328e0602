//! Keys planted wherever they may enter: none comes out on a screen, in a file or in an error.

use std::process::Command;

use fs_err as fs;

use super::program::{Place, Ran, files_below};

/// One for each way in, so that a leak shows its way.
const KEYS: [(&str, &str); 6] = [
    ("MY_KEY", "sk-planted-model-key-0001"),
    ("OPENAI_API_KEY", "sk-planted-openai-key-0002"),
    ("HF_TOKEN", "hf_plantedhubtoken0003"),
    ("GITHUB_TOKEN", "ghp_plantedgithubtoken0004"),
    ("HTTPS_PROXY", "http://user:planted-proxy-password-0005@127.0.0.1:9"),
    ("CULTURE_EVAL_MIRROR", "http://user:planted-mirror-password-0006@127.0.0.1:9/data"),
];

/// What must not be seen of a key: of an address its password.
fn secret(value: &str) -> &str {
    value.split_once("user:").map_or(value, |(_, rest)| rest.split('@').next().unwrap())
}

#[track_caller]
fn keeps_them(what: &str, text: &[u8]) {
    for (name, value) in KEYS {
        let secret = secret(value).as_bytes();
        let found = text.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "{what} shows {name}:\n{}", String::from_utf8_lossy(text));
    }
}

/// The program with all keys in its environment, and the network allowed.
fn command(place: &Place, args: &[&str]) -> Command {
    let plain = place.command(args);
    let mut command = Command::new(plain.get_program());
    command.args(plain.get_args().filter(|arg| *arg != "--offline"));
    command.current_dir(plain.get_current_dir().unwrap()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.envs(KEYS);
    command
}

#[test]
fn no_key_comes_out() {
    let place = Place::new();
    let config = "model = \"fake\"\nbase_url = \"http://127.0.0.1:9/v1\"\nkey_env = \"MY_KEY\"\nretries = 0\nbackoff = 0.001";
    place.model("remote", "openai-api", "capabilities = [\"generate\"]", config);
    place.model("printer", "liar", "", "lie = \"print\"");
    place.model("crash", "liar", "", "lie = \"panic-fit\"");
    place.write("defs/models/env.sh", "env >&2; exit 1\n");
    let top = "capabilities = [\"classify\"]\nfiles = { program = \"env.sh\" }\naccess = {}";
    place.model("env", "command", top, "command = [\"sh\", \"{program}\"]");
    let models = "remote,printer,crash,env,majority";
    let run = ["run", "--models", models, "--benchmarks", "crehate", "--limit", "6"];
    let commands: [&[&str]; 12] = [
        &["doctor"],
        &["--json", "doctor"],
        &["config"],
        &["--json", "config"],
        &["fetch", "crehate"],
        &[&run[..], &["--data", "sample"]].concat(),
        &[&run[..], &["--data", "official", "--name", "official"]].concat(),
        &["--json", "report", "default"],
        &["status", "default"],
        &["verify", "default"],
        &["show", "remote"],
        &[
            "run",
            "--mirror",
            "ftp://user:planted-mirror-password-0006@127.0.0.1/x",
            "--name",
            "ftp",
            "--benchmarks",
            "crehate",
        ],
    ];
    for args in commands {
        let ran = Ran::of(&mut command(&place, args));
        keeps_them(&args.join(" "), ran.out.as_bytes());
        if args.iter().all(|arg| !arg.contains("planted")) {
            keeps_them(&args.join(" "), ran.err.as_bytes());
        }
    }
    let files = files_below(&place.path(""));
    assert!(files.len() > 20, "the runs left files behind: {}", files.len());
    for file in files {
        keeps_them(&file.display().to_string(), &fs::read(place.path("").join(&file)).unwrap());
    }
    // The program did print its environment: it had none of the keys.
    let said = fs::read_to_string(place.cell("default", "env.crehate.").join("log.txt")).unwrap();
    assert!(said.contains("PATH="), "{said}");
}
