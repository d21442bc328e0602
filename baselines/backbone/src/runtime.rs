//! Starting libtorch: CUDA where there is one, threads, and errors instead of panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use plugin_api::{Error, ErrorKind, Host};
use tch::{Cuda, Device};

/// Makes libtorch ready and resolves `auto`, `cpu`, `cuda` or `cuda:N` to a device.
///
/// CUDA's part of libtorch is loaded here, before the first question for a device: libtorch remembers the first answer. On a
/// machine without a driver it stays unloaded, and `auto` says in one line that the CPU is used.
///
/// # Errors
/// [`ErrorKind::Config`] where the wish is none of these, or names a device that is not there.
pub fn start(wish: &str, host: &Host) -> Result<Device, Error> {
    tch::set_num_threads(host.threads() as i32);
    // The plugin's own pool (tokenisers, optimiser); an error means that an earlier handle has made it.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(host.threads()).build_global();
    let wished = Wish::parse(wish)?;
    if wished == Wish::Cpu {
        return Ok(Device::Cpu);
    }
    let there = cuda().clone().and_then(|()| match Cuda::device_count() {
        0 => Err("the driver shows no device".to_owned()),
        count => Ok(count as usize),
    });
    match (wished, there) {
        (Wish::Auto, Err(why)) => {
            host.log(format!("computing on the CPU with {} threads: {why}", host.threads()));
            Ok(Device::Cpu)
        }
        (Wish::Cuda(place), Ok(count)) if place < count => Ok(Device::Cuda(place)),
        (Wish::Auto | Wish::Cpu, Ok(_)) => Ok(Device::Cuda(0)),
        (Wish::Cuda(place), Ok(count)) => Err(Error::config(format!(
            "device \"cuda:{place}\" is not there; this machine has {count}, counted from 0"
        ))),
        (_, Err(why)) => Err(Error::config(format!(
            "device {wish:?}: {why}; say device = \"auto\" to use the CPU where there is no GPU, or run scripts/setup-libtorch --cuda yes"
        ))),
    }
}

/// What the configuration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Auto,
    Cpu,
    Cuda(usize),
}

impl Wish {
    fn parse(wish: &str) -> Result<Self, Error> {
        let place = match wish {
            "auto" => return Ok(Self::Auto),
            "cpu" => return Ok(Self::Cpu),
            "cuda" => Some(0),
            other => other.strip_prefix("cuda:").and_then(|n| n.parse().ok()),
        };
        place.map(Self::Cuda).ok_or_else(|| {
            Error::config(format!("device {wish:?} is none of \"auto\", \"cpu\", \"cuda:0\""))
        })
    }
}

/// Loads CUDA's part of libtorch once; why it is not there otherwise.
#[expect(
    unsafe_code,
    reason = "opening a library runs its initialisers, and the environment is set before CUDA reads it"
)]
fn cuda() -> &'static Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    static ONCE: OnceLock<Result<(), String>> = OnceLock::new();
    ONCE.get_or_init(|| {
        let open = |name: &str, flags| {
            // SAFETY: both are libraries of NVIDIA and of libtorch, whose initialisers are made for this; they are never closed.
            unsafe { Library::open(Some(name), flags) }.map(std::mem::forget)
        };
        open("libcuda.so.1", RTLD_NOW).map_err(|_| "there is no NVIDIA driver".to_owned())?;
        if std::env::var_os("NVIDIA_TF32_OVERRIDE").is_none() {
            // SAFETY: no thread of this process reads the environment yet: the plugin has just been created.
            unsafe { std::env::set_var("NVIDIA_TF32_OVERRIDE", "1") };
        }
        open("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)
            .map_err(|e| format!("this libtorch is built without CUDA ({e})"))
    })
}

/// Runs a computation; a failure inside libtorch becomes an error with what to do.
///
/// # Errors
/// [`ErrorKind::Memory`] where memory ran out, else [`ErrorKind::Internal`]; errors of the computation pass through.
pub fn guard<T>(what: &str, compute: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(compute)).unwrap_or_else(|panic| {
        let said = (panic.downcast_ref::<String>().map(String::as_str))
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without words");
        Err(said_by_libtorch(what, said))
    })
}

/// An error in libtorch's words, which run over many lines: the first says what is wrong.
fn said_by_libtorch(what: &str, said: &str) -> Error {
    let torch = said.split("Torch(\"").nth(1).unwrap_or(said);
    let first = torch.split("\\n").next().unwrap_or(torch).lines().next().unwrap_or("");
    let lower = said.to_lowercase();
    if lower.contains("out of memory")
        || lower.contains("not enough memory")
        || lower.contains("allocate memory")
        || lower.contains("bad_alloc")
    {
        let message =
            format!("{what}: out of memory ({first}); lower `batch` or `max_tokens` in [config]");
        return Error { kind: ErrorKind::Memory, message };
    }
    Error::internal(format!("{what}: {first}"))
}

/// Peak memory of this process in MiB, and on a GPU how much of its memory is in use, for the log.
pub fn memory_line(device: Device) -> String {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or(0, |kib| {
        kib.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1024
    });
    match device {
        Device::Cuda(place) => {
            let smi = std::process::Command::new("nvidia-smi")
                .args([
                    "--query-gpu=memory.used",
                    "--format=csv,noheader",
                    "-i",
                    &place.to_string(),
                ])
                .output();
            let used = smi.ok().filter(|o| o.status.success()).map_or_else(
                || "unknown (nvidia-smi is missing)".to_owned(),
                |o| String::from_utf8_lossy(&o.stdout).trim().to_owned(),
            );
            format!("peak memory {peak} MiB, GPU memory in use {used}")
        }
        _ => format!("peak memory {peak} MiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_parsed_and_odd_ones_refused() {
        assert_eq!(Wish::parse("auto").unwrap(), Wish::Auto);
        assert_eq!(Wish::parse("cpu").unwrap(), Wish::Cpu);
        assert_eq!(Wish::parse("cuda").unwrap(), Wish::Cuda(0));
        assert_eq!(Wish::parse("cuda:3").unwrap(), Wish::Cuda(3));
        for odd in ["gpu", "cuda:", "cuda:-1", ""] {
            let message = Wish::parse(odd).unwrap_err().message;
            assert!(
                message.contains("\"auto\"") && message.contains(&format!("{odd:?}")),
                "{message}"
            );
        }
    }

    #[test]
    fn a_failure_of_libtorch_is_an_error() {
        let host = Host::silent(1, 1);
        assert_eq!(start("cpu", &host).unwrap(), Device::Cpu);
        let error = guard("multiplying", || {
            let x = tch::Tensor::zeros([2, 3], (tch::Kind::Float, Device::Cpu));
            Ok(x.matmul(&x))
        });
        let error = error.unwrap_err();
        assert!(
            error.message.starts_with("multiplying: ") && error.message.contains("2x3"),
            "{error}"
        );
        assert!(!error.message.contains('\n'));
        // libtorch asks for more than any machine has.
        let error = guard("more", || {
            let _ = tch::Tensor::zeros([1i64 << 50], (tch::Kind::Float, Device::Cpu));
            Ok(())
        });
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Memory, "{error}");
        assert!(error.message.contains("lower `batch` or `max_tokens`"), "{error}");
        let error =
            guard("more", || -> Result<(), Error> { panic!("CUDA out of memory. Tried 1 GiB") });
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Memory);
        assert!(error.message.contains("lower `batch`"), "{error}");
    }

    #[test]
    fn a_device_that_is_not_there_is_told() {
        let host = Host::silent(1, 1);
        let error = start("cuda:97", &host).unwrap_err().message;
        assert!(error.contains("cuda:97"), "{error}");
        assert!(start("auto", &host).is_ok());
    }
}
