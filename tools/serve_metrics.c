/* SPDX-License-Identifier: BSD-2-Clause */
/* What p2p-serve did, counted for Prometheus (text format 0.0.4). */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "serve.h"

static const double bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
enum { BOUNDS = sizeof(bounds) / sizeof(bounds[0]), CODES = 600 };

struct ServeMetrics {
    pthread_mutex_t lock; /* over all below */
    unsigned long long codes[CODES];
    unsigned long long within[BOUNDS + 1]; /* above the bound before; the last: of all */
    double seconds;
};

double serve_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

ServeMetrics *serve_metrics_create(void)
{
    ServeMetrics *m = calloc(1, sizeof(*m));

    if (m)
        pthread_mutex_init(&m->lock, NULL);
    return m;
}

void serve_metrics_destroy(ServeMetrics *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void serve_metrics_count(ServeMetrics *m, int code)
{
    pthread_mutex_lock(&m->lock);
    m->codes[code >= 0 && code < CODES ? code : 0]++;
    pthread_mutex_unlock(&m->lock);
}

void serve_metrics_time(ServeMetrics *m, double seconds)
{
    size_t i = 0;

    while (i < BOUNDS && seconds > bounds[i])
        i++;
    pthread_mutex_lock(&m->lock);
    m->within[i]++;
    m->seconds += seconds;
    pthread_mutex_unlock(&m->lock);
}

void serve_metrics_write(ServeMetrics *m, FILE *out)
{
    unsigned long long sum = 0;

    pthread_mutex_lock(&m->lock);
    fprintf(out, "# HELP p2p_requests_total Requests by HTTP status; 499: the client went away.\n"
                 "# TYPE p2p_requests_total counter\n");
    for (int i = 0; i < CODES; i++)
        if (m->codes[i])
            fprintf(out, "p2p_requests_total{code=\"%d\"} %llu\n", i, m->codes[i]);
    fprintf(out, "# HELP p2p_translate_seconds From a picture's arrival to its answer.\n"
                 "# TYPE p2p_translate_seconds histogram\n");
    for (size_t i = 0; i < BOUNDS; i++)
        fprintf(out, "p2p_translate_seconds_bucket{le=\"%g\"} %llu\n", bounds[i],
                sum += m->within[i]);
    sum += m->within[BOUNDS];
    fprintf(out,
            "p2p_translate_seconds_bucket{le=\"+Inf\"} %llu\np2p_translate_seconds_sum %.6f\n"
            "p2p_translate_seconds_count %llu\n",
            sum, m->seconds, sum);
    pthread_mutex_unlock(&m->lock);
}
