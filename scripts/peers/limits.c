/* What this machine can do at most: bytes a second from memory, float32 operations a second, look-ups in a small table a second.
   cc -O3 -march=native -pthread limits.c -o limits; limits THREADS prints one line of JSON. Each figure is the best of several tries. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef __AVX512F__
#define BYTES 64
#else
#define BYTES 32
#endif
typedef float vector __attribute__((vector_size(BYTES)));
enum { LANES = BYTES / 4, SUMS = 12, ROUNDS = 40 * 1000 * 1000, FLOATS = 1 << 26, LOOKUPS = 1 << 28, CELLS = 1 << 10 };

/* Seconds of the processor that this thread had: a neighbour on it does not make the machine smaller. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

struct part { float *a, *b, *c; uint32_t *places, *table; double result; pthread_barrier_t *gate; double seconds; };

/* Twelve sums that do not wait for each other, each in a register of its own. */
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define START(n) vector s##n = x * (n + 1.0f);
#define STEP(n) s##n = s##n * x + y;
#define TAKE(n) part->result += s##n[0];

static void *multiply(void *at) {
    struct part *part = at;
    vector x, y;
    for (int i = 0; i < LANES; i++) x[i] = 0.999f, y[i] = 1e-3f;
    EACH(START)
    pthread_barrier_wait(part->gate);
    double begin = now();
    for (long r = 0; r < ROUNDS / SUMS; r++) {
        EACH(STEP)
    }
    part->seconds = now() - begin;
    EACH(TAKE)
    return 0;
}

static void *triad(void *at) { /* McCalpin's STREAM */
    struct part *part = at;
    pthread_barrier_wait(part->gate);
    double begin = now();
    for (long i = 0; i < FLOATS; i++) part->a[i] = part->b[i] + 3.0f * part->c[i];
    part->seconds = now() - begin;
    part->result = part->a[FLOATS / 2];
    return 0;
}

static void *look_up(void *at) {
    struct part *part = at;
    uint64_t sums[4] = {0};
    pthread_barrier_wait(part->gate);
    double begin = now();
    for (long i = 0; i < LOOKUPS; i += 4)
        for (int s = 0; s < 4; s++) sums[s] += part->table[part->places[(i + s) % CELLS]];
    part->seconds = now() - begin;
    part->result = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
    return 0;
}

/* The longest of all threads, the shortest of five tries. */
static double best(struct part *parts, int threads, void *(*work)(void *)) {
    double least = 1e9;
    for (int try = 0; try < 5; try++) {
        pthread_barrier_t gate;
        pthread_t ids[64];
        pthread_barrier_init(&gate, 0, threads);
        for (int t = 0; t < threads; t++) parts[t].gate = &gate, pthread_create(&ids[t], 0, work, &parts[t]);
        double most = 0;
        for (int t = 0; t < threads; t++) {
            pthread_join(ids[t], 0);
            if (parts[t].seconds > most) most = parts[t].seconds;
        }
        if (most < least) least = most;
    }
    return least;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    if (threads < 1 || threads > 64) return 2;
    struct part parts[64] = {0};
    for (int t = 0; t < threads; t++) {
        struct part *p = &parts[t];
        p->a = malloc(4L * FLOATS), p->b = malloc(4L * FLOATS), p->c = malloc(4L * FLOATS);
        p->places = malloc(4 * CELLS), p->table = malloc(4 * CELLS);
        if (!p->a || !p->b || !p->c || !p->places || !p->table) return 1;
        for (long i = 0; i < FLOATS; i++) p->a[i] = 0, p->b[i] = 1, p->c[i] = 2;
        for (int i = 0; i < CELLS; i++) p->places[i] = i * 2654435761u % CELLS, p->table[i] = i;
    }
    double flop = 2.0 * ROUNDS * LANES * threads / best(parts, threads, multiply);
    double bytes = 12.0 * FLOATS * threads / best(parts, threads, triad);
    double found = 1.0 * LOOKUPS * threads / best(parts, threads, look_up);
    printf("{\"threads\": %d, \"flop_per_s\": %.4g, \"bytes_per_s\": %.4g, \"lookups_per_s\": %.4g, \"vector_bytes\": %d}\n", threads, flop, bytes, found, BYTES);
    return 0;
}
