# The table of contents: `just` lists the recipes. Without `just`: `scripts/just <recipe>`.
set positional-arguments := true

culture_eval := "target/release/culture-eval"
# Many tests wait (for time limits, servers, processes): three at a time for each core keep it busy.
export RUST_TEST_THREADS := env("RUST_TEST_THREADS", shell("echo $((3 * $(nproc 2>/dev/null || echo 2)))"))
# Before `just setup` has installed libtorch, what uses it is left out.
left_out := if path_exists(justfile_directory() / ".libtorch") == "true" { "" } else { "--exclude backbone --exclude calm-dose --exclude calm-plugin --exclude encoder" }

# List the recipes
default:
    @'{{just_executable()}}' --justfile '{{justfile()}}' --list --unsorted

# Install libtorch (once), build the program and all plugins
setup: libtorch
    cargo build --release --workspace

# Build the program and its plugins; without `setup` those that need no libtorch
build:
    cargo build --release --workspace {{left_out}}

# Put the pinned libtorch where the build finds it: CPU, or CUDA where a driver is there (`just libtorch --cuda yes`)
libtorch *args:
    scripts/setup-libtorch "$@"

# The Python of `hf:` models, in .tools/transformers: pinned torch and transformers (about 3 GB on Linux; `PYTHON=python3.12` for another)
transformers:
    "${PYTHON:-python3}" -m venv .tools/transformers
    .tools/transformers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r baselines/transformers/requirements.txt

# The default run: every model on all eleven benchmarks, then the leaderboard (`--mirror DIR` for local data)
eval-all *args: setup
    {{culture_eval}} run "$@"

# The wheel of `pip install culture-eval`, in dist/: program, plugins without libtorch, Python package (docs/python.md)
wheel *args:
    scripts/wheel "$@"

# Program, plugins without libtorch, completions and manual pages below a folder (`just install ~/.local`)
install prefix *args:
    scripts/install "$@"

# The wheel in a clean virtual environment without the source tree (`--debug` with what `just test` has built)
test-wheel *args:
    scripts/test-wheel "$@"

# Any command of the program: `just run list benchmarks`
run *args: build
    {{culture_eval}} "$@"

# All tests
test *args: libtorch
    cargo test --workspace "$@"

# Formatting, lints (Rust, Python, shell, JavaScript) and documentation
lint: libtorch
    scripts/lint-scripts
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --features eval-stats/bench,harness/approximate -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

# The documentation site into target/docs, by MkDocs (`--serve`: on this machine, rebuilt as you write)
docs *args:
    scripts/docs "$@"

# The pages of a report in a real headless Chromium (Playwright, axe); `SHOTS=DIR` keeps pictures
test-browser:
    scripts/test-browser

# A suite on a real Slurm of two nodes, one of which dies (root; installs Debian's packages)
test-slurm *args:
    scripts/test-slurm "$@"

# A run under strace: 1,000 system calls fail or are the last of their process; the end must be as ever (minutes; Linux)
test-chaos *args:
    CULTURE_EVAL_CHAOS="${CULTURE_EVAL_CHAOS:-1000}" cargo test --package harness --test it "$@" -- --nocapture chaos::

# libFuzzer with AddressSanitizer on every reader, or the named ones (`--seconds 600`, `--keep`; needs cargo-fuzz)
fuzz *args:
    scripts/fuzz "$@"

# The plugin boundary under Miri, plugins under valgrind and AddressSanitizer
check-memory *args:
    scripts/check-memory "$@"

# Licenses, sources and known vulnerabilities of all dependencies (needs cargo-deny; `--database DIR` without internet)
audit *args:
    scripts/audit "$@"

# What each crate is built of, as CycloneDX in target/sbom/CRATE.json (needs cargo-cyclonedx)
sbom:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo cyclonedx --format json --override-filename sbom --quiet
    mkdir -p target/sbom
    for file in plugin-api/sbom.json harness/sbom.json harness/stats/sbom.json calm-plugin/sbom.json fuzz/sbom.json baselines/*/sbom.json plugin-api/test-plugins/*/sbom.json python/native/sbom.json scripts/check-imports/sbom.json; do
        mv "$file" "target/sbom/$(basename "$(dirname "$file")").json"
    done

# Simulations of coverage, family-wise error and power, a real llama.cpp server (minutes)
test-slow:
    cargo test --release --package eval-stats --features slow-tests --test it -- slow
    cargo test --release --package harness --features slow-tests --lib -- --nocapture compare::simulation
    scripts/test-llama
    scripts/test-gguf

# Whole-command and criterion benchmarks
bench: setup
    scripts/bench-commands
    cargo bench --workspace --features eval-stats/bench

# Ours against what a user would pick instead, side by side, into reports/bench/README.md (`--only`, `--rounds`, `--quick`)
bench-peers *args: libtorch
    cargo build --release --workspace --bins --examples
    scripts/bench-peers --write "$@"

# Instructions of the hot loops against the committed counts (valgrind)
bench-guard *args:
    scripts/bench-guard "$@"

# Statistics against SciPy and numpy in the same run
bench-stats: setup
    python3 scripts/bench-stats.py

# Write the leaderboard of the last `eval-all` again: terminal, Markdown, CSV, JSON, pages for a browser
report *args: build
    {{culture_eval}} report "$@"

# CALM against its controls on CREHate and EMGSD, five seeds, 3,000 examples; resumes where it stopped
calm *args: setup
    {{culture_eval}} --definitions calm-plugin/experiments run calm "$@"

# CALM, the full fine-tune and its control, all parameters on all examples, one seed (hours on two cores)
calm-full *args: setup
    {{culture_eval}} --definitions calm-plugin/experiments run calm-full "$@"

# CALM without one of its parts, three seeds
calm-ablations *args: setup
    {{culture_eval}} --definitions calm-plugin/experiments run calm-ablations "$@"

# Does a model use culture where culture matters? calm-plugin/experiments/dose/README.md
calm-dose *args: setup
    cargo run --release -p calm-dose -- "$@"

# Start a new baseline: a crate, or with `--command` a Python script, with a model TOML, a suite and a test
new-baseline name *args: build
    {{culture_eval}} plugin new "$1"

# Follow "Add a baseline" of CONTRIBUTING.md in a fresh clone and time each step (`--quick`)
try-new-baseline *args:
    scripts/try-new-baseline "$@"

# Write the SAMPLE data to a folder, to look at it
sample dir="benchmarks/sample/out": build
    {{culture_eval}} sample "$1"

# Recompute the committed statistics of the data
statistics *args: build
    {{culture_eval}} prepare --all --write-statistics benchmarks/statistics "$@"
