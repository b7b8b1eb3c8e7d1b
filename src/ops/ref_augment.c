/* SPDX-License-Identifier: BSD-2-Clause */
/* References of the augmentation of pictures. */
#include "cl/philox.h"
#include "src/base/rng.h"
#include "src/ops/ref.h"

/* Block k of picture n's words. */
static void draw(const P2pCall *call, const double *hyper, int n, int k, uint32_t words[4])
{
    const uint32_t key[2] = {p2p_ref_hyper_word(hyper, P2P_HYPER_SEED), PHILOX_KEY};
    const uint32_t first = p2p_ref_hyper_word(hyper, P2P_HYPER_FIRST);
    const uint32_t counter[4] = {2 * (first + (uint32_t)n) + (uint32_t)k, 0, call->attr.stream,
                                 p2p_ref_hyper_word(hyper, P2P_HYPER_STEP)};

    p2p_philox(counter, key, words);
}

/* Brightness, saturation and contrast one after the other; mean: of the picture's channels. */
static void tint_picture(const P2pCall *call, const double *x, const double *mean,
                         const uint32_t words[4], double *y)
{
    const P2pTensor *t = &call->t[P2P_TINT_X];
    const size_t pixels = (size_t)t->h * (size_t)t->w;
    const double bright = call->attr.linear ? 0 : (double)p2p_rng_unit(words[0]) - 0.5;
    const double saturation = 2 * (double)p2p_rng_unit(words[1]);
    const double contrast = (double)p2p_rng_unit(words[2]) + 0.5;
    double whole = 0;

    for (int c = 0; c < t->c; c++)
        whole += mean[c] / t->c;
    for (size_t p = 0; p < pixels; p++) {
        double grey = 0;
        for (size_t c = 0; c < (size_t)t->c; c++)
            grey += x[c * pixels + p] / t->c;
        for (size_t c = 0; c < (size_t)t->c; c++) {
            const double bold = grey + saturation * (x[c * pixels + p] - grey);
            y[c * pixels + p] = whole + contrast * (bold - whole) + bright;
        }
    }
}

void p2p_ref_tint(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *t = &call->t[P2P_TINT_X];
    const size_t picture = p2p_tensor_elements(t) / (size_t)t->n;

    (void)mag;
    for (int n = 0; n < t->n; n++) {
        uint32_t words[4];
        draw(call, host[P2P_TINT_HYPER], n, 0, words);
        tint_picture(call, host[P2P_TINT_X] + (size_t)n * picture, host[P2P_TINT_MEAN] + n * t->c,
                     words, host[P2P_TINT_Y] + (size_t)n * picture);
    }
}

static int shift_of(const P2pCall *call, uint32_t word, int side)
{
    const int most = (side + 4) / 8;

    return call->attr.shifts ? (int)p2p_rng_below(word, (uint32_t)(2 * most + 1)) - most : 0;
}

static bool in_hole(uint32_t word, int side, int at)
{
    const int size = (side + 1) / 2;
    const int first = (int)p2p_rng_below(word, (uint32_t)(side + 1 - size % 2)) - size / 2;

    return at >= first && at < first + size;
}

/* Each pixel of what D sees: where it comes from, or nowhere. */
static void move(const P2pCall *call, double *const host[], bool backward)
{
    const P2pTensor *t = &call->t[P2P_MOVE_X];
    const int planes = t->n * t->c;

    for (size_t i = 0; i < p2p_tensor_elements(t); i++)
        host[P2P_MOVE_Y][i] = 0;
    for (int plane = 0; plane < planes; plane++) {
        uint32_t words[4];
        draw(call, host[P2P_MOVE_HYPER], plane / t->c, 1, words);
        const int down = shift_of(call, words[0], t->h), right = shift_of(call, words[1], t->w);
        for (int row = 0; row < t->h; row++)
            for (int col = 0; col < t->w; col++) {
                const int r = row + down, q = col + right;
                if (r < 0 || r >= t->h || q < 0 || q >= t->w ||
                    (call->attr.hole && in_hole(words[2], t->h, row) &&
                     in_hole(words[3], t->w, col)))
                    continue;
                const size_t seen =
                    ((size_t)plane * (size_t)t->h + (size_t)row) * (size_t)t->w + (size_t)col;
                const size_t from =
                    ((size_t)plane * (size_t)t->h + (size_t)r) * (size_t)t->w + (size_t)q;
                host[P2P_MOVE_Y][backward ? from : seen] = host[P2P_MOVE_X][backward ? seen : from];
            }
    }
}

void p2p_ref_move_fwd(const P2pCall *call, double *const host[], double *mag)
{
    (void)mag;
    move(call, host, false);
}

void p2p_ref_move_bwd(const P2pCall *call, double *const host[], double *mag)
{
    (void)mag;
    move(call, host, true);
}
