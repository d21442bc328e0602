//! Which test when, and why, as a function (Dror et al. 2018; Demšar 2006; Card et al. 2020;
//! Miller 2024).

/// What kind of figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Right or wrong per example.
    Accuracy,
    /// Macro-F1, MCC, correlation: a function of the whole set, not a mean over examples.
    Set,
    /// Precision or F1 of one class.
    OneClass,
    /// A graded score per example.
    Graded,
}

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Situation {
    /// What is compared.
    pub metric: MetricKind,
    /// Number of models, at least 2.
    pub models: usize,
    /// Benchmarks compared together; 1 = within one task.
    pub benchmarks: usize,
    /// Examples of the one task; ignored over several benchmarks.
    pub examples: usize,
    /// Examples come in clusters (labels of one post, questions of one page).
    pub clustered: bool,
    /// Some model was trained with several seeds.
    pub several_seeds: bool,
    /// Share of exactly equal scores among graded pairs.
    pub zero_share: f64,
    /// All other models are compared with one baseline only.
    pub against_baseline: bool,
}

/// A test of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Test {
    /// [`mcnemar`](crate::mcnemar::mcnemar), mid-p.
    McnemarMidP,
    /// [`mcnemar`](crate::mcnemar::mcnemar), exact.
    McnemarExact,
    /// [`permutation_metric`](crate::permutation::permutation_metric).
    ApproximateRandomisation,
    /// [`studentised_permutation_metric`](crate::permutation::studentised_permutation_metric).
    StudentisedPermutation,
    /// [`cluster_permutation_mean`](crate::permutation::cluster_permutation_mean).
    ClusterSignFlip,
    /// [`cluster_bootstrap`](crate::bootstrap::cluster_bootstrap).
    ClusterBootstrap,
    /// [`cochran_q`](crate::friedman::cochran_q).
    CochranQ,
    /// [`paired_t`](crate::ttest::paired_t).
    PairedT,
    /// [`wilcoxon`](crate::wilcoxon::wilcoxon), zeros dropped.
    WilcoxonExact,
    /// [`wilcoxon`](crate::wilcoxon::wilcoxon), zeros ranked.
    WilcoxonPratt,
    /// [`components`](crate::components): a t test over examples and seeds.
    MixedT,
    /// [`friedman`](crate::friedman::friedman).
    Friedman,
    /// [`friedman_vs_control`](crate::friedman::friedman_vs_control).
    FriedmanAgainstControl,
}

impl Test {
    /// All tests, for `--test`.
    pub const ALL: &'static [Self] = &[
        Self::McnemarMidP,
        Self::McnemarExact,
        Self::ApproximateRandomisation,
        Self::StudentisedPermutation,
        Self::ClusterSignFlip,
        Self::ClusterBootstrap,
        Self::CochranQ,
        Self::PairedT,
        Self::WilcoxonExact,
        Self::WilcoxonPratt,
        Self::MixedT,
        Self::Friedman,
        Self::FriedmanAgainstControl,
    ];

    /// The name used by flags and signatures.
    pub fn name(self) -> &'static str {
        match self {
            Self::McnemarMidP => "mcnemar-midp",
            Self::McnemarExact => "mcnemar-exact",
            Self::ApproximateRandomisation => "approximate-randomisation",
            Self::StudentisedPermutation => "studentised-permutation",
            Self::ClusterSignFlip => "cluster-sign-flip",
            Self::ClusterBootstrap => "cluster-bootstrap",
            Self::CochranQ => "cochran-q",
            Self::PairedT => "paired-t",
            Self::WilcoxonExact => "wilcoxon",
            Self::WilcoxonPratt => "wilcoxon-pratt",
            Self::MixedT => "mixed-t",
            Self::Friedman => "friedman",
            Self::FriedmanAgainstControl => "friedman-control",
        }
    }

    /// The name used in prose.
    pub fn title(self) -> &'static str {
        match self {
            Self::McnemarMidP => "the mid-p McNemar test",
            Self::McnemarExact => "the exact McNemar test",
            Self::ApproximateRandomisation => "paired approximate randomisation",
            Self::StudentisedPermutation => "the studentised permutation test",
            Self::ClusterSignFlip => "the cluster-level sign-flip permutation test",
            Self::ClusterBootstrap => "the cluster bootstrap",
            Self::CochranQ => "Cochran's Q test with pairwise McNemar tests",
            Self::PairedT => "the paired t test",
            Self::WilcoxonExact => "the exact Wilcoxon signed-rank test",
            Self::WilcoxonPratt => "the Wilcoxon signed-rank test with Pratt's treatment of zeros",
            Self::MixedT => "the mixed-model t test over seeds and examples",
            Self::Friedman => {
                "the Friedman test with Iman and Davenport's F and pairwise Wilcoxon tests"
            }
            Self::FriedmanAgainstControl => "the Friedman test with z tests against the baseline",
        }
    }

    /// A test by its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|t| t.name() == name)
    }
}

/// The chosen test, why, and what to be warned of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The test.
    pub test: Test,
    /// Why this one, as a sentence without a full stop.
    pub why: &'static str,
    /// The correction of the pairwise p-values.
    pub correction: &'static str,
    /// What limits the result.
    pub warnings: Vec<String>,
}

/// Chooses the default test of a situation.
pub fn choose_test(s: &Situation) -> Choice {
    let mut choice = if s.benchmarks > 1 { over_benchmarks(s) } else { within_task(s) };
    if s.models > 2 && choice.correction == "none" {
        choice.correction = "holm";
    }
    choice
}

fn choice(test: Test, why: &'static str) -> Choice {
    Choice { test, why, correction: "none", warnings: Vec::new() }
}

fn within_task(s: &Situation) -> Choice {
    if s.several_seeds {
        return choice(
            Test::MixedT,
            "models were trained with several seeds: training runs and examples both count as drawn (Satterthwaite 1946)",
        );
    }
    if s.clustered {
        return if matches!(s.metric, MetricKind::Set | MetricKind::OneClass) {
            choice(
                Test::ClusterBootstrap,
                "the metric is a function of the whole set and examples come in clusters: whole clusters are resampled",
            )
        } else {
            choice(
                Test::ClusterSignFlip,
                "examples come in clusters, so single examples are not exchangeable: differences of a whole cluster change sign together. Null hypothesis: each cluster's difference is as likely with the opposite sign",
            )
        };
    }
    match s.metric {
        MetricKind::Accuracy if s.models > 2 && !s.against_baseline => choice(
            Test::CochranQ,
            "several models answered the same examples right or wrong: one overall test first, then the pairs",
        ),
        MetricKind::Accuracy => choice(
            Test::McnemarMidP,
            "both models answered the same examples right or wrong; mid-p holds its level closely where exact is conservative",
        ),
        MetricKind::Set => choice(
            Test::ApproximateRandomisation,
            "the metric is a function of the whole set, not a mean over examples: answers of the two models are swapped at random. Null hypothesis: the models are exchangeable, which is more than an equal metric",
        ),
        MetricKind::OneClass => choice(
            Test::StudentisedPermutation,
            "precision and F1 of one class: answers are swapped and differences divided by their standard error. Null hypothesis: the metric is equal, also where the models give the class at different rates",
        ),
        MetricKind::Graded if s.examples >= 30 && s.zero_share < 0.5 => {
            let mut c = choice(
                Test::PairedT,
                "graded scores of at least 30 paired examples: the mean difference is close to normal",
            );
            if s.examples < 100 {
                c.warnings.push(format!(
                    "n = {}: look at the permutation p-value too if the differences are skewed",
                    s.examples
                ));
            }
            c
        }
        MetricKind::Graded if s.zero_share >= 0.2 => choice(
            Test::WilcoxonPratt,
            "graded scores with many exact ties between the models: Pratt ranks the zeros before dropping them",
        ),
        MetricKind::Graded => {
            choice(Test::WilcoxonExact, "fewer than 30 graded scores: no appeal to normality")
        }
    }
}

/// The level that warnings take for granted.
const LEVEL: f64 = 0.05;

/// What is said where the smallest corrected p of a pairwise signed-rank test over `benchmarks` lies above `alpha`. It is about
/// pairs alone: a test of all models at once may find a difference there.
pub fn out_of_reach(benchmarks: usize, pairs: usize, alpha: f64) -> String {
    let smallest = 2.0_f64.powi(1 - benchmarks as i32);
    let corrected = (smallest * pairs as f64).min(1.0);
    let times =
        if pairs > 1 { format!(", times {pairs} pairs {corrected:.4}") } else { String::new() };
    let rest = if pairs > 1 { " (the test of all models at once can)" } else { "" };
    format!(
        "with {benchmarks} benchmarks the smallest two-sided signed-rank p of a pair is {smallest:.4}{times}: no pair can reach {alpha} by this test{rest}"
    )
}

fn over_benchmarks(s: &Situation) -> Choice {
    let mut c = if s.models > 2 && s.against_baseline {
        let mut c = choice(
            Test::FriedmanAgainstControl,
            "several models against one baseline over several benchmarks (Demšar 2006, section 3.2.2)",
        );
        c.correction = "holm";
        c
    } else if s.models > 2 {
        choice(
            Test::Friedman,
            "several models over several benchmarks: Friedman's test ranks within each benchmark and needs no common scale (Demšar 2006)",
        )
    } else {
        choice(
            Test::WilcoxonExact,
            "two models over several benchmarks: one difference a benchmark (Demšar 2006)",
        )
    };
    let n = s.benchmarks;
    // A signed-rank test of each pair; against a baseline the pairs are compared by mean ranks.
    let pairs = if s.models > 2 { s.models * (s.models - 1) / 2 } else { 1 };
    let smallest = 2.0_f64.powi(1 - n as i32) * pairs as f64;
    if !(s.models > 2 && s.against_baseline) && smallest > LEVEL {
        c.warnings.push(out_of_reach(n, pairs, LEVEL));
    }
    if s.models > 2
        && !s.against_baseline
        && let Ok(cd) = super::friedman::critical_difference(s.models, n, 0.05)
    {
        c.warnings.push(format!(
            "Nemenyi's critical difference is {cd:.2} mean ranks with {} models on {n} benchmarks: smaller gaps are not significant by it",
            s.models
        ));
    }
    c
}
