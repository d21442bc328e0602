# Naive Bayes over words in R (package jsonlite), as a model of culture-eval.
library(jsonlite)
words <- function(text) unique(strsplit(tolower(text), "[^[:alnum:]]+")[[1]])
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  request <- fromJSON(line, simplifyVector = FALSE)
  answer <- switch(request$do,
    create = {
      labels <- unlist(request$task$labels)
      list(can = I(c("fit", "classify")))
    },
    fit = {
      truth <- factor(sapply(request$train, `[[`, "label"), labels)
      bags <- lapply(request$train, function(e) words(e$text))
      counts <- table(factor(unlist(bags)), rep(truth, lengths(bags)))
      weights <- log((counts + 1) / rep(table(truth) + 2, each = nrow(counts)))
      prior <- log((table(truth) + 1) / (length(truth) + length(labels)))
      setNames(list(), character(0))
    },
    classify = list(scores = lapply(request$examples, function(e) {
      known <- intersect(words(e$text), rownames(weights))
      as.numeric(prior + colSums(weights[known, , drop = FALSE]))
    })),
    list(error = paste("cannot", request$do))
  )
  cat(toJSON(answer, auto_unbox = TRUE, digits = NA), "\n", sep = "")
  flush(stdout())
}
