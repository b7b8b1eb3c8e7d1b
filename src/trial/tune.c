/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tuning: for each convolution the ways that this device can go are run at the real size, timed from the first
 * launch's start to the last one's end, and checked against the reference before they are used. A weight gradient that Adam alone
 * reads is measured with Adam's step, in one or behind it.
 *
 * QUICK leaves out what is hardly worth the time: the safest variant where there is another, those that build
 * another library's kernels, other forms of a variant that is far behind, and such a variant altogether when it
 * was so more than once. The rule's way is kept unless another is clearly faster, so that noise changes no bits.
 */
#include "src/trial/tune.h"

#include <stdio.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/trial/sample.h"
#include "src/trial/tuned.h"

enum { MOST_SEEN = 128, LEAST_RUNS = 3, MOST_RUNS = 20, SMALL_MACS = 1 << 22 };
enum { MOST_BUFFERS = 1024, MOST_VARIANTS = 16, DIRECTIONS = 3, HOPELESS = 2 };
#define QUICK_TIMING_S 0.01
#define FULL_TIMING_S 0.1
#define FAR_BEHIND 2.5 /* other forms will not make up for it */
#define BEHIND 1.5     /* one run has said enough */
#define CLEARLY 0.97
#define AHEAD_SHARE 0.4 /* of the time there is, to compile */

/* A way that was measured. */
typedef struct Measured {
    char name[48]; /* "tile:3" */
    double seconds;
} Measured;

typedef struct Tuner {
    P2pDevice *device;
    const P2pCaps *caps;
    P2pChoice choice;
    bool full;
    double end; /* when its time is over */
    int done, changed;
    int behind[DIRECTIONS][MOST_VARIANTS]; /* how often a variant was far behind */
} Tuner;

/* A job at work. */
typedef struct Subject {
    Tuner *u;
    const P2pTuneJob *job;
    P2pSample alone, fused; /* made when first needed */
    double adam_s;          /* of Adam alone; 0: not measured yet */
    char seen[MOST_SEEN][48];
    int seen_count;
    Measured best, next, by_rule;  /* no name: none */
    Measured first[MOST_VARIANTS]; /* of each variant's own choice */
    bool done;                     /* with these */
} Subject;

const P2pCall *p2p_tune_key(const P2pTuneJob *job)
{
    return job->fused.pass ? &job->fused : &job->call;
}

static const P2pLog *log_of(const Tuner *u)
{
    return p2p_device_log(u->device);
}

static void name_way(char name[48], const P2pWay *way)
{
    if (way->form)
        snprintf(name, 48, "%s:%d", way->variant->name, way->form);
    else
        snprintf(name, 48, "%s", way->variant->name);
}

/* ---- One way ------------------------------------------------------------------------------- */

/* The sample of the two in one, or of the gradient alone. */
static int get_sample(Subject *s, bool fused, P2pSample **out)
{
    P2pSample *sample = fused ? &s->fused : &s->alone;

    *out = sample;
    return sample->device
               ? P2P_OK
               : p2p_sample_create(sample, s->u->device, fused ? &s->job->fused : &s->job->call);
}

/* The least of a few times, fewer of what is behind; some drivers compile in the first run. */
static int time_run(const Tuner *u, P2pTrialRun *run, double best, double *least)
{
    const double most = u->full ? FULL_TIMING_S : QUICK_TIMING_S;
    double total = 0, seconds;
    int err = p2p_sequence_run(run->seq, 0, p2p_sequence_count(run->seq));

    *least = 0;
    for (int i = 0; !err && i < MOST_RUNS && (i < LEAST_RUNS || total < most); i++) {
        if ((err = p2p_sequence_time(run->seq, &seconds)) < 0)
            break;
        total += seconds;
        *least = i && *least < seconds ? *least : seconds;
        if (best > 0 && *least > BEHIND * best)
            break;
    }
    return err;
}

/* Adam's own pass as a plan goes it, on the memory of both samples. */
static int time_adam(Subject *s)
{
    P2pTrial t = {.call = s->job->adam};
    const P2pTensor *fused = s->fused.t.call.t;
    P2pTrialRun run = {0};
    P2pSample *ignored;
    P2pWay way;
    bool lost;
    int err = get_sample(s, true, &ignored);

    if (err)
        return err;
    t.call.t[P2P_ADAM_P] = fused[P2P_CONV_W];
    t.call.t[P2P_ADAM_G] = s->alone.t.call.t[P2P_CONV_W];
    t.call.t[P2P_ADAM_M] = fused[P2P_CONV_M];
    t.call.t[P2P_ADAM_V] = fused[P2P_CONV_V];
    t.call.t[P2P_ADAM_HYPER] = fused[P2P_CONV_HYPER];
    if ((err = p2p_way_choose(&way, &t.call, NULL, s->u->caps, &s->u->choice, &lost)) == P2P_OK &&
        (err = p2p_trial_run_create(&run, s->u->device, &t, &way)) == P2P_OK)
        err = time_run(s->u, &run, 0, &s->adam_s);
    p2p_trial_run_destroy(&run);
    return err;
}

/* It is not taken here any more, which one line tells. */
static void refuse(Tuner *u, const P2pPass *pass, const P2pWay *way, const char *why)
{
    char name[48];

    name_way(name, way);
    p2p_log(log_of(u), P2P_LOG_WARN, "%s; %s is left out from now on", why,
            way->risky ? way->variant->name : name);
    p2p_device_leave_out(u->device, pass->name, (int)strcspn(pass->name, "_"),
                         way->risky ? way->variant->name : name);
    u->choice.broken = p2p_device_left_out(u->device);
}

static int refuse_wrong(Tuner *u, const P2pPass *pass, const P2pWay *way, const char *why)
{
    char name[48];

    name_way(name, way);
    p2p_log(log_of(u), P2P_LOG_WARN, "%s by %s computes wrongly on %s and is never used there: %s",
            pass->name, name, u->caps->name, why);
    const int err = p2p_tuned_add_wrong(u->device, pass, name, why);
    u->choice.broken = p2p_device_left_out(u->device);
    return err;
}

/* Build, time and check a way; *seconds 0: it is none for this device. What is behind is not used, and is
 * checked only where there is time. */
static int try_way(Subject *s, const P2pWay *way, bool fused, double *seconds)
{
    Tuner *u = s->u;
    P2pTrialRun run = {0};
    P2pSample *sample;
    char text[256];
    bool right = true;
    int err = get_sample(s, fused, &sample);

    *seconds = 0;
    if (!err)
        err = p2p_trial_run_create(&run, u->device, &sample->t, way);
    if (!err)
        err = time_run(u, &run, s->best.seconds, seconds);
    if (!err && s->job->fused.pass && !fused) {
        if (!(s->adam_s > 0))
            err = time_adam(s);
        *seconds += s->adam_s;
    }
    if (!err && (u->full || !s->best.name[0] || *seconds < s->best.seconds))
        err = p2p_sample_check(sample, &run, &right, text, sizeof(text));
    if (!err && !right)
        err = refuse_wrong(u, sample->t.call.pass, way, text);
    if (err == P2P_EDEVICE)
        refuse(u, sample->t.call.pass, way, p2p_error());
    p2p_trial_run_destroy(&run);
    if (err || !right)
        *seconds = 0;
    return err == P2P_ETIMEOUT || err == P2P_ENOMEM ? err : P2P_OK;
}

/* ---- All ways of a job --------------------------------------------------------------------- */

static bool is_over(const Tuner *u)
{
    return p2p_seconds() > u->end;
}

static bool see(Subject *s, const char *name)
{
    for (int i = 0; i < s->seen_count; i++)
        if (!strcmp(s->seen[i], name))
            return false;
    if (s->seen_count < MOST_SEEN)
        snprintf(s->seen[s->seen_count++], sizeof(s->seen[0]), "%s", name);
    return true;
}

static void rank(Subject *s, const Measured *m)
{
    if (!s->best.name[0] || m->seconds < s->best.seconds) {
        s->next = s->best;
        s->best = *m;
    } else if (!s->next.name[0] || m->seconds < s->next.seconds) {
        s->next = *m;
    }
}

/* Plan a form of a variant (0: its own choice), with Adam where it can. */
static bool plan(const Tuner *u, const P2pTuneJob *job, const P2pVariant *v, int form, P2pWay *way,
                 bool *fused)
{
    *fused = job->fused.pass && p2p_way_plan_form(way, v, form, &job->fused, u->caps);
    return (*fused || p2p_way_plan_form(way, v, form, &job->call, u->caps)) &&
           !p2p_choice_leaves_out(&u->choice, job->call.pass, v->name, way->form) &&
           (!*fused || !p2p_choice_leaves_out(&u->choice, job->fused.pass, v->name, way->form));
}

/* *m of a form; seconds 0: there is none, or it was measured before, or is none for this device. */
static int measure(Subject *s, const P2pVariant *v, int form, Measured *m)
{
    P2pWay way;
    bool fused;

    *m = (Measured){0};
    if (is_over(s->u) || !plan(s->u, s->job, v, form, &way, &fused))
        return P2P_OK;
    name_way(m->name, &way);
    if (!see(s, m->name))
        return P2P_OK;
    const int err = try_way(s, &way, fused, &m->seconds);
    p2p_log(log_of(s->u), P2P_LOG_DEBUG, "  %s %.1f us", m->name, 1e6 * m->seconds);
    if (!err && m->seconds > 0)
        rank(s, m);
    return err;
}

static int measure_by_rule(Subject *s)
{
    P2pWay way;
    bool lost;
    P2pChoice rule = s->u->choice;

    rule.measured = NULL;
    if (p2p_way_choose(&way, &s->job->call, NULL, s->u->caps, &rule, &lost) < 0)
        return P2P_OK;
    const int err = measure(s, way.variant, way.form, &s->by_rule);
    if (!(s->by_rule.seconds > 0))
        s->by_rule.name[0] = '\0';
    return err;
}

/* How often a variant was far behind in such passes. */
static int *behind(const Subject *s, const P2pVariant *v)
{
    const P2pPass *pass = s->job->call.pass;

    return &s->u->behind[pass->direction][(v - pass->variants) % MOST_VARIANTS];
}

/* What is hardly worth the time. */
static bool is_passed_over(const Subject *s, const P2pVariant *v)
{
    const P2pPass *pass = s->job->call.pass;

    return !s->u->full && s->best.name[0] &&
           (v->foreign || (!v[1].name && pass->macs(&s->job->call) > SMALL_MACS) ||
            *behind(s, v) >= HOPELESS);
}

/* The rule's way, and what each variant takes for its best. */
static int measure_defaults(Subject *s)
{
    int err = measure_by_rule(s);

    for (const P2pVariant *v = s->job->call.pass->variants; !err && v->name; v++) {
        Measured *m = &s->first[(v - s->job->call.pass->variants) % MOST_VARIANTS];
        if (is_passed_over(s, v))
            continue;
        err = measure(s, v, 0, m);
        *behind(s, v) += m->seconds > FAR_BEHIND * s->best.seconds;
    }
    return err;
}

/* The other forms of variants that are not far behind. */
static int measure_forms(Subject *s)
{
    int err = P2P_OK;

    for (const P2pVariant *v = s->job->call.pass->variants; !err && v->name; v++) {
        const Measured *first = &s->first[(v - s->job->call.pass->variants) % MOST_VARIANTS];
        if (!v->has_forms || is_passed_over(s, v) ||
            (!s->u->full && first->seconds > FAR_BEHIND * s->best.seconds))
            continue;
        for (int form = 1; !err && form < P2P_FORMS; form++) {
            Measured m;
            err = measure(s, v, form, &m);
        }
    }
    return err;
}

/* What is kept of a job, with its runner-up. */
static int keep(Subject *s)
{
    const bool by_rule = s->by_rule.name[0] && s->best.seconds > CLEARLY * s->by_rule.seconds;
    const bool rule_is_best = !strcmp(s->best.name, s->by_rule.name);
    const Measured *chosen = by_rule ? &s->by_rule : &s->best;
    const Measured *other = !by_rule && s->by_rule.name[0] ? &s->by_rule
                            : rule_is_best                 ? &s->next
                                                           : &s->best;
    char words[160];
    int used = snprintf(words, sizeof(words), "%s %.1f us", chosen->name, 1e6 * chosen->seconds);

    if (other->name[0])
        snprintf(words + used, sizeof(words) - (size_t)used, ", %s%s %.1f us",
                 by_rule ? "" : "by the rule ", other->name, 1e6 * other->seconds);
    s->u->changed += !by_rule;
    return p2p_tuned_add(s->u->device, p2p_tune_key(s->job), words);
}

/* One round for a job, on memory that goes back behind it. */
static int tune_job(Subject *s, int (*measure_some)(Subject *s))
{
    char text[P2P_CALL_TEXT];

    p2p_call_text(p2p_tune_key(s->job), text);
    p2p_log(log_of(s->u), P2P_LOG_DEBUG, "tuning %s", text);
    const int err = measure_some(s);
    p2p_sample_destroy(&s->alone);
    p2p_sample_destroy(&s->fused);
    s->done |= !is_over(s->u);
    return err;
}

/* ---- Compiling ahead ------------------------------------------------------------------------ */

/* All ways of all jobs as launches on memory that nobody fills, for their programs. */
typedef struct Ahead {
    const Tuner *u;
    P2pSequence *seq;
    P2pBuffer *work;
    size_t work_bytes;
    P2pBuffer *buffers[MOST_BUFFERS];
    int count;
} Ahead;

static int bind(Ahead *a, P2pCall *call)
{
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++) {
        if (!p2p_call_has(call, i))
            continue;
        const size_t bytes = (size_t)call->t[i].offset * p2p_type_bytes(call->t[i].type) +
                             p2p_tensor_bytes(&call->t[i]);
        if (a->count == MOST_BUFFERS)
            return P2P_ENOMEM;
        err = p2p_buffer_create(&a->buffers[a->count], a->u->device, bytes);
        if (!err)
            call->t[i].buffer = a->buffers[a->count++];
    }
    return err;
}

/* Emit (or, without a sequence, measure the scratch memory of) one form of each variant. */
static int emit_form(Ahead *a, const P2pTuneJob *job, const P2pCall *bound, int form)
{
    int err = P2P_OK;

    for (const P2pVariant *v = job->call.pass->variants; v->name && !err; v++) {
        P2pWay way;
        bool fused;
        if (v->foreign || (!v[1].name && !a->u->full) || (form && !v->has_forms) ||
            !plan(a->u, job, v, form, &way, &fused))
            continue;
        if (!a->seq)
            a->work_bytes = way.work_bytes > a->work_bytes ? way.work_bytes : a->work_bytes;
        else
            err = v->emit(a->seq, &bound[fused], &way, a->work);
    }
    return err;
}

static int emit_all(Ahead *a, const P2pTuneJob *const *due, int count, P2pCall (*bound)[2])
{
    int err = P2P_OK;

    for (int form = 0; form < P2P_FORMS && !err; form++)
        for (int i = 0; i < count && !err; i++)
            err = emit_form(a, due[i], bound[i], form);
    return err;
}

/* Where there is no room for all of it, programs are built when they are measured. */
static void compile_ahead(const Tuner *u, const P2pTuneJob *const *due, int count)
{
    Ahead *a = p2p_alloc(1, sizeof(*a));
    P2pCall(*bound)[2] = p2p_alloc((size_t)count, sizeof(*bound));
    int err = a && bound ? P2P_OK : P2P_ENOMEM;

    if (!err) {
        a->u = u;
        err = emit_all(a, due, count, bound);
    }
    for (int i = 0; i < count && !err; i++) {
        bound[i][0] = due[i]->call;
        bound[i][1] = due[i]->fused;
        err = bind(a, &bound[i][due[i]->fused.pass != NULL]);
        if (!err && due[i]->fused.pass) /* the gradient alone goes where the weights are */
            memcpy(bound[i][0].t, bound[i][1].t, (P2P_CONV_Y + 1) * sizeof(bound[i][0].t[0]));
    }
    if (!err && a->work_bytes)
        err = p2p_buffer_create(&a->work, u->device, a->work_bytes);
    if (!err && (err = p2p_sequence_create(&a->seq, u->device)) == P2P_OK)
        err = emit_all(a, due, count, bound);
    if (!err)
        p2p_sequence_compile(a->seq, AHEAD_SHARE * (u->end - p2p_seconds()));
    if (a) {
        p2p_sequence_destroy(&a->seq);
        p2p_buffer_destroy(&a->work);
        while (a->count)
            p2p_buffer_destroy(&a->buffers[--a->count]);
    }
    free(bound);
    free(a);
}

/* ---- All jobs ------------------------------------------------------------------------------ */

static int compare_jobs(const void *a, const void *b)
{
    const P2pCall *x = &(*(const P2pTuneJob *const *)a)->call;
    const P2pCall *y = &(*(const P2pTuneJob *const *)b)->call;
    const double more = x->pass->macs(x) - y->pass->macs(y);

    return (more < 0) - (more > 0);
}

static bool is_due(const P2pTuneJob *job, const P2pTuneJob *const *others, int count,
                   const char *known, const P2pChoice *choice)
{
    char text[P2P_CALL_TEXT], other[P2P_CALL_TEXT];
    size_t n;

    p2p_call_text(p2p_tune_key(job), text);
    if (p2p_remembered(known, text, &n) || p2p_choice_is_given(choice, &job->call) ||
        !p2p_sample_takes(&job->call))
        return false;
    for (int i = 0; i < count; i++) {
        p2p_call_text(p2p_tune_key(others[i]), other);
        if (!strcmp(text, other))
            return false;
    }
    return true;
}

/* All jobs' defaults before any other form, so that a short time reaches all. */
static int tune_rounds(Tuner *u, Subject *subjects, int count)
{
    const P2pTuning *t = p2p_device_tuning_state(u->device);
    int err = P2P_OK;

    for (int i = 0; i < 2 * count && !err && !is_over(u); i++) {
        err = tune_job(&subjects[i % count], i < count ? measure_defaults : measure_forms);
        if (t->tell)
            t->tell(t->user, (i + 1) / 2, count);
    }
    for (int i = 0; i < count && !err; i++)
        if (subjects[i].done && subjects[i].best.name[0]) {
            err = keep(&subjects[i]);
            u->done++;
        }
    return err;
}

static int tune_all(Tuner *u, const P2pTuneJob *const *due, int count)
{
    P2pTuning *t = p2p_device_tuning_state(u->device);
    const double start = p2p_seconds();
    Subject *subjects = p2p_alloc((size_t)count, sizeof(*subjects));

    if (!subjects)
        return P2P_ENOMEM;
    for (int i = 0; i < count; i++)
        subjects[i] = (Subject){.u = u, .job = due[i]};
    u->end = start + t->left_s;
    t->busy = true;
    if (t->tell)
        t->tell(t->user, 0, count);
    if (!u->caps->is_cpu)
        compile_ahead(u, due, count);
    const int err = tune_rounds(u, subjects, count);
    if (t->tell)
        t->tell(t->user, count, count);
    t->busy = false;
    free(subjects);
    const double seconds = p2p_seconds() - start;
    t->left_s -= seconds;
    p2p_log(log_of(u), P2P_LOG_INFO,
            "tuned %d of %d convolutions in %.1f s, %d go otherwise than by the rule", u->done,
            count, seconds, u->changed);
    p2p_tuned_save(u->device);
    return err;
}

int p2p_tune(P2pDevice *device, const P2pTuneJob *jobs, int count, const P2pChoice *choice)
{
    const P2pTuning *t = p2p_device_tuning_state(device);
    const char *known = p2p_tuned_lines(device);
    Tuner u = {.device = device,
               .caps = p2p_device_caps(device),
               .choice = *choice,
               .full = t->mode == P2P_TUNE_FULL};
    const P2pTuneJob **due = p2p_alloc((size_t)count + 1, sizeof(*due));
    int due_count = 0, err = P2P_OK;

    if (!due)
        return P2P_ENOMEM;
    u.choice.broken = p2p_device_left_out(device);
    for (int i = 0; i < count; i++)
        if (is_due(&jobs[i], due, due_count, known, choice))
            due[due_count++] = &jobs[i];
    if (due_count && t->left_s > 0) {
        qsort(due, (size_t)due_count, sizeof(*due), compare_jobs);
        err = tune_all(&u, due, due_count);
    }
    free(due);
    return err;
}
