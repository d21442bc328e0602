/* Generated from plugin-api/src/abi.rs: do not edit; UPDATE_HEADER=1 cargo test -p plugin-api renews it. */

#ifndef CULTURE_EVAL_PLUGIN_H
#define CULTURE_EVAL_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

/*
 Major version: raised when old plugins can no longer be called.
 */
#define CE_ABI_MAJOR 1

/*
 Minor version: raised when something is added at the end of a struct.
 */
#define CE_ABI_MINOR 4

/*
 The plugin learns from examples.
 */
#define CE_FIT 1

/*
 Scores for every label.
 */
#define CE_CLASSIFY (1 << 1)

/*
 One vector per text.
 */
#define CE_EMBED (1 << 2)

/*
 Log-likelihood of given continuations.
 */
#define CE_LOGLIKELIHOOD (1 << 3)

/*
 Free text.
 */
#define CE_GENERATE (1 << 4)

/*
 A fitted model can be saved to a folder and loaded.
 */
#define CE_SAVE (1 << 5)

/*
 Why the model answers an example as it does (since 1.1).
 */
#define CE_EXPLAIN (1 << 6)

/*
 The plugin learns from examples piece by piece, so that they need not be in memory together (since 1.2).
 */
#define CE_FIT_PIECES (1 << 7)

/*
 Scores for the options of each example (since 1.4).
 */
#define CE_CHOOSE (1 << 8)

/*
 Everything is well.
 */
#define CE_OK 0

/*
 The configuration is wrong.
 */
#define CE_ERROR_CONFIG 1

/*
 Weights or state cannot be loaded or saved.
 */
#define CE_ERROR_LOAD 2

/*
 Out of memory.
 */
#define CE_ERROR_MEMORY 3

/*
 An example cannot be handled; `CeError.example` is its index in the batch.
 */
#define CE_ERROR_INPUT 4

/*
 Anything else.
 */
#define CE_ERROR_INTERNAL 5

/*
 The plugin panicked; the handle must not be used again but to destroy it.
 */
#define CE_ERROR_PANIC 6

/*
 The host asked to stop (`CeHost.is_cancelled`).
 */
#define CE_ERROR_CANCELLED 7

/*
 The plugin does not offer the call.
 */
#define CE_ERROR_UNSUPPORTED 8

/*
 A piece is of what the model learns from.
 */
#define CE_PART_TRAIN 0

/*
 A piece is of what hyper-parameters may be chosen on.
 */
#define CE_PART_VALID 1

/*
 The limit of tokens cut the reply, which goes to the sink as any other. `why` is empty.
 */
#define CE_REPLY_CUT 1

/*
 There is no reply, and none goes to the sink: `why` says it in a sentence. The example counts as not answered.
 */
#define CE_REPLY_MISSING 2

/*
 UTF-8 text: pointer and length in bytes, no NUL at the end. The pointer may be null where the length is 0.
 */
typedef struct {
  /*
   First byte.
   */
  const uint8_t *data;
  /*
   Bytes.
   */
  size_t len;
} CeStr;

/*
 What the model will be asked, told once at creation.
 */
typedef struct {
  /*
   Size of this struct.
   */
  size_t struct_size;
  /*
   Short name of the task.
   */
  CeStr name;
  /*
   Short name of the protocol.
   */
  CeStr protocol;
  /*
   Label names; a label is an index into them.
   */
  const CeStr *labels;
  /*
   Number of labels.
   */
  size_t n_labels;
  /*
   Culture names; a culture is an index into them.
   */
  const CeStr *cultures;
  /*
   Number of cultures.
   */
  size_t n_cultures;
} CeTask;

/*
 What the host offers. Lives until the handle is destroyed; callable from any thread.
 */
typedef struct {
  /*
   Size of this struct.
   */
  size_t struct_size;
  /*
   Handed back to every function.
   */
  void *context;
  /*
   Threads that the plugin may use.
   */
  uint32_t threads;
  /*
   The recorded seed: the only source of randomness.
   */
  uint64_t seed;
  /*
   Puts a line into the cell's log.
   */
  void (*log)(void *context, CeStr message);
  /*
   `done` of `total` steps are done; total 0 = unknown.
   */
  void (*progress)(void *context, uint64_t done, uint64_t total);
  /*
   A named number over steps: `loss`, `valid` and others.
   */
  void (*metric)(void *context, CeStr name, uint64_t step, double value);
  /*
   1 when the plugin should stop soon and return `CE_ERROR_CANCELLED`.
   */
  int32_t (*is_cancelled)(void *context);
} CeHost;

/*
 Where a plugin writes what went wrong. The buffer belongs to the host; a longer message is cut.
 */
typedef struct {
  /*
   Size of this struct.
   */
  size_t struct_size;
  /*
   Buffer for a UTF-8 message.
   */
  uint8_t *message;
  /*
   Bytes of the buffer.
   */
  size_t capacity;
  /*
   Bytes written.
   */
  size_t len;
  /*
   Index in the batch of the example at fault; SIZE_MAX = none.
   */
  size_t example;
} CeError;

/*
 Examples as columns of `n` rows. No label.
 */
typedef struct {
  /*
   Size of this struct.
   */
  size_t struct_size;
  /*
   Rows.
   */
  size_t n;
  /*
   Unique opaque names: the first 32 hex digits of the SHA-256 of the example's id.
   */
  const CeStr *ids;
  /*
   What the model reads.
   */
  const CeStr *texts;
  /*
   Index into the task's cultures; another number where the culture is not known or not shown.
   */
  const uint32_t *cultures;
} CeBatch;

/*
 Examples with their labels, for fit only.
 */
typedef struct {
  /*
   The examples.
   */
  CeBatch examples;
  /*
   Index into the task's labels, one a row.
   */
  const uint32_t *labels;
} CeDataset;

/*
 Log-likelihood of one continuation given its context.
 */
typedef struct {
  /*
   Sum over the continuation's tokens, natural logarithm.
   */
  double sum;
  /*
   Number of those tokens.
   */
  uint64_t tokens;
  /*
   1 where each token is the model's first choice.
   */
  uint8_t greedy;
} CeLoglikelihood;

/*
 How to generate.
 */
typedef struct {
  /*
   Size of this struct.
   */
  size_t struct_size;
  /*
   Longest reply in tokens.
   */
  uint64_t max_tokens;
  /*
   0 = always the likeliest token.
   */
  double temperature;
  /*
   Since 1.3 (see `struct_size`); may be null. A fact about the reply to prompt `index`: one of `CE_REPLY_…`. `context` is the
   sink's.
   */
  void (*note)(void *context, size_t index, uint32_t fact, CeStr why);
} CeGeneration;

/*
 Where texts go. A thought of the model comes before its reply between `<think>` and `</think>`. One call for each prompt of `generate` or example of `explain`, in any order, during that call only.
 */
typedef struct {
  /*
   Handed back.
   */
  void *context;
  /*
   The text for prompt or example `index`.
   */
  void (*put)(void *context, size_t index, CeStr reply);
} CeSink;

/*
 Options of the `n` examples of a batch, one after the other (since 1.4).
 */
typedef struct {
  /*
   Size of this struct.
   */
  size_t struct_size;
  /*
   The options of all examples, in the order in which they are shown.
   */
  const CeStr *texts;
  /*
   Of each example, the place behind its last option: those of example i are `ends[i - 1]..ends[i]`, or `0..ends[0]`.
   */
  const size_t *ends;
} CeOptions;

/*
 What a plugin is. All functions but `create` and `destroy` may be null where the capability is not offered.

 Every function that returns `i32` returns `CE_OK` or a `CE_ERROR_…` and then fills `error`.
 */
typedef struct {
  /*
   `CE_ABI_MAJOR` that the plugin was built with.
   */
  uint32_t abi_major;
  /*
   `CE_ABI_MINOR` that the plugin was built with.
   */
  uint32_t abi_minor;
  /*
   Size of this struct as the plugin knows it.
   */
  size_t struct_size;
  /*
   Sum of `CE_FIT`, `CE_CLASSIFY`, …
   */
  uint64_t capabilities;
  /*
   Name.
   */
  CeStr name;
  /*
   Version.
   */
  CeStr version;
  /*
   How it was built.
   */
  CeStr build_info;
  /*
   Makes a model. `config` is the `[config]` table of the model's TOML as a JSON object.
   */
  int32_t (*create)(CeStr config,
                    const CeTask *task,
                    const CeHost *host,
                    void **handle,
                    CeError *error);
  /*
   Ends a model.
   */
  void (*destroy)(void *handle);
  /*
   Learns from `train`; may choose hyper-parameters on `valid`, which may be empty.
   */
  int32_t (*fit)(void *handle, const CeDataset *train, const CeDataset *valid, CeError *error);
  /*
   Writes `n * n_labels` scores, row-major, higher wins; sets `answered[i]` (1 on entry) to 0 where it has no answer;
   writes to `rows` how many rows it filled, which must be `n`.
   */
  int32_t (*classify)(void *handle,
                      const CeBatch *batch,
                      float *scores,
                      uint8_t *answered,
                      size_t *rows,
                      CeError *error);
  /*
   Width of the vectors.
   */
  size_t (*dimension)(void *handle);
  /*
   Writes `n * dimension` numbers, row-major; `rows` as for `classify`.
   */
  int32_t (*embed)(void *handle, const CeBatch *batch, float *vectors, size_t *rows, CeError *error);
  /*
   Writes one result for each of `n` pairs of context and continuation.
   */
  int32_t (*loglikelihood)(void *handle,
                           size_t n,
                           const CeStr *contexts,
                           const CeStr *continuations,
                           CeLoglikelihood *results,
                           size_t *rows,
                           CeError *error);
  /*
   Hands the reply to each of `n` prompts to the sink.
   */
  int32_t (*generate)(void *handle,
                      size_t n,
                      const CeStr *prompts,
                      const CeGeneration *how,
                      const CeSink *sink,
                      CeError *error);
  /*
   Writes the fitted model to an existing empty folder.
   */
  int32_t (*save)(void *handle, CeStr folder, CeError *error);
  /*
   Reads what `save` wrote, into a handle created with the same configuration and task.
   */
  int32_t (*load)(void *handle, CeStr folder, CeError *error);
  /*
   Since 1.1. Hands a JSON object for each example to the sink: what in the model leads to its answer.
   */
  int32_t (*explain)(void *handle, const CeBatch *batch, const CeSink *sink, CeError *error);
  /*
   Since 1.2, in place of `fit`. Learns from a piece of a part (`CE_PART_TRAIN`, `CE_PART_VALID`). A pass is all pieces of
   train, in order, then all of valid, then `fit_end`.
   */
  int32_t (*fit_piece)(void *handle, uint32_t part, const CeDataset *piece, CeError *error);
  /*
   Since 1.2. A pass is over; writes 1 to `again` where another one is needed, 0 where the model is fitted.
   */
  int32_t (*fit_end)(void *handle, uint8_t *again, CeError *error);
  /*
   Since 1.4. Writes a score for every option of every example, in their order, higher wins; `answered` and `rows` (examples)
   as for `classify`.
   */
  int32_t (*choose)(void *handle,
                    const CeBatch *batch,
                    const CeOptions *options,
                    float *scores,
                    uint8_t *answered,
                    size_t *rows,
                    CeError *error);
} CePlugin;

#endif  /* CULTURE_EVAL_PLUGIN_H */

#if defined(_WIN32)
#define CE_EXPORT __declspec(dllexport)
#else
#define CE_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif
/* The one symbol that a plugin exports: returns its static table. */
CE_EXPORT const CePlugin *culture_eval_plugin_v1(void);
#ifdef __cplusplus
}
#endif
