//! `culture-eval`: which model is better on which culture, and do we know it?

fn main() -> std::process::ExitCode {
    harness::cmd::main()
}
