"""Several people's votes on the same item."""
from __future__ import annotations

from ._engine import Figure, Labels, Numbers, Table, answer, engine


@answer
class Alpha:
    """Krippendorff's alpha, with the disagreements that it is made of, and the items and votes that count."""

    alpha: Figure
    observed_disagreement: float
    expected_disagreement: float
    items: int
    votes: int


@answer
class NoiseCeiling:
    """Best possible accuracy against labels by vote, with its bounds, and the accuracy of a second panel."""

    ceiling: float
    ceiling_least: float
    ceiling_highest: float
    second_panel: float


@answer
class CultureCeilings:
    """A logistic-normal model of votes, and the best possible accuracies with and without the culture."""

    means: tuple[float, ...]
    item_sd: float
    item_by_culture_sd: float
    log_likelihood: float
    likelihood_ratio: float
    culture_aware: float
    culture_aware_se: float
    item_and_leniency: float
    item_and_leniency_se: float
    culture_blind: float
    culture_blind_se: float
    worth_of_culture: float
    worth_of_culture_se: float


@answer
class VoteVariance:
    """What a vote's variance is made of."""

    item: float
    culture: float
    item_by_culture: float
    annotator: float
    items: int
    total: float


@answer
class VoteDistance:
    """Brier score, Jensen-Shannon divergence in bits, cross-entropy in nats."""

    brier: float
    jsd: float
    cross_entropy: float


@engine
def krippendorff_alpha(votes: Table) -> Alpha:
    """Agreement beyond chance (Krippendorff 2011). `votes[item][answer]` are counts."""


@engine
def one_against_the_rest(votes: Table) -> float:
    """Accuracy of one annotator against the others. `votes[item][answer]` are counts."""


@engine
def noise_ceiling(yes: Numbers, votes: Numbers, *, labels: Labels | None = None, panel: int | None = None) -> NoiseCeiling:
    """Best possible accuracy against labels by vote: `yes` of `votes`. `labels` are the majorities if they are not given."""


@engine
def culture_ceilings(yes: Table, votes: Table, *, panel: int | None = None) -> CultureCeilings:
    """Best possible accuracy with and without the culture: `yes[item][culture]` of `votes[item][culture]`."""


@engine
def vote_variance(yes: Table, votes: Table, *, least: int = 2) -> VoteVariance:
    """Shares of a vote's variance: item, culture, both, annotator. `least`: votes that an item needs."""


@engine
def vote_distance(predicted: Numbers, votes: Numbers) -> VoteDistance:
    """A predicted distribution against the votes of one item."""
