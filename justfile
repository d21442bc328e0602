# The table of contents: `just` lists the recipes. Without `just`: `scripts/just <recipe>`.
set positional-arguments := true

culture_eval := "target/release/culture-eval"

# List the recipes
default:
    @'{{just_executable()}}' --justfile '{{justfile()}}' --list --unsorted

# Build the program and all plugins
setup:
    cargo build --release --workspace

# The main job: every model on all eleven benchmarks, then the leaderboard (`--mirror DIR` for local data)
eval-all *args: setup
    {{culture_eval}} run "$@"

# Any command of the program: `just run list benchmarks`
run *args: setup
    {{culture_eval}} "$@"

# All tests
test *args:
    cargo test --workspace "$@"

# Formatting, lints and documentation
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

# Simulations of coverage and type-I error (minutes)
test-slow:
    cargo test --release --package harness --features slow-tests --test it -- slow

# Whole-command and criterion benchmarks
bench: setup
    scripts/bench-commands
    cargo bench --workspace

# Statistics against SciPy and numpy in the same run
bench-stats: setup
    python3 scripts/bench-stats.py

# Write the leaderboard of the last `eval-all` again: terminal, Markdown, CSV, JSON
report *args: setup
    {{culture_eval}} report "$@"

# Start a new baseline: a crate, or with `--command` a Python script, with a model TOML, a suite and a test
new-baseline name *args: setup
    {{culture_eval}} plugin new "$1"

# Follow "Add a baseline" of CONTRIBUTING.md in a fresh clone and time each step (`--quick`)
try-new-baseline *args:
    scripts/try-new-baseline "$@"

# Write the SAMPLE data to a folder, to look at it
sample dir="benchmarks/sample/out": setup
    {{culture_eval}} sample "$1"

# Recompute the committed statistics of the data
statistics *args: setup
    {{culture_eval}} prepare --all --write-statistics benchmarks/statistics "$@"
