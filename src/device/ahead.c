/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiling ahead. PoCL compiles a kernel when it first runs, one at a time in a process whatever the
 * cores, and keeps it in its folder. What is not there yet is compiled by processes of p2p-compile side
 * by side, a program with its kernels each time, those with the most first; then this process finds it
 * all in the folder.
 *
 * What is in PoCL's folder is known by a list of ours beside it, of hashes, so that it goes with the
 * folder. What is in neither is compiled when it runs: a list that is lost or wrong, a process that dies
 * or hangs, cost nothing but time.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/advice.h"
#include "src/device/helper.h"
#include "src/device/internal.h"

enum { MOST_HELPERS = 16, MOST_LIST_BYTES = 1 << 20, HASH_TEXT = 17 };
/* The longest that one answer may take: so many seconds, and times the longest until then. */
enum { PATIENCE_S = 30, PATIENCE_TIMES = 4 };

/* A kernel as PoCL compiles it: for a group size, and apart for wide grids. */
typedef struct Kernel {
    const P2pLaunch *launch;
    char hash[HASH_TEXT + 1]; /* a line of the list */
    bool known;
} Kernel;

/* One program with the kernels of it that are missing: a piece of work. */
typedef struct Job {
    const char *program, *options;
    unsigned long long hash;
    Kernel *kernels;
    size_t count, capacity;
} Job;

typedef struct Worker {
    P2pHelper helper;
    const Job *job; /* NULL: it rests */
    size_t answers; /* of its job so far */
    double since;   /* the last answer */
} Worker;

typedef struct Ahead {
    P2pDevice *device;
    Job *jobs;
    size_t job_count, job_capacity, next;
    Worker workers[MOST_HELPERS];
    int worker_count, done, count;
    double longest;
    char *list_path, *list; /* of what is compiled */
    int list_end;           /* a descriptor to append to it */
} Ahead;

/* ---- What is missing ------------------------------------------------------------------------- */

static bool equal_grids(const P2pLaunch *a, const P2pLaunch *b)
{
    return !memcmp(a->local, b->local, sizeof(a->local)) &&
           p2p_launch_is_wide(a) == p2p_launch_is_wide(b);
}

static Job *job_of(Ahead *a, const P2pLaunch *l)
{
    for (size_t i = 0; i < a->job_count; i++)
        if (!strcmp(a->jobs[i].program, l->program) && !strcmp(a->jobs[i].options, l->options))
            return &a->jobs[i];
    if (p2p_grow((void **)&a->jobs, &a->job_capacity, a->job_count + 1, sizeof(*a->jobs)) < 0)
        return NULL;
    Job *job = &a->jobs[a->job_count];
    *job = (Job){.program = l->program, .options = l->options};
    return p2p_program_hash(a->device, l->program, l->options, &job->hash) < 0
               ? NULL
               : &a->jobs[a->job_count++];
}

static bool is_listed(const Ahead *a, const char *line)
{
    return a->list && strstr(a->list, line);
}

static void add_launch(Ahead *a, const P2pLaunch *l)
{
    Job *job = l->local[0] ? job_of(a, l) : NULL;

    for (size_t i = 0; job && i < job->count; i++)
        if (!strcmp(job->kernels[i].launch->kernel, l->kernel) &&
            equal_grids(job->kernels[i].launch, l))
            return;
    if (!job ||
        p2p_grow((void **)&job->kernels, &job->capacity, job->count + 1, sizeof(*job->kernels)) < 0)
        return;
    Kernel *k = &job->kernels[job->count++];
    const bool wide = p2p_launch_is_wide(l);
    unsigned long long hash = p2p_fnv(job->hash, l->kernel, strlen(l->kernel) + 1);
    hash = p2p_fnv(hash, l->local, sizeof(l->local));
    *k = (Kernel){.launch = l};
    snprintf(k->hash, sizeof(k->hash), "%016llx\n", p2p_fnv(hash, &wide, sizeof(wide)));
    k->known = is_listed(a, k->hash);
}

static int compare_jobs(const void *x, const void *y)
{
    const Job *a = x, *b = y;

    return (a->count < b->count) - (a->count > b->count);
}

/* Keep what is not known, the most work first. */
static void sort_out(Ahead *a)
{
    size_t kept = 0;

    for (size_t i = 0; i < a->job_count; i++) {
        Job *job = &a->jobs[i];
        size_t missing = 0;
        for (size_t k = 0; k < job->count; k++)
            if (!job->kernels[k].known)
                job->kernels[missing++] = job->kernels[k];
        job->count = missing;
        a->count += (int)missing;
    }
    if (a->job_count)
        qsort(a->jobs, a->job_count, sizeof(*a->jobs), compare_jobs);
    while (kept < a->job_count && a->jobs[kept].count > 0)
        kept++;
    for (size_t i = kept; i < a->job_count; i++)
        free(a->jobs[i].kernels);
    a->job_count = kept;
}

/* A list that has grown too long begins anew. */
static void read_list(Ahead *a)
{
    char *folder = p2p_pocl_folder(NULL);
    unsigned char *data = NULL;
    size_t bytes = 0;

    a->list_path = folder ? p2p_format("%s/pix2pix-cl.list", folder) : NULL;
    free(folder);
    if (!a->list_path || !p2p_file_exists(a->list_path))
        return;
    if (p2p_file_read(a->list_path, MOST_LIST_BYTES, &data, &bytes) < 0) {
        remove(a->list_path);
        return;
    }
    if ((a->list = p2p_alloc(bytes + 1, 1)))
        memcpy(a->list, data, bytes);
    free(data);
}

/* Several processes may do so at once: a line is one write. */
static void list(const Ahead *a, const Job *job)
{
    for (size_t i = 0; i < job->count; i++)
        if (write(a->list_end, job->kernels[i].hash, HASH_TEXT) != HASH_TEXT)
            break;
}

/* Where nothing can be written PoCL cannot either. */
static bool open_list(Ahead *a)
{
    a->list_end =
        a->list_path ? open(a->list_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    return a->list_end >= 0;
}

/* ---- Work ------------------------------------------------------------------------------------ */

static void tell(const Ahead *a)
{
    if (a->device->compiling)
        a->device->compiling(a->device->compiling_user, a->done, a->count);
}

static bool send_job(const P2pHelper *helper, const Job *job)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        return false;
    fprintf(out, "%s\n%s\n", job->program, job->options);
    for (size_t i = 0; i < job->count; i++)
        p2p_launch_print(out, job->kernels[i].launch);
    fputc('\n', out);
    const bool ok = fclose(out) == 0 && p2p_helper_send(helper, text, bytes);
    free(text);
    return ok;
}

/* Give it the next job, or let it go. */
static void give(Ahead *a, Worker *w)
{
    w->job = a->next < a->job_count ? &a->jobs[a->next++] : NULL;
    w->answers = 0;
    w->since = p2p_seconds();
    if (!w->job || !send_job(&w->helper, w->job)) {
        w->job = NULL;
        p2p_helper_end(&w->helper);
    }
}

static void start(Ahead *a)
{
    char index[16], width[16];
    char *argv[] = {a->device->compiler, index, width, NULL};
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = cores < 1 ? 1 : cores > MOST_HELPERS ? MOST_HELPERS : (size_t)cores;

    wanted = wanted < a->job_count ? wanted : a->job_count;
    snprintf(index, sizeof(index), "%d", a->device->index);
    snprintf(width, sizeof(width), "%d", a->device->caps.vector_width);
    for (size_t i = 0; i < wanted; i++) {
        Worker *w = &a->workers[a->worker_count];
        if (!p2p_helper_start(&w->helper, argv))
            break;
        a->worker_count++;
        give(a, w);
    }
}

/* An answer is a byte for each kernel of the job, in turn. */
static void hear(Ahead *a, Worker *w)
{
    char answers[64];
    const size_t left = w->job->count - w->answers;
    const size_t n =
        p2p_helper_receive(&w->helper, answers, left < sizeof(answers) ? left : sizeof(answers));
    const double now = p2p_seconds();

    a->longest = now - w->since > a->longest ? now - w->since : a->longest;
    w->since = now;
    w->answers += n;
    a->done += (int)n;
    if (n == 0) {
        w->job = NULL;
        p2p_helper_end(&w->helper);
    } else if (w->answers == w->job->count) {
        list(a, w->job);
        give(a, w);
    }
}

static void end_silent(Ahead *a)
{
    const double patience = PATIENCE_S + PATIENCE_TIMES * a->longest;

    for (int i = 0; i < a->worker_count; i++)
        if (a->workers[i].job && p2p_seconds() - a->workers[i].since > patience) {
            a->workers[i].job = NULL;
            p2p_helper_end(&a->workers[i].helper);
        }
}

/* Until all have done their last job, or are gone. */
static void work(Ahead *a)
{
    enum { STEP_MS = 200 };

    for (;;) {
        struct pollfd fds[MOST_HELPERS];
        Worker *busy[MOST_HELPERS];
        nfds_t count = 0;

        for (int i = 0; i < a->worker_count; i++)
            if (a->workers[i].job) {
                busy[count] = &a->workers[i];
                fds[count++] = (struct pollfd){.fd = a->workers[i].helper.fd, .events = POLLIN};
            }
        if (count == 0)
            return;
        if (poll(fds, count, STEP_MS) > 0)
            for (nfds_t i = 0; i < count; i++)
                if (fds[i].revents)
                    hear(a, busy[i]);
        end_silent(a);
        tell(a);
    }
}

static bool is_useful(const P2pDevice *d)
{
    const char *kept = getenv("POCL_KERNEL_CACHE");

    return !strcmp(d->caps.platform, P2P_POCL) && d->caps.is_cpu && (!kept || strcmp(kept, "0")) &&
           !p2p_programs_are_overridden();
}

void p2p_compile_ahead(P2pDevice *d, const P2pLaunch *const *launches, size_t count)
{
    Ahead a = {.device = d};
    const double from = p2p_seconds();

    if (!is_useful(d) || access(d->compiler, X_OK) != 0)
        return;
    read_list(&a);
    for (size_t i = 0; i < count; i++)
        add_launch(&a, launches[i]);
    sort_out(&a);
    /* One alone is as quick in this process. */
    if (a.job_count > 1 && open_list(&a)) {
        tell(&a);
        start(&a);
        work(&a);
        p2p_log(d->log, P2P_LOG_INFO, "%d of %d kernels compiled by %d processes in %.1f s", a.done,
                a.count, a.worker_count, p2p_seconds() - from);
        a.done = a.count;
        tell(&a);
        close(a.list_end);
    }
    for (size_t i = 0; i < a.job_count; i++)
        free(a.jobs[i].kernels);
    free(a.jobs);
    free(a.list_path);
    free(a.list);
}
