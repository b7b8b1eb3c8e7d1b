/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of whole networks: forward, and the gradients of sum(y R) for the input and all parameters,
 * with drawn weights. Full-size files store samples of the tensors, at evenly spread positions.
 *
 * Tolerances, relative in L2. Small networks were chosen so that no ReLU input is within rounding
 * of 0: 1e-5 for all, 3e-4 for the last bias of a U-Net (a sum over all pixels, nearly cancelling).
 * In full-size networks single gates flip between f32 and f64, which moves gradients by 1e-3 while
 * no arithmetic is at fault: y 1e-5, gradients 2e-2.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/status.h"
#include "src/graph/apply.h"
#include "tests/golden/golden.h"

enum { STREAM_G = 0, STREAM_D = 1000, STREAM_X = 2000, STREAM_R = 2001 };

static const double strict = 1e-5, cancelling = 3e-4, with_flips = 2e-2;

typedef struct NetCase {
    Golden *g;
    uint32_t seed;
    bool is_d, is_eval, is_full;
    bool is_unet;
    P2pNet *net;
    P2pPlan *plan;
    P2pApply *apply;
    P2pGrads grads;
    int x, r, dx, hyper;
} NetCase;

/* ---- Building ------------------------------------------------------------------------------ */

static void build_net(NetCase *c)
{
    Golden *g = c->g;
    const char *name = golden_text(g, "net"), *norm = golden_text(g, "norm");
    json_t *channels = golden_json(g, "channels");
    P2pGraph *graph;

    c->is_d = json_array_size(channels) == 1;
    c->is_unet = !strncmp(name, "unet", 4);
    const P2pNetSpec spec = {.name = name,
                             .input_nc = (int)json_integer_value(json_array_get(channels, 0)),
                             .output_nc = (int)json_integer_value(json_array_get(channels, 1)),
                             .nf = golden_int(g, "nf"),
                             .levels = !strcmp(name, "n_layers") ? golden_int(g, "n_layers") : 0,
                             .norm = golden_norm(norm ? norm : "none")};
    json_decref(channels);
    g->err = p2p_nets_build(&graph, &spec);
    if (!g->err)
        g->err = p2p_net_create(&c->net, g->device, graph, c->is_d ? "D" : "G", P2P_NET_FIXED);
    if (!g->err)
        golden_draw_net(g, c->net, c->seed, c->is_d ? STREAM_D : STREAM_G);
}

/* Names, sums and norms of the drawn weights: a wrong weight is not to be taken for arithmetic. */
static void check_weights(NetCase *c)
{
    Golden *g = c->g;
    const GoldenArray sums = golden_need(g, NULL, "w_sum"), norms = golden_need(g, NULL, "w_l2");
    json_t *names = golden_json(g, "trainable");
    float sum[P2P_MAX_OPERANDS * 32], norm[P2P_COUNT(sum)];
    size_t k = 0, wrong = 0;

    for (int i = 0; !g->err && i < c->net->graph->param_count; i++) {
        const P2pParam *p = &c->net->graph->params[i];
        const size_t count = p2p_param_elements(p);
        const char *name = json_string_value(json_array_get(names, k));
        if (!p2p_param_is_trained(p))
            continue;
        P2P_ASSERT(k < P2P_COUNT(sum));
        float *w = golden_floats(g, count);
        double total = 0;
        g->err = p2p_net_download(c->net, i, P2P_STATE_VALUE, w);
        for (size_t j = 0; j < count; j++)
            total += w[j];
        sum[k] = (float)total;
        norm[k++] = (float)golden_l2(w, count);
        wrong += !name || strcmp(name, p->name) != 0;
        free(g->memory[--g->memory_count]);
    }
    if (!g->err) {
        golden_compare(g, "names that differ",
                       (double)wrong + fabs((double)k - (double)json_array_size(names)), 0);
        if (k == sums.count) {
            golden_compare(g, "w_sum", golden_max_deviation(sum, sums.data, k), 1e-6);
            golden_compare(g, "w_l2", golden_max_deviation(norm, norms.data, k), 1e-6);
        }
    }
    json_decref(names);
}

/* Running statistics of an evaluation case. */
static void load_running(NetCase *c)
{
    for (int i = 0; c->is_eval && !c->g->err && i < c->net->graph->param_count; i++) {
        const P2pParam *p = &c->net->graph->params[i];
        if (p2p_param_is_trained(p))
            continue;
        const GoldenArray w = golden_need(c->g, "w", p->name);
        if (!c->g->err)
            c->g->err = p2p_net_upload(c->net, i, P2P_STATE_VALUE, w.data);
    }
}

static P2pTensor shape_text(const Golden *g, const char *key)
{
    json_t *shape = golden_json(g, key);
    int n[4];

    for (size_t i = 0; i < 4; i++)
        n[i] = (int)json_integer_value(json_array_get(shape, i));
    json_decref(shape);
    return p2p_tensor_nhwc(n[0], n[2], n[3], n[1]);
}

static void build_plan(NetCase *c)
{
    Golden *g = c->g;
    const P2pMode mode = {.running = c->is_eval, .update_running = !c->is_eval};
    const P2pTensor x = shape_text(g, "x_shape"), y = shape_text(g, "y_shape");

    if (!g->err)
        g->err = p2p_grads_init(&c->grads, c->net);
    c->grads.keep = true;
    if (!g->err)
        g->err = p2p_plan_create(&c->plan, g->device, &g->choice);
    if (g->err)
        return;
    c->x = p2p_plan_keep(c->plan, x);
    c->dx = p2p_plan_keep(c->plan, x);
    c->r = p2p_plan_keep(c->plan, y);
    c->hyper = p2p_plan_keep(c->plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    g->err = p2p_apply_forward(&c->apply, c->plan, c->net, c->x, c->hyper, &mode, true);
    if (!g->err && !p2p_tensor_same_shape(p2p_plan_get(c->plan, p2p_apply_output(c->apply)), &y))
        g->err = p2p_fail(P2P_EFORMAT, "the network's output has another shape than the file's y");
    if (!g->err)
        g->err = p2p_apply_backward(c->apply,
                                    &(P2pBackward){.dy = c->r, .dx = c->dx, .grads = &c->grads});
    if (!g->err)
        g->err = p2p_plan_finish(c->plan);
}

static void draw_input(NetCase *c, int tensor, uint32_t stream)
{
    const P2pTensor *t = p2p_plan_get(c->plan, tensor);
    float *host = golden_floats(c->g, p2p_tensor_elements(t));

    golden_draw(host, p2p_tensor_elements(t), c->seed, stream, 1.0f, false);
    if (!c->g->err)
        c->g->err = p2p_tensor_upload(t, host, false);
}

/* ---- Comparison ---------------------------------------------------------------------------- */

/* The samples a file stores of `count` values: all of them, or `wanted` evenly spread ones. */
static void sample(float *out, size_t wanted, const float *from, size_t count)
{
    for (size_t j = 0; j < wanted; j++)
        out[j] = count <= wanted ? from[j] : from[(2 * j + 1) * count / (2 * wanted)];
}

/* Our whole tensor against the file's whole or sampled one. */
static void check_tensor(Golden *g, const char *name, const GoldenArray *ref, const float *ours,
                         size_t count, double tolerance)
{
    float *at = golden_floats(g, ref->count);

    if (g->err)
        return;
    sample(at, ref->count, ours, count);
    golden_compare(g, name, golden_l2_deviation(at, ref->data, ref->count), tolerance);
}

static void check_activation(NetCase *c, const char *name, int tensor, double tolerance)
{
    Golden *g = c->g;
    const P2pTensor *t = p2p_plan_get(c->plan, tensor);
    const size_t count = p2p_tensor_elements(t);
    float *ours = golden_floats(g, count);
    GoldenArray ref = golden_array(g, NULL, name);
    char sampled[32];

    snprintf(sampled, sizeof(sampled), "%s_1024", name);
    if (!ref.data)
        ref = golden_need(g, NULL, sampled);
    if (!g->err)
        g->err = p2p_tensor_download(t, ours, false);
    check_tensor(g, name, &ref, ours, count, tolerance);
}

/* The gradient of parameter i in exchange order, [I,O,R,S] where transposed. */
static float *download_grad(NetCase *c, int i)
{
    const P2pParam *p = &c->net->graph->params[i];
    const size_t count = p2p_param_elements(p), taps = (size_t)(p->r * p->s);
    float *dense = golden_floats(c->g, count), *turned;

    if (!c->g->err)
        c->g->err = p2p_tensor_download(p2p_plan_get(c->plan, c->grads.tensor[i]), dense, false);
    if (!p->transposed)
        return dense;
    turned = golden_floats(c->g, count);
    for (size_t o = 0; o < (size_t)p->o; o++)
        for (size_t k = 0; k < (size_t)p->i; k++)
            memcpy(turned + (k * (size_t)p->o + o) * taps, dense + (o * (size_t)p->i + k) * taps,
                   taps * sizeof(float));
    return turned;
}

static void check_grad(NetCase *c, int i, size_t place, bool is_last, const GoldenArray *norms)
{
    Golden *g = c->g;
    const P2pParam *p = &c->net->graph->params[i];
    const size_t count = p2p_param_elements(p);
    const double small = is_last && c->is_unet && p->kind == P2P_PARAM_BIAS ? cancelling : strict;
    char name[200];

    snprintf(name, sizeof(name), "g/%s", p->name);
    if (!c->is_eval && golden_is_null_bias(c->net->graph, i)) {
        golden_leave_out(g, name, "a bias before a norm, its gradient is rounding noise");
        return;
    }
    const GoldenArray ref = golden_need(g, c->is_full ? "g16" : "g", p->name);
    const float *ours = download_grad(c, i);
    check_tensor(g, name, &ref, ours, count, c->is_full ? with_flips : small);
    if (!c->is_full || g->err)
        return;
    snprintf(name, sizeof(name), "g_l2/%s", p->name);
    golden_compare(g, name, fabs(golden_l2(ours, count) / norms->data[place] - 1), with_flips);
}

static void check_grads(NetCase *c)
{
    const P2pGraph *graph = c->net->graph;
    const GoldenArray norms = golden_need(c->g, NULL, "g_l2");
    size_t place = 0;

    for (int i = 0; !c->g->err && i < graph->param_count; i++) {
        const int before = c->g->memory_count;
        if (!p2p_param_is_trained(&graph->params[i]))
            continue;
        check_grad(c, i, place, place + 1 == norms.count, &norms);
        place++;
        while (c->g->memory_count > before)
            free(c->g->memory[--c->g->memory_count]);
    }
}

static void check_running(NetCase *c)
{
    Golden *g = c->g;
    char name[200];

    for (int i = 0; !c->is_eval && !g->err && i < c->net->graph->param_count; i++) {
        const P2pParam *p = &c->net->graph->params[i];
        if (p2p_param_is_trained(p))
            continue;
        float *ours = golden_floats(g, (size_t)p->o);
        const GoldenArray ref = golden_need(g, "after", p->name);
        if (!g->err)
            g->err = p2p_net_download(c->net, i, P2P_STATE_VALUE, ours);
        snprintf(name, sizeof(name), "after/%s", p->name);
        check_tensor(g, name, &ref, ours, ref.count, strict);
    }
}

/* ---- The case ------------------------------------------------------------------------------ */

static void run_net(NetCase *c)
{
    Golden *g = c->g;

    build_net(c);
    if (!g->err)
        check_weights(c);
    load_running(c);
    if (!g->err)
        build_plan(c);
    if (g->err)
        return;
    golden_used_plan(g, c->plan);
    draw_input(c, c->x, STREAM_X);
    draw_input(c, c->r, STREAM_R);
    draw_input(c, c->hyper, 0); /* not read: there is no dropout */
    if (!g->err)
        g->err = p2p_plan_run(c->plan);
    if (!g->err)
        g->err = p2p_device_finish(g->device);
    check_activation(c, "y", p2p_apply_output(c->apply), strict);
    check_activation(c, "g_x", c->dx, c->is_full ? with_flips : strict);
    check_grads(c);
    check_running(c);
}

void golden_nets(Golden *g)
{
    const char *mode = golden_text(g, "mode");
    NetCase c = {.g = g,
                 .seed = (uint32_t)golden_int(g, "seed"),
                 .is_eval = mode && !strcmp(mode, "eval"),
                 .is_full = p2p_tensor_file_find(g->file, "g_x_1024") != NULL};

    golden_begin(g, NULL);
    run_net(&c);
    golden_end(g);
    p2p_apply_destroy(&c.apply);
    p2p_grads_finish(&c.grads);
    p2p_plan_destroy(&c.plan);
    p2p_net_destroy(&c.net);
}
