/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two networks, each applied twice in a cycle, one application gone back through twice: the
 * gradients of the device against central differences of the losses, the plan computed in double.
 *
 *   fb = P(a), ra = Q(fb), fa = Q(b), rb = P(fa)
 *   loss = L1(ra, a') + L1(rb, b') + MSE(fb, 1) + MSE(fa, 0) + mean(fb) / 2
 *
 * Tolerance, relative in L2: 1e-4 holds f32 sums of a thousand terms and the differences' error
 * (1e-10); a term that is missing, twice there or in the wrong place moves a gradient by its size.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/graph/apply.h"
#include "tests/graph/in_double.h"

enum { SIZE = 6, CHANNELS = 3, BATCH = 2, LOSSES = 5 };

static const double tolerance = 1e-4, step = 1e-6; /* lest a gate lies within */

typedef struct Cycle {
    P2pDevice *device;
    P2pNet *p, *q;
    P2pGrads grads_p, grads_q;
    P2pPlan *plan;
    P2pApply *fb, *ra, *fa, *rb;
    int a, b, like_a, like_b, da, db, hyper, losses;
    InDouble reference;
    int failed;
} Cycle;

static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "cycle: %s\n", p2p_error());
    exit(1);
}

/* ---- Networks ------------------------------------------------------------------------------ */

static int norm_act(P2pGraph *g, int x, P2pNorm norm, const char *name, float dropout)
{
    return p2p_graph_norm_act(g, x,
                              &(P2pNormActSpec){.norm = norm,
                                                .eps = 1e-5f,
                                                .momentum = .1f,
                                                .name = name,
                                                .dropout_p = dropout,
                                                .act = P2P_ACT_LEAKY_RELU,
                                                .slope = .2f});
}

/* A network with every kind of node: a small U-Net with a residual block inside. */
static P2pGraph *build(P2pNorm norm, float dropout)
{
    P2pGraph *g;

    must(p2p_graph_create(&g, CHANNELS));
    const P2pConvSpec down = {
        .out_channels = 3, .kernel = 4, .stride = 2, .pad = 1, .name = "down"};
    const P2pConvSpec same = {.out_channels = 3, .kernel = 3, .stride = 1, .name = "same"};
    const P2pConvSpec up = {.out_channels = 2,
                            .kernel = 4,
                            .stride = 2,
                            .pad = 1,
                            .transposed = true,
                            .bias = true,
                            .name = "up"};
    const P2pConvSpec own = {.kernel = 4, .stride = 1, .pad = 1, .output_pad = 1, .name = "own"};
    const P2pConvSpec thin = {.out_channels = 2, .kernel = 1, .stride = 1, .name = "thin"};
    const P2pConvSpec skip = {.out_channels = 2,
                              .kernel = 1,
                              .stride = 1,
                              .bias = true,
                              .act = P2P_ACT_LEAKY_RELU,
                              .slope = .2f,
                              .name = "skip"};
    const P2pConvSpec last = {.out_channels = CHANNELS,
                              .kernel = 3,
                              .stride = 1,
                              .pad = 1,
                              .bias = true,
                              .act = P2P_ACT_TANH,
                              .name = "last"};
    const int x = norm_act(g, p2p_graph_conv(g, g->input, &down), norm, "n1", dropout);
    const int y = p2p_graph_conv(g, p2p_graph_pad(g, x, 1), &same);
    const int sum = p2p_graph_add(g, x, norm_act(g, y, norm, "n2", 0));
    const int each = p2p_graph_depthwise(g, sum, &own);
    const int wide = p2p_graph_upsample(g, sum, norm == P2P_NORM_INSTANCE);
    const int z = p2p_graph_conv(g, each, &up), s = p2p_graph_conv(g, g->input, &skip);
    p2p_graph_conv(g, p2p_graph_concat(g, s, p2p_graph_add(g, z, p2p_graph_conv(g, wide, &thin))),
                   &last);
    must(g->err);
    return g;
}

static void draw(P2pPlan *plan, int tensor, unsigned stream)
{
    const P2pTensor *t = p2p_plan_get(plan, tensor);
    const size_t count = p2p_tensor_elements(t);
    float *host = p2p_alloc(count + 4, sizeof(*host));

    for (size_t i = 0; i < count; i += 4) {
        uint32_t words[4];
        p2p_rng_block(1, stream, i / 4, words);
        for (int k = 0; k < 4; k++)
            host[i + (size_t)k] = (float)words[k] / 2147483648.0f - 1;
    }
    must(p2p_tensor_upload(t, host, false));
    free(host);
}

/* ---- The plan ------------------------------------------------------------------------------ */

static int loss(Cycle *c, P2pAttr attr, int x, int target, int dx)
{
    attr.grad_scale = attr.value_scale;
    P2P_PLAN_STEP(c->plan, "loss", &p2p_pass_loss, &attr, x, target, c->losses, dx);
    return dx;
}

static int picture(Cycle *c)
{
    return p2p_plan_tensor(c->plan, p2p_tensor_nhwc(BATCH, SIZE, SIZE, CHANNELS));
}

static int kept(Cycle *c)
{
    return p2p_plan_keep(c->plan, p2p_tensor_nhwc(BATCH, SIZE, SIZE, CHANNELS));
}

static int forward(Cycle *c, P2pApply **apply, P2pNet *net, int input)
{
    const P2pMode mode = {.dropout = true};

    must(p2p_apply_forward(apply, c->plan, net, input, c->hyper, &mode, false));
    return p2p_apply_output(*apply);
}

static void build_losses_and_backward(Cycle *c, int fb, int ra, int fa, int rb)
{
    const P2pAttr l1_a = {.loss = P2P_LOSS_L1, .value_scale = 3, .index = 0};
    const P2pAttr l1_b = {.loss = P2P_LOSS_L1, .value_scale = 2, .index = 1};
    const P2pAttr mse_fb = {.loss = P2P_LOSS_MSE, .value = 1, .value_scale = 1, .index = 2};
    const P2pAttr mse_fa = {.loss = P2P_LOSS_MSE, .value_scale = 1, .index = 3, .accumulate = true};
    const P2pAttr mean = {.loss = P2P_LOSS_MEAN, .value = .5f, .value_scale = 1, .index = 4};
    const int dra = loss(c, l1_a, ra, c->like_a, picture(c));
    const int drb = loss(c, l1_b, rb, c->like_b, picture(c));
    const int dfb = loss(c, mse_fb, fb, -1, picture(c)), dfa = picture(c);
    const int more = loss(c, mean, fb, -1, picture(c));

    must(p2p_apply_backward(
        c->ra, &(P2pBackward){.dy = dra, .dx = dfb, .add = true, .grads = &c->grads_q}));
    must(p2p_apply_backward(c->rb, &(P2pBackward){.dy = drb, .dx = dfa, .grads = &c->grads_p}));
    loss(c, mse_fa, fa, -1, dfa);
    must(p2p_apply_backward(c->fb, &(P2pBackward){.dy = dfb, .dx = c->da, .grads = &c->grads_p}));
    must(p2p_apply_backward(c->fa, &(P2pBackward){.dy = dfa, .dx = c->db, .grads = &c->grads_q}));
    must(p2p_apply_backward(
        c->fb, &(P2pBackward){.dy = more, .dx = c->da, .add = true, .grads = &c->grads_p}));
}

static void build_plan(Cycle *c)
{
    must(p2p_plan_create(&c->plan, c->device, NULL));
    int *const pictures[] = {&c->a, &c->b, &c->like_a, &c->like_b, &c->da, &c->db};
    for (size_t i = 0; i < P2P_COUNT(pictures); i++)
        *pictures[i] = kept(c);
    c->hyper = p2p_plan_keep(c->plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    c->losses = p2p_plan_keep(c->plan, p2p_tensor_vector(LOSSES));
    const int fb = forward(c, &c->fb, c->p, c->a), ra = forward(c, &c->ra, c->q, fb);
    const int fa = forward(c, &c->fa, c->q, c->b), rb = forward(c, &c->rb, c->p, fa);
    build_losses_and_backward(c, fb, ra, fa, rb);
    must(p2p_plan_finish(c->plan));
}

static void create_net(Cycle *c, P2pNet **net, P2pGrads *grads, P2pGraph *graph, const char *name)
{
    must(p2p_net_create(net, c->device, graph, name, P2P_NET_FIXED));
    must(p2p_net_init(*net, P2P_INIT_NORMAL, .5f, 1));
    must(p2p_grads_init(grads, *net));
    grads->keep = true;
}

/* ---- Comparison ---------------------------------------------------------------------------- */

static double total_loss(Cycle *c)
{
    const P2pTensor *t = p2p_plan_get(c->plan, c->losses);
    double sum = 0;

    in_double_run(&c->reference);
    for (size_t i = 0; i < LOSSES; i++)
        sum += *in_double_at(&c->reference, t, i);
    return sum;
}

/* The device's gradient of t, at gradient, against differences in every element of t. */
static void check(Cycle *c, const char *net, const char *name, const P2pTensor *t, int gradient)
{
    const size_t count = p2p_tensor_elements(t);
    float *ours = p2p_alloc(count, sizeof(*ours));
    double error = 0, norm = 0;

    must(p2p_tensor_download(p2p_plan_get(c->plan, gradient), ours, false));
    for (size_t i = 0; i < count; i++) {
        double *at = in_double_at(&c->reference, t, i);
        const double before = *at;
        *at = before + step;
        const double above = total_loss(c);
        *at = before - step;
        const double slope = (above - total_loss(c)) / (2 * step);
        *at = before;
        error += pow(ours[i] - slope, 2);
        norm += slope * slope;
    }
    const bool good = norm > 0 && sqrt(error / norm) <= tolerance;
    printf("%s %s.%s: %.1e of %.2e\n", good ? "ok  " : "FAIL", net, name, sqrt(error / norm),
           sqrt(norm));
    c->failed += !good;
    free(ours);
}

static void check_net(Cycle *c, const P2pNet *net, const P2pGrads *grads)
{
    for (int i = 0; i < net->graph->param_count; i++)
        if (p2p_param_is_trained(&net->graph->params[i]))
            check(c, net->name, net->graph->params[i].name, &net->state[P2P_STATE_VALUE][i],
                  grads->tensor[i]);
}

int main(void)
{
    const P2pDeviceSettings settings = {.device = "cpu"};
    const uint32_t hyper[P2P_HYPER_WORDS] = {[P2P_HYPER_SEED] = 7, [P2P_HYPER_STEP] = 3};
    Cycle c = {0};

    must(p2p_device_open(&c.device, &settings));
    create_net(&c, &c.p, &c.grads_p, build(P2P_NORM_BATCH, .5f), "P");
    create_net(&c, &c.q, &c.grads_q, build(P2P_NORM_INSTANCE, 0), "Q");
    build_plan(&c);
    const int drawn[] = {c.a, c.b, c.like_a, c.like_b};
    for (size_t i = 0; i < P2P_COUNT(drawn); i++)
        draw(c.plan, drawn[i], (unsigned)i);
    must(p2p_buffer_write(p2p_plan_get(c.plan, c.hyper)->buffer, 0, sizeof(hyper), hyper));
    must(p2p_plan_run(c.plan));
    in_double_init(&c.reference, c.plan);
    check_net(&c, c.p, &c.grads_p);
    check_net(&c, c.q, &c.grads_q);
    check(&c, "loss", "a", p2p_plan_get(c.plan, c.a), c.da);
    check(&c, "loss", "b", p2p_plan_get(c.plan, c.b), c.db);
    in_double_finish(&c.reference);
    P2pApply **const applies[] = {&c.fb, &c.ra, &c.fa, &c.rb};
    for (size_t i = 0; i < P2P_COUNT(applies); i++)
        p2p_apply_destroy(applies[i]);
    p2p_grads_finish(&c.grads_p);
    p2p_grads_finish(&c.grads_q);
    p2p_plan_destroy(&c.plan);
    p2p_net_destroy(&c.p);
    p2p_net_destroy(&c.q);
    p2p_device_close(&c.device);
    return c.failed ? 1 : 0;
}
