"""Why a row misses its target, and what the limit is: shown on the page only where it does. SUBJECT/ROW/PEER, SUBJECT/ROW or SUBJECT/PEER."""

SORT = ("the time is a sort of the absolute differences, which NumPy does with AVX-512 instructions and we with a comparison sort of 64-bit words on one thread; "
        "reading the numbers from JSON values into floats is in our time, not in theirs")
NEMENYI = ("every distinct distance of mean ranks is an integral of the studentized range, by the trapezoidal rule on one grid, about 80 nodes with an error function each; "
           "our time also holds two critical values, 20 integrals more, which theirs does not compute, and waking the second thread, "
           "which shows where all takes half a millisecond")
SPREAD = "its target lies within the spread of the rounds; the products of both sides are bounded by arithmetic (see the limits below)"
SPARSE = ("by perf 53 % of our time are the products of L-BFGS with the sparse matrix, look-ups spread over memory that scikit-learn makes, too; both take the same rule for when "
          "to stop. Counting is the rest, where we are ahead by more, as prediction shows")
COLUMNS = ("polars works on whole columns with SIMD and all cores and checks less; ours goes row by row, because a row that cannot be read is told by file, row and "
           "column, hashes the source and the file that it writes, draws the split from SHA-256 of each id, and compares texts in lower case")
TWICE = COLUMNS + ". Where the part of a row does not follow from the row alone, as in EMGSD, ours reads the files twice rather than hold them"
ALIKE = "the same kernels of libtorch do the work on both sides, so that single steps can only be equal within the spread; ours has tokenisation in its time"

WHY = {
    "probe/probe": SPREAD,
    "tfidf/fit": SPARSE,
    "encoder/calm-test": SPREAD,
    "encoder/calm-epoch": SPREAD,
    "stats/wilcoxon-10000": SORT,
    "stats/wilcoxon-100000": SORT,
    "stats/nemenyi-10": NEMENYI,
    "stats/nemenyi-50": NEMENYI,
    "stats/friedman-nemenyi-10": NEMENYI,
    "stats/friedman-nemenyi-50": NEMENYI,
    "stats/bootstrap-f1-20": "what bounds it is in [statistics](stats.md#what-bounds-the-speed): additions to class sums that must be kept, not look-ups",
    "normalise/emgsd": TWICE,
    "normalise/polars": COLUMNS,
    "normalise/polars, imports left out": COLUMNS,
    "normalise/pandas, imports left out": COLUMNS.replace("polars works", "pandas works").replace(" and all cores", ""),
    "encoder/linear-step": ALIKE,
    "encoder/linear-infer": ALIKE,
    "encoder/calm-step": ALIKE,
    "encoder/calm-infer": ALIKE,
    "encoder/calm-frozen": "what is left of an epoch is CALM itself, which is trained: slots, pool, experts and their gradients, mostly products in MKL's "
                           "kernels; the kept output saves the backbone only",
    "encoder/embed": "the same kernels, and sentence-transformers sorts by length as ours does: what is left is start-up and tokenisation",
}
