/* SPDX-License-Identifier: BSD-2-Clause */
/* References of the augmentation against the steps of its authors' program (DiffAugment_pytorch.py), one
 * after the other, on the same random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "cl/philox.h"
#include "src/base/rng.h"
#include "src/ops/ref.h"

enum { N = 3, C = 3, H = 11, W = 8, PIXELS = H * W, PICTURE = C * PIXELS, SEED = 9, STEP = 4 };
enum { STREAM = 0xa000003 };

static double x[N * PICTURE], y[N * PICTURE], hyper[P2P_HYPER_WORDS];

static void start(void)
{
    const uint32_t words[2] = {SEED, STEP};
    float bits[2];

    memcpy(bits, words, sizeof(bits)); /* as the device has them: tiny numbers, exact in double */
    hyper[P2P_HYPER_SEED] = bits[0];
    hyper[P2P_HYPER_STEP] = bits[1];
    for (size_t i = 0; i < N * PICTURE; i++)
        x[i] = (double)p2p_rng_symmetric(p2p_rng_word(1, 1, i));
}

static void draw(uint32_t block, uint32_t words[4])
{
    const uint32_t counter[4] = {block, 0, STREAM, STEP}, key[2] = {SEED, PHILOX_KEY};

    p2p_philox(counter, key, words);
}

static double mean_of(const double *values, size_t count, size_t stride)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i * stride];
    return sum / (double)count;
}

static void tint_is_brightness_saturation_contrast(void **state)
{
    P2pCall call = {.attr.stream = STREAM};
    double means[N * C], wanted[PICTURE];

    (void)state;
    start();
    call.t[P2P_TINT_X] = p2p_tensor_nhwc(N, H, W, C);
    for (size_t i = 0; i < N * C; i++)
        means[i] = mean_of(x + i * PIXELS, PIXELS, 1);
    p2p_ref_tint(&call, (double *const[]){x, means, hyper, y}, NULL);
    for (uint32_t n = 0; n < N; n++) {
        uint32_t words[4];
        draw(2 * n, words);
        for (size_t i = 0; i < PICTURE; i++)
            wanted[i] = x[n * PICTURE + i] + ((double)p2p_rng_unit(words[0]) - 0.5);
        for (size_t p = 0; p < PIXELS; p++) {
            const double grey = mean_of(wanted + p, C, PIXELS);
            for (size_t c = 0; c < C; c++)
                wanted[c * PIXELS + p] =
                    (wanted[c * PIXELS + p] - grey) * ((double)p2p_rng_unit(words[1]) * 2) + grey;
        }
        const double whole = mean_of(wanted, PICTURE, 1);
        for (size_t i = 0; i < PICTURE; i++) {
            const double one = (wanted[i] - whole) * ((double)p2p_rng_unit(words[2]) + 0.5) + whole;
            assert_true(fabs(y[n * PICTURE + i] - one) < 1e-12);
        }
    }
}

/* A picture in a frame of zeros, read at places that are clamped to the frame. */
static double padded(const double *plane, int row, int col)
{
    return row < 0 || row >= H || col < 0 || col >= W ? 0 : plane[row * W + col];
}

static bool is_cut(uint32_t word, int side, int at)
{
    const int size = (int)(side * 0.5 + 0.5);
    const int offset = (int)p2p_rng_below(word, (uint32_t)(side + (1 - size % 2)));

    for (int grid = 0; grid < size; grid++) {
        const int place = grid + offset - size / 2;
        if (at == (place < 0 ? 0 : place >= side ? side - 1 : place))
            return true;
    }
    return false;
}

static void move_is_translation_and_cutout(void **state)
{
    const int most_h = (int)(H * 0.125 + 0.5), most_w = (int)(W * 0.125 + 0.5);
    P2pCall call = {.attr = {.stream = STREAM, .shifts = true, .hole = true}};
    int zeros = 0;

    (void)state;
    start();
    call.t[P2P_MOVE_X] = p2p_tensor_nhwc(N, H, W, C);
    p2p_ref_move_fwd(&call, (double *const[]){x, hyper, y}, NULL);
    for (int plane = 0; plane < N * C; plane++) {
        uint32_t words[4];
        draw(2 * (uint32_t)(plane / C) + 1, words);
        const int down = (int)p2p_rng_below(words[0], (uint32_t)(2 * most_h + 1)) - most_h;
        const int right = (int)p2p_rng_below(words[1], (uint32_t)(2 * most_w + 1)) - most_w;
        for (int i = 0; i < PIXELS; i++) {
            const int row = i / W, col = i % W;
            const bool cut = is_cut(words[2], H, row) && is_cut(words[3], W, col);
            const double wanted = cut ? 0 : padded(x + plane * PIXELS, row + down, col + right);
            assert_true(y[plane * PIXELS + i] == wanted);
            zeros += cut;
        }
    }
    assert_true(zeros > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tint_is_brightness_saturation_contrast),
        cmocka_unit_test(move_is_translation_and_cutout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
