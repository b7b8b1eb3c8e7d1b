/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans of steps by size, the one used last in front. */
#include "src/train/gans.h"

#include <stdio.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"

enum {
    SHARE = 3,               /* of the device's memory: one part in so many for plans that wait */
    MOST_VARIANTS = 1 << 18, /* bytes that checkpoints keep; the first sizes have them */
};

typedef struct Seen {
    int height, width;
} Seen;

struct P2pGans {
    P2pGansSettings settings;
    P2pGanShared *shared;
    P2pGan *kept[P2P_GANS]; /* used last, ..., used first */
    int count;
    Seen *seen; /* sizes that had a plan, [seen_count] */
    size_t seen_count, seen_capacity;
    char *variants;
    P2pOptions own; /* the job's, with this rank's batches */
};

int p2p_gans_create(P2pGans **out, const P2pGansSettings *settings)
{
    P2pGans *all = *out = p2p_alloc(1, sizeof(*all));
    int err = all ? p2p_gan_shared_create(&all->shared, settings->device, &settings->ranks,
                                          settings->options->shares)
                  : P2P_ENOMEM;

    if (!err && !(all->variants = p2p_strdup(settings->remembered ? settings->remembered : "")))
        err = P2P_ENOMEM;
    if (err) {
        p2p_gans_destroy(out);
        return err;
    }
    all->settings = *settings;
    all->settings.remembered = NULL;
    all->own = *settings->options;
    if (!p2p_comm_is_alone(settings->ranks.comm))
        all->own.batch_size = settings->ranks.part.count;
    return P2P_OK;
}

/* Forget those used first until `count` are left. */
static void keep(P2pGans *all, int count)
{
    while (all->count > count)
        p2p_gan_destroy(&all->kept[--all->count]);
}

void p2p_gans_destroy(P2pGans **gans)
{
    P2pGans *all = *gans;

    if (!all)
        return;
    keep(all, 0);
    p2p_gan_shared_destroy(&all->shared);
    free(all->seen);
    free(all->variants);
    free(all);
    *gans = NULL;
}

/* ---- What is remembered ---------------------------------------------------------------------- */

/* Copy the lines of `from` to the text, each with what `newer` says of its call. */
static void put_lines(char *text, const char *from, const char *newer)
{
    while (*from) {
        const size_t line = strcspn(from, "\n");
        const char *colon = strstr(from, ": "), *name = colon ? colon + 2 : from;
        char call[P2P_CALL_TEXT];
        size_t length = line - (size_t)(name - from);
        snprintf(call, sizeof(call), "%.*s", colon ? (int)(colon - from) : 0, from);
        const char *found = p2p_remembered(newer, call, &length);
        text += sprintf(text, "%s: %.*s\n", call, (int)length, found ? found : name);
        from += line + (from[line] == '\n');
    }
}

/* Lines of calls that `older` does not have. */
static void put_new_lines(char *text, const char *from, const char *older)
{
    while (*from) {
        const size_t line = strcspn(from, "\n");
        const char *colon = strstr(from, ": ");
        char call[P2P_CALL_TEXT];
        size_t length;
        snprintf(call, sizeof(call), "%.*s", colon ? (int)(colon - from) : 0, from);
        if (!p2p_remembered(older, call, &length))
            text += sprintf(text, "%.*s\n", (int)line, from);
        from += line + (from[line] == '\n');
    }
}

/* In the order in which sizes first came, so that a run that goes on keeps what it would have kept. */
static int remember(P2pGans *all, const P2pGan *gan)
{
    const char *more = p2p_plan_variants(gan->plan);
    const char *old = all->settings.sizes > 1 ? all->variants : "";
    const size_t most = 2 * (strlen(old) + strlen(more)) + 1; /* names may become longer */

    if (strlen(old) + strlen(more) > MOST_VARIANTS)
        return P2P_OK;
    char *text = p2p_alloc(most, 1);
    if (!text)
        return P2P_ENOMEM;
    put_lines(text, old, more);
    put_new_lines(text + strlen(text), more, old);
    free(all->variants);
    all->variants = text;
    return P2P_OK;
}

const char *p2p_gans_variants(const P2pGans *all)
{
    return all->variants;
}

/* ---- Plans ----------------------------------------------------------------------------------- */

/* Whether a size comes for the first time; it does not any more then. */
static int see(P2pGans *all, int height, int width, bool *first)
{
    *first = true;
    for (size_t i = 0; *first && i < all->seen_count; i++)
        *first = all->seen[i].height != height || all->seen[i].width != width;
    if (!*first)
        return P2P_OK;
    const int err =
        p2p_grow((void **)&all->seen, &all->seen_capacity, all->seen_count + 1, sizeof(*all->seen));
    if (!err)
        all->seen[all->seen_count++] = (Seen){height, width};
    return err;
}

static size_t bytes(const P2pGans *all)
{
    size_t sum = 0, networks, plan;

    for (int i = 0; i < all->count; i++) {
        p2p_gan_memory(all->kept[i], &networks, &plan);
        sum += plan;
    }
    return sum;
}

static int create(const P2pGans *all, int height, int width, P2pGan **gan)
{
    const P2pGansSettings *s = &all->settings;
    const P2pChoice choice = {.variants = s->options->variant,
                              .remembered = all->variants,
                              .precision = s->options->precision,
                              .refs = s->options->ref};
    const int err =
        s->model->create(gan, s->device, &all->own, height, width, &choice, all->shared);

    if (err || !(*gan)->pool_count || s->sizes < 2)
        return err;
    p2p_gan_destroy(gan);
    return p2p_fail(
        P2P_EINVAL,
        "pictures of %zu sizes have no common pool of earlier ones; give --pool_size 0, "
        "or --preprocess resize_and_crop or crop",
        s->sizes);
}

/* A new plan in front; where the device has no room beside the others, they go. */
static int add(P2pGans *all, int height, int width)
{
    const P2pLog *log = p2p_device_log(all->settings.device);
    const size_t most = p2p_device_caps(all->settings.device)->memory_bytes / SHARE;
    P2pGan *gan = NULL;
    bool first;
    int err = see(all, height, width, &first);

    if (err)
        return err;
    if (all->settings.sizes > 1)
        p2p_log(log, first ? P2P_LOG_INFO : P2P_LOG_DEBUG,
                "planning the step for pictures of %d x %d pixels (size %zu of %zu%s)", width,
                height, all->seen_count, all->settings.sizes, first ? "" : ", again");
    keep(all, P2P_GANS - 1);
    err = create(all, height, width, &gan);
    if (err == P2P_EDEVMEM && all->count) {
        keep(all, 0);
        err = create(all, height, width, &gan);
    }
    if (!err && first)
        err = remember(all, gan);
    if (err) {
        p2p_gan_destroy(&gan);
        return err;
    }
    memmove(&all->kept[1], &all->kept[0], (size_t)all->count++ * sizeof(gan));
    all->kept[0] = gan;
    while (all->count > 1 && bytes(all) > most)
        keep(all, all->count - 1);
    return P2P_OK;
}

static bool is_for(const P2pGan *gan, int height, int width)
{
    const P2pTensor *x = p2p_plan_get(gan->plan, gan->input[0]);

    return x->h == height && x->w == width;
}

int p2p_gans_get(P2pGans *all, int height, int width, P2pGan **out)
{
    int i = 0, err = P2P_OK;

    while (i < all->count && !is_for(all->kept[i], height, width))
        i++;
    if (i == all->count) {
        err = add(all, height, width);
    } else {
        P2pGan *gan = all->kept[i];
        memmove(&all->kept[1], &all->kept[0], (size_t)i * sizeof(gan));
        all->kept[0] = gan;
    }
    if (!err)
        *out = all->kept[0];
    return err;
}

/* ---- Sides ----------------------------------------------------------------------------------- */

int p2p_gans_sides(const P2pOptions *o, int *multiple, int *least)
{
    int err = P2P_OK;

    *multiple = *least = 1;
    for (int task = P2P_GENERATOR; !err && task <= P2P_DISCRIMINATOR; task++) {
        const P2pNetSpec spec = p2p_network_spec(o, (P2pNetRole){.task = (P2pTask)task});
        P2pGraph *graph;
        if (task == P2P_DISCRIMINATOR && o->lambda_GAN == 0)
            continue;
        if ((err = p2p_nets_build(&graph, &spec)) < 0)
            break;
        *multiple = p2p_max(*multiple, graph->multiple); /* powers of two */
        *least = p2p_max(*least, p2p_graph_least_side(graph));
        p2p_graph_destroy(&graph);
    }
    *least = (int)p2p_round_up((size_t)*least, (size_t)*multiple);
    return err;
}
