/* A whole plugin in C: it answers the commonest label of the training data.
 *
 *     cc -std=c99 -shared -fPIC -I plugin-api/include -o libcommonest.so plugin-api/examples/c/commonest.c
 *     culture-eval plugin check ./libcommonest.so
 *     culture-eval --definitions plugin-api/examples/c --plugins . run --models commonest-c
 *
 * The header explains every field. What to keep in mind:
 *   - a plugin is one exported function that returns a table which lives as long as the process;
 *   - inputs are borrowed for the call, outputs go into the host's buffers: neither is freed here;
 *   - every call returns CE_OK, or another status after it has filled `error`;
 *   - one handle is called by one thread at a time, two handles may be called at once: no globals that change;
 *   - never exit, and never jump or throw out of a call. */

#include <stdio.h>
#include <stdlib.h>

#include "culture_eval_plugin.h"

#define TEXT(s) {(const uint8_t *)(s), sizeof(s) - 1}

/* The model: how often each label was seen. */
typedef struct {
  const CeHost *host;
  size_t labels;
  uint64_t seen;
  uint64_t *counts;
} Model;

/* Writes one line into the host's buffer; a longer one is cut. `example` is its index in the batch, SIZE_MAX = none. */
static int32_t fail(CeError *error, int32_t status, size_t example, const char *line) {
  int wanted = snprintf((char *)error->message, error->capacity, "%s", line);
  size_t len = wanted < 0 ? 0 : (size_t)wanted;
  error->len = len < error->capacity ? len : error->capacity ? error->capacity - 1 : 0;
  error->example = example;
  return status;
}

/* `config` is the [config] table of the model's TOML as JSON; this model has no settings. `task` is borrowed, `host` lives
 * as long as the handle. */
static int32_t create(CeStr config, const CeTask *task, const CeHost *host, void **handle, CeError *error) {
  (void)config;
  Model *model = calloc(1, sizeof *model);
  uint64_t *counts = calloc(task->n_labels, sizeof *counts);
  if (!model || !counts) {
    free(model);
    free(counts);
    return fail(error, CE_ERROR_MEMORY, SIZE_MAX, "no memory for the counts of labels");
  }
  model->host = host;
  model->labels = task->n_labels;
  model->counts = counts;
  *handle = model;
  return CE_OK;
}

static void destroy(void *handle) {
  Model *model = handle;
  free(model->counts);
  free(model);
}

/* Labels are indices into the task's labels. `valid` may be empty, and is not needed here. */
static int32_t fit(void *handle, const CeDataset *train, const CeDataset *valid, CeError *error) {
  (void)valid;
  Model *model = handle;
  for (size_t i = 0; i < train->examples.n; i++) {
    if (train->labels[i] >= model->labels) return fail(error, CE_ERROR_INPUT, i, "a label that the task does not have");
    model->counts[train->labels[i]]++;
    model->seen++;
  }
  return CE_OK;
}

/* Fills a row of scores for each example, one number a label, higher wins. */
static int32_t classify(void *handle, const CeBatch *batch, float *scores, uint8_t *answered, size_t *rows,
                        CeError *error) {
  const Model *model = handle;
  (void)answered; /* all 1 on entry; 0 marks an example without an answer */
  if (!model->seen) return fail(error, CE_ERROR_INTERNAL, SIZE_MAX, "commonest has not been fitted; fit it first");
  for (size_t i = 0; i < batch->n; i++) {
    /* A long batch is left when the host asks to stop. */
    if (i % 1024 == 0 && model->host->is_cancelled(model->host->context))
      return fail(error, CE_ERROR_CANCELLED, SIZE_MAX, "cancelled");
    for (size_t label = 0; label < model->labels; label++)
      scores[i * model->labels + label] = (float)((double)model->counts[label] / (double)model->seen);
  }
  *rows = batch->n;
  return CE_OK;
}

static const CePlugin PLUGIN = {
    .abi_major = CE_ABI_MAJOR,
    .abi_minor = CE_ABI_MINOR,
    .struct_size = sizeof(CePlugin),
    .capabilities = CE_FIT | CE_CLASSIFY,
    .name = TEXT("commonest"),
    .version = TEXT("1.0"),
    .build_info = TEXT("C"),
    .create = create,
    .destroy = destroy,
    .fit = fit,
    .classify = classify,
};

CE_EXPORT const CePlugin *culture_eval_plugin_v1(void);
const CePlugin *culture_eval_plugin_v1(void) { return &PLUGIN; }
