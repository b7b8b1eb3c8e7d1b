/* SPDX-License-Identifier: BSD-2-Clause */
/* Plans by size of picture, the one used last in front. */
#include "src/model/forward.h"

#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

enum { SHARE = 8 }; /* of the device's memory: one part in so many for plans that wait */

struct P2pForwards {
    P2pForwardSettings settings;
    P2pForward kept[P2P_FORWARDS]; /* used last, ..., used first */
    int count;
};

static void forward_finish(P2pForward *f)
{
    p2p_apply_destroy(&f->apply);
    p2p_plan_destroy(&f->plan);
    free(f->in);
    free(f->out);
    *f = (P2pForward){0};
}

/* The output, RGB, where the input, RGBA, has holes. */
static int fill_holes(P2pPlan *plan, int input, int output)
{
    P2pTensor shape = *p2p_plan_get(plan, input);
    shape.c = shape.stride = 3;
    const int filled = p2p_plan_keep(plan, shape);

    P2P_PLAN_STEP(plan, "fill", &p2p_pass_hole, NULL, output, p2p_plan_slice(plan, input, 3, 1),
                  p2p_plan_slice(plan, input, 0, 3), filled);
    return filled;
}

static int forward_init(P2pForward *f, const P2pForwardSettings *s, int width, int height,
                        bool kept)
{
    const P2pGraph *g = s->net->graph;
    const P2pTensor x = p2p_tensor_nhwc(1, height, width, g->values[g->input].c);
    uint32_t words[P2P_HYPER_WORDS] = {[P2P_HYPER_SEED] = s->seed};
    int err;

    P2pMode mode = s->mode;

    mode.keep_statistics = kept;
    *f = (P2pForward){.width = width, .height = height, .kept = kept, .nodes = g->node_count};
    if ((err = p2p_plan_create(&f->plan, s->device, &s->choice)) < 0)
        return err;
    const int hyper = p2p_plan_keep(f->plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    f->input = p2p_plan_keep(f->plan, x);
    if ((err = p2p_apply_forward(&f->apply, f->plan, s->net, f->input, hyper, &mode, true)) < 0)
        return err;
    f->output = p2p_apply_output(f->apply);
    if (s->fill)
        f->output = fill_holes(f->plan, f->input, f->output);
    if ((err = p2p_plan_finish(f->plan)) < 0)
        return err;
    f->y = *p2p_plan_get(f->plan, f->output);
    f->in = p2p_alloc(p2p_tensor_elements(&x), sizeof(float));
    f->out = p2p_alloc(p2p_tensor_elements(&f->y), sizeof(float));
    if (!f->in || !f->out)
        return P2P_ENOMEM;
    return p2p_buffer_write(p2p_plan_get(f->plan, hyper)->buffer, 0, sizeof(words), words);
}

static int upload(const P2pForward *f)
{
    const P2pTensor *x = p2p_plan_get(f->plan, f->input);

    return p2p_buffer_write(x->buffer, 0, p2p_tensor_elements(x) * sizeof(float), f->in);
}

static int download(P2pForward *f)
{
    return p2p_buffer_read(f->y.buffer, 0, p2p_tensor_elements(&f->y) * sizeof(float), f->out);
}

int p2p_forward_run(P2pForward *f)
{
    int err = upload(f);

    if (!err)
        err = p2p_plan_run(f->plan);
    return err ? err : download(f);
}

/* Whether a step makes the statistics of a norm that has them. */
static bool is_given(const P2pForward *f, int given, int step)
{
    P2pNormTensors norm;

    for (int node = 0; node < given && node < f->nodes; node++)
        if (p2p_apply_norm(f->apply, node, &norm) && norm.step == step)
            return true;
    return false;
}

int p2p_forward_run_part(P2pForward *f, int given, int last)
{
    const int end = last < 0 ? p2p_plan_step_count(f->plan) : last + 1;
    int err = upload(f);

    for (int i = 0; !err && i < end; i++)
        if (!is_given(f, given, i))
            err = p2p_plan_step_run(f->plan, i);
    return err || last >= 0 ? err : download(f);
}

int p2p_forwards_create(P2pForwards **out, const P2pForwardSettings *settings)
{
    *out = p2p_alloc(1, sizeof(**out));
    if (!*out)
        return P2P_ENOMEM;
    (*out)->settings = *settings;
    return P2P_OK;
}

/* Forget those used first until `count` are left. */
static void keep(P2pForwards *all, int count)
{
    while (all->count > count)
        forward_finish(&all->kept[--all->count]);
}

void p2p_forwards_destroy(P2pForwards **forwards)
{
    if (!*forwards)
        return;
    keep(*forwards, 0);
    free(*forwards);
    *forwards = NULL;
}

size_t p2p_forwards_bytes(const P2pForwards *all)
{
    size_t bytes = 0;

    for (int i = 0; i < all->count; i++) {
        const P2pPlanMemory m = p2p_plan_memory(all->kept[i].plan);
        bytes += m.tensor_bytes + m.work_bytes;
    }
    return bytes;
}

/* Put f in front of the first `before`, which move up. */
static void put_first(P2pForwards *all, P2pForward f, int before)
{
    memmove(&all->kept[1], &all->kept[0], (size_t)before * sizeof(f));
    all->kept[0] = f;
}

/* A new plan in front; where the device has no room beside the others, they go. */
static int add(P2pForwards *all, int width, int height, bool kept)
{
    const size_t most = p2p_device_caps(all->settings.device)->memory_bytes / SHARE;
    P2pForward f;
    int err;

    keep(all, P2P_FORWARDS - 1);
    err = forward_init(&f, &all->settings, width, height, kept);
    if (err == P2P_EDEVMEM && all->count) {
        forward_finish(&f);
        keep(all, 0);
        err = forward_init(&f, &all->settings, width, height, kept);
    }
    if (err) {
        forward_finish(&f);
        return err;
    }
    put_first(all, f, all->count++);
    while (all->count > 1 && p2p_forwards_bytes(all) > most)
        keep(all, all->count - 1);
    return P2P_OK;
}

static bool is_for(const P2pForward *f, int width, int height, bool kept)
{
    return f->width == width && f->height == height && f->kept == kept;
}

int p2p_forwards_get(P2pForwards *all, int width, int height, bool kept, P2pForward **out)
{
    int err = P2P_OK;
    int i = 0;

    *out = NULL;
    while (i < all->count && !is_for(&all->kept[i], width, height, kept))
        i++;
    if (i < all->count)
        put_first(all, all->kept[i], i);
    else
        err = add(all, width, height, kept);
    if (!err)
        *out = &all->kept[0];
    return err;
}
