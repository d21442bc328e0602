//! Distribution functions accurate in both tails: upper tails are survival functions, never `1 - cdf`.
//!
//! `statrs` serves the chi-square upper tail. The rest is our own where statrs 0.19 is not accurate to 1e-9
//! (binomial from n = 1e6, beta with huge parameters, Student t at tiny arguments, normal beyond 1e-10).

mod beta;
mod binomial;
mod normal;
mod quadrature;
mod saddle_point;
mod student;
mod variance;

pub use beta::{beta_cdf, beta_ppf};
pub use binomial::{binom_cdf, binom_sf};
pub use normal::{norm_cdf, norm_isf, norm_pdf, norm_ppf, norm_sf, z_of_confidence};
pub(crate) use quadrature::expect_over_scale;
pub use quadrature::noncentral_t_sf;
pub use saddle_point::{binom_pmf, ln_gamma, poisson_pmf};
pub(crate) use saddle_point::{binomial_kernel, stirling_error};
pub use student::{t_cdf, t_isf, t_ppf, t_sf};
pub use variance::{chi2_sf, f_sf};
