/* A whole plugin in C: the first label always wins. The macros make its lying sisters (see c.rs). */

#include <stdlib.h>
#include <string.h>

#include "culture_eval_plugin.h"

#ifndef MAJOR
#define MAJOR CE_ABI_MAJOR
#endif
#ifndef SIZE
#define SIZE sizeof(CePlugin)
#endif
#ifndef SYMBOL
#define SYMBOL culture_eval_plugin_v1
#endif
#ifndef CAN
#define CAN CE_CLASSIFY
#endif
#ifndef ROWS
#define ROWS batch->n
#endif
#define TEXT(s) {(const uint8_t *)(s), sizeof(s) - 1}

typedef struct {
  size_t labels;
} Model;

static int32_t create(CeStr config, const CeTask *task, const CeHost *host, void **handle, CeError *error) {
  (void)config, (void)host, (void)error;
#ifdef NO_HANDLE
  (void)task;
  *handle = NULL;
#else
  Model *model = malloc(sizeof *model);
  if (!model) return CE_ERROR_MEMORY;
  model->labels = task->n_labels;
  *handle = model;
#endif
  return CE_OK;
}

static void destroy(void *handle) { free(handle); }

static int32_t classify(void *handle, const CeBatch *batch, float *scores, uint8_t *answered, size_t *rows,
                        CeError *error) {
  const Model *model = handle;
  (void)answered;
#ifdef FAIL
  /* Not UTF-8, and the second example is at fault. */
  static const char text[] = "bad \xff\xfe bytes";
  size_t len = sizeof text - 1 < error->capacity ? sizeof text - 1 : error->capacity;
  memcpy(error->message, text, len);
  error->len = len;
  error->example = 1;
  return CE_ERROR_INPUT;
#endif
  (void)error;
  for (size_t i = 0; i < batch->n * model->labels; i++) scores[i] = i % model->labels == 0 ? 1.0f : 0.0f;
  *rows = ROWS;
  return CE_OK;
}

static const CePlugin PLUGIN = {
    .abi_major = MAJOR,
    .abi_minor = CE_ABI_MINOR,
    .struct_size = SIZE,
    .capabilities = CAN,
    .name = TEXT("constant-c"),
    .version = TEXT("1.0"),
    .build_info = TEXT("C"),
    .create = create,
    .destroy = destroy,
    .classify = classify,
};

CE_EXPORT const CePlugin *SYMBOL(void);
const CePlugin *SYMBOL(void) {
#ifdef TABLE
  (void)PLUGIN;
  return NULL;
#else
  return &PLUGIN;
#endif
}
