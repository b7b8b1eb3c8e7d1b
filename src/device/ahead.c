/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiling ahead, by processes of p2p-compile side by side, a program with its kernels each time, those
 * with the most first.
 *
 * PoCL compiles a kernel when it first runs, one at a time in a process whatever the cores, and keeps it in
 * its folder, where this process finds it then. What is in the folder is known by a list of ours beside it,
 * of hashes, so that it goes with the folder. What is in neither is compiled when it runs: a list that is
 * lost or wrong, a process that dies or hangs, cost nothing but time.
 *
 * Other drivers compile a program when it is built, and keep it, or we do (program.c). What became of a program
 * is kept by us (builds.c); those that a compiler has died of are not built here. Of risky programs, on any
 * device, the same is kept where it did not come back in time.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/advice.h"
#include "src/device/helper.h"
#include "src/device/internal.h"

enum { MOST_HELPERS = 16, MOST_LIST_BYTES = 1 << 20, HASH_TEXT = 17 };
/* The longest that one answer may take: the device's patience_s, and so many times the longest until then. */
enum { PATIENCE_TIMES = 4, SAVING_S = 30 };

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
    bool untried; /* nobody knows what becomes of it */
    bool risky;
} Job;

typedef struct Worker {
    P2pHelper helper;
    const Job *job; /* NULL: it rests */
    size_t answers; /* of its job so far */
    double since;   /* the last answer */
    bool ready;     /* its device is open: what it dies of is its job */
} Worker;

typedef struct Ahead {
    P2pDevice *device;
    bool pocl; /* which compiles kernels when they run, and keeps them */
    bool all;  /* not risky ones alone */
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
    if (p2p_program_hash(a->device, l->program, l->options, &job->hash) < 0)
        return NULL;
    char verdict[32];
    job->risky = l->risky;
    job->untried = (l->risky || !a->pocl) && !p2p_programs_are_overridden() &&
                   !p2p_builds_find(a->device, job->hash, verdict, sizeof(verdict));
    return &a->jobs[a->job_count++];
}

static bool is_listed(const Ahead *a, const char *line)
{
    return a->list && strstr(a->list, line);
}

static void add_launch(Ahead *a, const P2pLaunch *l)
{
    const bool wanted = l->risky || (a->all && (l->local[0] || !a->pocl));
    Job *job = wanted ? job_of(a, l) : NULL;

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
    k->known = !job->untried && (!a->all || !a->pocl || is_listed(a, k->hash));
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
    for (size_t i = 0; i < a->job_count; i++)
        if (a->jobs[i].count)
            a->jobs[kept++] = a->jobs[i];
        else
            free(a->jobs[i].kernels);
    a->job_count = kept;
    /* Others have few kernels in a program: those that are asked for first stay in front. */
    if (kept && a->pocl)
        qsort(a->jobs, kept, sizeof(*a->jobs), compare_jobs);
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
    if (a->device->compiling && !a->device->tuning.busy)
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

/* There is time for another job. */
static bool has_next(const Ahead *a)
{
    const double end = a->device->ahead_end;

    return a->next < a->job_count && (end <= 0 || p2p_seconds() < end);
}

/* Give it the next job, or let it go. */
static void give(Ahead *a, Worker *w)
{
    w->job = has_next(a) ? &a->jobs[a->next++] : NULL;
    w->answers = 0;
    w->since = p2p_seconds();
    if (!w->job || !send_job(&w->helper, w->job)) {
        w->job = NULL;
        p2p_helper_close(&w->helper);
    }
}

static bool start_one(Ahead *a, Worker *w)
{
    char index[16], width[16];
    char *argv[] = {a->device->compiler, index, width, NULL};

    snprintf(index, sizeof(index), "%d", a->device->index);
    /* GPUs have vectors of 1, which nobody asks for. */
    snprintf(width, sizeof(width), "%d",
             a->device->caps.vector_width > 1 ? a->device->caps.vector_width : 0);
    *w = (Worker){0};
    if (!p2p_helper_start(&w->helper, argv))
        return false;
    give(a, w);
    return true;
}

/* One a core; on a GPU's memory each has a part. */
static size_t worker_count(const Ahead *a)
{
    const P2pCaps *caps = &a->device->caps;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t room = caps->is_cpu ? MOST_HELPERS : 1 + (caps->memory_bytes >> 31);
    size_t wanted = cores < 1 ? 1 : (size_t)cores;

    wanted = wanted < MOST_HELPERS ? wanted : MOST_HELPERS;
    wanted = wanted < room ? wanted : room;
    return wanted < a->job_count ? wanted : a->job_count;
}

static void start(Ahead *a)
{
    const size_t wanted = worker_count(a);

    while (a->worker_count < (int)wanted && start_one(a, &a->workers[a->worker_count]))
        a->worker_count++;
}

/* What a process has died of, as waitpid() tells it, or 0: it was silent for so long. */
static void note_death(const Ahead *a, const Job *job, int status, double silent_s)
{
    char verdict[96];

    if (silent_s > 0)
        snprintf(verdict, sizeof(verdict), "has not answered for %.0f s", silent_s);
    else if (WIFSIGNALED(status))
        snprintf(verdict, sizeof(verdict), "died of signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(verdict, sizeof(verdict), "ended with status %d", WEXITSTATUS(status));
    p2p_builds_note(a->device, job->hash, job->program, verdict);
}

/* One that has gone before its job was done, or (failed) says that it cannot do it; another does the next. */
static void replace(Ahead *a, Worker *w, bool failed, double silent_s)
{
    enum { GOING_S = 1 };
    const Job *job = w->job;
    const bool was_ready = w->ready;
    const int status = p2p_helper_end(&w->helper, silent_s > 0 ? 0 : GOING_S);

    w->job = NULL;
    if (was_ready && job->untried && !failed && (job->risky || silent_s <= 0))
        note_death(a, job, status, silent_s);
    if (was_ready && has_next(a))
        start_one(a, w);
}

static void finish_job(Ahead *a, Worker *w)
{
    if (w->job->untried)
        p2p_builds_note(a->device, w->job->hash, w->job->program, P2P_BUILT);
    if (a->pocl && a->all)
        list(a, w->job);
    give(a, w);
}

static void hear(Ahead *a, Worker *w)
{
    char answers[64];
    const size_t n = p2p_helper_receive(&w->helper, answers, sizeof(answers));
    const double now = p2p_seconds();
    bool failed = false;

    a->longest = now - w->since > a->longest ? now - w->since : a->longest;
    w->since = now;
    for (size_t i = 0; i < n; i++) {
        const bool compiled = answers[i] == P2P_COMPILED && w->answers < w->job->count;
        w->ready |= answers[i] == P2P_READY;
        failed |= answers[i] == P2P_NOT_COMPILED;
        w->answers += compiled;
        a->done += compiled;
    }
    if (n == 0 || failed)
        replace(a, w, failed, 0);
    else if (w->answers == w->job->count)
        finish_job(a, w);
}

static void end_silent(Ahead *a)
{
    const double patience = a->device->patience_s + PATIENCE_TIMES * a->longest;
    const double now = p2p_seconds(), end = a->device->ahead_end;

    for (int i = 0; i < a->worker_count; i++) {
        Worker *w = &a->workers[i];
        if (w->job && end > 0 && now > end) { /* nobody waits for it any more */
            p2p_helper_end(&w->helper, 0);
            w->job = NULL;
        } else if (w->job && now - w->since > patience) {
            replace(a, w, false, patience);
        }
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

/* Those that are still there end by themselves, and write binaries then where drivers do not keep them. */
static void end_all(Ahead *a)
{
    for (int i = 0; i < a->worker_count; i++)
        p2p_helper_end(&a->workers[i].helper, a->pocl ? 0 : SAVING_S);
}

/* Whether all kernels are compiled ahead: where the driver keeps them, or we do. */
static bool takes_all(const P2pDevice *d)
{
    const char *kept = getenv("POCL_KERNEL_CACHE");

    if (p2p_programs_are_overridden())
        return false;
    return strcmp(d->caps.platform, P2P_POCL) ? d->caps.caches_binaries || d->cache_bytes
                                              : d->caps.is_cpu && (!kept || strcmp(kept, "0"));
}

static bool has_risky(const Ahead *a)
{
    for (size_t i = 0; i < a->job_count; i++)
        if (a->jobs[i].untried && a->jobs[i].risky)
            return true;
    return false;
}

static void compile(Ahead *a)
{
    const double from = p2p_seconds();

    tell(a);
    start(a);
    work(a);
    end_all(a);
    p2p_log(a->device->log, P2P_LOG_INFO, "%d of %d kernels compiled by %d processes in %.1f s",
            a->done, a->count, a->worker_count, p2p_seconds() - from);
    a->done = a->count;
    tell(a);
}

void p2p_compile_ahead(P2pDevice *d, const P2pLaunch *const *launches, size_t count)
{
    Ahead a = {.device = d,
               .pocl = !strcmp(d->caps.platform, P2P_POCL),
               .all = takes_all(d),
               .list_end = -1};

    if (access(d->compiler, X_OK) != 0)
        return;
    if (a.all && a.pocl)
        read_list(&a);
    for (size_t i = 0; i < count; i++)
        add_launch(&a, launches[i]);
    sort_out(&a);
    if (a.all && a.pocl && a.job_count)
        a.all = open_list(&a);
    /* One alone, if it does no harm, is as quick in this process. */
    if (has_risky(&a) || (a.all && a.job_count > 1))
        compile(&a);
    if (a.list_end >= 0)
        close(a.list_end);
    for (size_t i = 0; i < a.job_count; i++)
        free(a.jobs[i].kernels);
    free(a.jobs);
    free(a.list_path);
    free(a.list);
}
