//! bfloat16 on a GPU. tch switches autocast on and off but leaves its number type at float16, whose small gradients vanish without
//! loss scaling; libtorch's own function sets it.

use std::sync::Once;

/// Computes with matrix products in bfloat16 where `wanted`, in float32 otherwise.
pub fn mixed<T>(wanted: bool, compute: impl FnOnce() -> T) -> T {
    if !wanted {
        return compute();
    }
    bfloat16();
    tch::autocast(true, compute)
}

/// Numbers of `c10::DeviceType` and `c10::ScalarType`, fixed since libtorch 1.0.
const CUDA: i8 = 1;
const BFLOAT16: i8 = 15;

#[expect(unsafe_code, reason = "tch has no binding of these two functions")]
mod libtorch {
    unsafe extern "C" {
        /// `at::autocast::set_autocast_dtype(c10::DeviceType, c10::ScalarType)`, both enums of one byte.
        #[link_name = "_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE"]
        pub(super) fn set_autocast_dtype(device: i8, kind: i8);
        /// `at::autocast::get_autocast_dtype(c10::DeviceType)`.
        #[cfg(test)]
        #[link_name = "_ZN2at8autocast18get_autocast_dtypeEN3c1010DeviceTypeE"]
        pub(super) fn get_autocast_dtype(device: i8) -> i8;
    }
}

/// Sets autocast's number type on CUDA, once; it holds for the process.
#[expect(unsafe_code, reason = "a call into libtorch")]
fn bfloat16() {
    static ONCE: Once = Once::new();
    // SAFETY: a plain setter of libtorch with two enums of one byte; CUDA is a device type that autocast knows.
    ONCE.call_once(|| unsafe { libtorch::set_autocast_dtype(CUDA, BFLOAT16) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "a call into libtorch")]
    fn autocast_means_bfloat16() {
        assert_eq!(mixed(true, || 3) + mixed(false, || 4), 7);
        // SAFETY: a plain getter.
        assert_eq!(unsafe { libtorch::get_autocast_dtype(CUDA) }, BFLOAT16);
    }
}
