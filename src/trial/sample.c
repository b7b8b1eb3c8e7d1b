/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers for a convolution at its real size, and boxes cut out of its operands. */
#include "src/trial/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/ops/conv2d.h"

/* As many different numbers as a prime, so that they do not repeat with channels or rows. */
enum { NUMBERS = 65521, STEP = 9973 };
enum { SIDE = 5, CHANNELS = 8, MOST_MACS = 1 << 23 };

static bool is_written(const P2pCall *call, int i)
{
    return (call->pass->outputs | call->pass->updates) >> i & 1;
}

static bool is_hidden(const P2pCall *call, int i)
{
    return call->pass->outputs >> i & 1 && !call->attr.accumulate;
}

bool p2p_sample_takes(const P2pCall *call)
{
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        if (p2p_call_has(call, i) && call->t[i].type != P2P_TYPE_F32 &&
            call->t[i].type != P2P_TYPE_F16)
            return false;
    return call->pass->macs != NULL;
}

/* ---- Numbers ------------------------------------------------------------------------------- */

/* Outputs behind a weight's last one are zero. */
static void clear_padding(const P2pTensor *t, float *at)
{
    const int block = t->stride, last = t->n / block * block;
    const size_t span = p2p_tensor_span(t);

    for (size_t k = (size_t)last * (size_t)t->c * (size_t)(t->h * t->w); k < span; k++)
        if (last + (int)(k % (size_t)block) >= t->n)
            at[k] = 0;
}

static void fill_operand(const P2pCall *call, int i, const float *numbers, float *image)
{
    const P2pTensor *t = &call->t[i];
    const size_t span = p2p_tensor_span(t);
    float *at = image + t->offset;

    for (size_t k = 0, n = (size_t)(i * STEP) % NUMBERS; k < span; k++, n = (n + 1) % NUMBERS)
        at[k] = numbers[n];
    if (t->layout == P2P_WEIGHT)
        clear_padding(t, at);
    if (call->pass->with_adam && i == P2P_CONV_V)
        for (size_t k = 0; k < span; k++)
            at[k] = 1 + at[k] * at[k];
    if (call->pass->with_adam && i == P2P_CONV_HYPER) {
        at[P2P_HYPER_LR] = 0.125f;
        at[P2P_HYPER_H1] = 2.0f;
        at[P2P_HYPER_H2] = 1.5f;
    }
}

/* An operand's image to the device, or from it. */
static int move_operand(P2pSample *s, int i, float *image, bool from)
{
    const P2pSampleOperand *o = &s->o[i];
    const bool halves = s->t.call.t[i].type == P2P_TYPE_F16;
    const size_t bytes = o->elements * p2p_type_bytes(s->t.call.t[i].type);
    uint16_t *stored = halves ? p2p_alloc(o->elements, sizeof(*stored)) : NULL;
    void *raw = halves ? (void *)stored : image;

    if (!raw)
        return P2P_ENOMEM;
    for (size_t k = 0; halves && !from && k < o->elements; k++)
        stored[k] = p2p_float_to_half(image[k]);
    const int err = from ? p2p_buffer_read(o->buffer, 0, bytes, raw)
                         : p2p_buffer_write(o->buffer, 0, bytes, raw);
    for (size_t k = 0; halves && from && k < o->elements; k++)
        image[k] = p2p_half_to_float(stored[k]);
    free(stored);
    return err;
}

static int create_operand(P2pSample *s, int i, const float *numbers)
{
    P2pTensor *t = &s->t.call.t[i];
    P2pSampleOperand *o = &s->o[i];

    t->offset += P2P_TRIAL_GUARD;
    o->elements = (size_t)t->offset + p2p_tensor_span(t) + P2P_TRIAL_GUARD;
    if (!(o->before = p2p_alloc(o->elements, sizeof(float))))
        return P2P_ENOMEM;
    memset(o->before, 0xff, o->elements * sizeof(float));
    if (!is_hidden(&s->t.call, i))
        fill_operand(&s->t.call, i, numbers, o->before);
    for (int run = 0; run < 2 && is_written(&s->t.call, i); run++)
        if (!(o->after[run] = p2p_alloc(o->elements, sizeof(float))))
            return P2P_ENOMEM;
    for (size_t k = 0; t->type == P2P_TYPE_F16 && k < o->elements; k++)
        o->before[k] = p2p_half_to_float(p2p_float_to_half(o->before[k]));
    int err = p2p_buffer_create(&o->buffer, s->device, o->elements * p2p_type_bytes(t->type));
    if (!err)
        err = move_operand(s, i, o->before, false);
    t->buffer = o->buffer;
    return err;
}

int p2p_sample_create(P2pSample *s, P2pDevice *device, const P2pCall *call)
{
    float *numbers = p2p_alloc(NUMBERS, sizeof(*numbers));
    int err = numbers ? P2P_OK : P2P_ENOMEM;

    *s = (P2pSample){.device = device, .t.call = *call};
    for (uint32_t k = 0; numbers && k < NUMBERS; k++)
        numbers[k] = p2p_rng_symmetric(p2p_rng_word(1, p2p_stream(P2P_STREAM_TEST, 0), k));
    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (p2p_call_has(call, i))
            err = create_operand(s, i, numbers);
    free(numbers);
    return err;
}

void p2p_sample_destroy(P2pSample *s)
{
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        p2p_buffer_destroy(&s->o[i].buffer);
        free(s->o[i].before);
        free(s->o[i].after[0]);
        free(s->o[i].after[1]);
    }
    for (int which = 0; s->boxes && which < P2P_SAMPLE_BOXES; which++)
        p2p_trial_data_destroy(&s->boxes[which].d);
    free(s->boxes);
    *s = (P2pSample){0};
}

/* ---- Boxes --------------------------------------------------------------------------------- */

/* Where a part of `size` begins: first, last, or in between. */
static int place(int which, int whole, int size)
{
    const int room = whole - size;

    return which == 0 ? 0 : which == 1 ? room : room * which / P2P_SAMPLE_BOXES;
}

static int floor_div(int a, int b)
{
    return (a - (a % b + b) % b) / b;
}

static void set(P2pSampleBox *box, int i, P2pTensor t, int n, int c, int h, int w)
{
    box->t.call.t[i] = t;
    box->from[i][0] = n;
    box->from[i][1] = c;
    box->from[i][2] = h;
    box->from[i][3] = w;
}

/* Of a forward pass or data gradient: some pixels and channels. What they read beyond the borders is zero,
 * so that the padding is part of the box, but for what of the data gradient's windows lies before it. */
static void cut_gather(const P2pCall *call, int which, P2pSampleBox *box)
{
    const P2pTensor *from = p2p_conv_from(call), *to = p2p_conv_to(call), *w = &call->t[P2P_CONV_W];
    const bool gradient = p2p_conv_is_dgrad(call), turned = p2p_conv_is_turned(call);
    const int stride = call->attr.stride, pad = call->attr.pad, unit = gradient ? stride : 1;
    const int channels = p2p_min(to->c, CHANNELS), taps = p2p_max(w->h, w->w);
    const int n = place(which, to->n, 1), c = place(which, to->c, channels);
    const int row = place(which, to->h, p2p_min(to->h, SIDE)) / unit * unit;
    const int col = place(which, to->w, p2p_min(to->w, SIDE)) / unit * unit;
    const int rows = p2p_min(to->h - row, SIDE + unit), cols = p2p_min(to->w - col, SIDE + unit);
    const int before = gradient ? pad - stride * floor_div(pad - taps + 1, stride) : 0;
    const int y = gradient ? (row + pad - before) / stride : row * stride - pad;
    const int x = gradient ? (col + pad - before) / stride : col * stride - pad;
    const int high =
        gradient ? (row + rows - 1 + pad) / stride - y + 1 : (rows - 1) * stride + w->h;
    const int wide =
        gradient ? (col + cols - 1 + pad) / stride - x + 1 : (cols - 1) * stride + w->w;

    box->t.call.attr.pad = before;
    set(box, gradient ? P2P_CONV_Y : P2P_CONV_X, p2p_tensor_nhwc(1, high, wide, from->c), n, 0, y,
        x);
    set(box, gradient ? P2P_CONV_X : P2P_CONV_Y, p2p_tensor_nhwc(1, rows, cols, channels), n, c,
        row, col);
    set(box, P2P_CONV_W,
        turned ? p2p_tensor_weight(w->n, channels, w->h, w->w, w->stride)
               : p2p_tensor_weight(channels, w->c, w->h, w->w, w->stride),
        turned ? 0 : c, turned ? c : 0, 0, 0);
    if (p2p_call_has(call, P2P_CONV_BIAS))
        set(box, P2P_CONV_BIAS, p2p_tensor_vector(channels), 0, c, 0, 0);
}

/* Of a weight gradient: a few inputs and outputs, of all pixels. */
static void cut_wgrad(const P2pCall *call, int which, P2pSampleBox *box)
{
    const P2pTensor *x = &call->t[P2P_CONV_X], *y = &call->t[P2P_CONV_Y], *w = &call->t[P2P_CONV_W];
    const double macs = (double)y->n * y->h * y->w * w->h * w->w;
    const int most = macs * 16 <= MOST_MACS ? 4 : 2;
    const int inputs = p2p_min(x->c, most), outputs = p2p_min(y->c, most);
    const int c = place(which, x->c, inputs), k = place(which, y->c, outputs);
    const bool large = call->attr.large_out;
    const P2pTensor weight = p2p_tensor_weight(large ? inputs : outputs, large ? outputs : inputs,
                                               w->h, w->w, w->stride);

    set(box, P2P_CONV_X, p2p_tensor_nhwc(x->n, x->h, x->w, inputs), 0, c, 0, 0);
    set(box, P2P_CONV_Y, p2p_tensor_nhwc(y->n, y->h, y->w, outputs), 0, k, 0, 0);
    for (int i = P2P_CONV_W; i <= P2P_CONV_V; i++)
        if (i == P2P_CONV_W || (i >= P2P_CONV_M && p2p_call_has(call, i)))
            set(box, i, weight, large ? c : k, large ? k : c, 0, 0);
    if (p2p_call_has(call, P2P_CONV_HYPER))
        set(box, P2P_CONV_HYPER, p2p_tensor_vector(call->t[P2P_CONV_HYPER].c), 0, 0, 0, 0);
}

static float at(const P2pTensor *t, const float *image, int n, int c, int h, int w)
{
    const bool inside = h >= 0 && w >= 0 && h < t->h && w < t->w;

    return inside ? image[p2p_tensor_index(t, n, c, h, w)] : 0;
}

/* Operand i of the box out of the whole's image, dense. */
static void cut_out(const P2pSample *s, const P2pSampleBox *box, int i, const float *image,
                    float *dense)
{
    const P2pTensor *t = &box->t.call.t[i];
    const int *from = box->from[i];
    size_t k = 0;

    for (int n = 0; n < t->n; n++)
        for (int c = 0; c < t->c; c++)
            for (int h = 0; h < t->h; h++)
                for (int w = 0; w < t->w; w++)
                    dense[k++] = at(&s->t.call.t[i], image, from[0] + n, from[1] + c, from[2] + h,
                                    from[3] + w);
}

/* The reference of a box, which is the same whatever is compared with it. */
static int make_box(P2pSample *s, int which)
{
    P2pSampleBox *box = &s->boxes[which];

    box->t.call = (P2pCall){.pass = s->t.call.pass, .attr = s->t.call.attr};
    (s->t.call.pass->direction == P2P_CONV_WGRAD ? cut_wgrad : cut_gather)(&s->t.call, which, box);
    for (int i = 0; i < P2P_MAX_OPERANDS; i++)
        box->t.call.t[i].type = s->t.call.t[i].type;
    p2p_trial_conv2d_bounds(&box->t);
    const int err = p2p_trial_data_create(&box->d, &box->t, s->device);
    box->d.numbers = P2P_TRIAL_REALS;
    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (box->d.o[i].dense)
            cut_out(s, box, i, s->o[i].before, box->d.o[i].dense);
    return err ? err : p2p_trial_data_take(&box->d, &box->t);
}

static int make_boxes(P2pSample *s)
{
    int err = P2P_OK;

    if (s->boxes)
        return P2P_OK;
    if (!(s->boxes = p2p_alloc(P2P_SAMPLE_BOXES, sizeof(*s->boxes))))
        return P2P_ENOMEM;
    for (int which = 0; which < P2P_SAMPLE_BOXES && !err; which++)
        err = make_box(s, which);
    return err;
}

/* What has come out, among the marks of the box's own memory. */
static int take_results(P2pSample *s, P2pSampleBox *box)
{
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++) {
        P2pTrialOperand *o = &box->d.o[i];
        const P2pTensor *t = &box->t.call.t[i];
        if (!o->dense)
            continue;
        float *dense = p2p_alloc(p2p_tensor_elements(t), sizeof(*dense));
        if (!dense)
            return P2P_ENOMEM;
        for (int run = 0; run < 2 && !err; run++) {
            memcpy(o->after[run], o->before, o->words * 4);
            if (!is_written(&s->t.call, i))
                continue;
            cut_out(s, box, i, s->o[i].after[run], dense);
            err = p2p_trial_put(t, dense, o->after[run], false);
        }
        free(dense);
    }
    return err;
}

/* Results have coordinates in the box, which is named before them. */
static int check_box(P2pSample *s, int which, const P2pWay *way, bool *right, char *text,
                     size_t bytes)
{
    P2pSampleBox *box = &s->boxes[which];
    const int *from = box->from[box->d.first];
    const int err = take_results(s, box);

    if (err)
        return err;
    const int used = snprintf(text, bytes, "of the box at n%d c%d h%d w%d, ", from[0], from[1],
                              from[2], from[3]);
    *right = p2p_trial_compare(&box->d, &box->t, way, text + used, bytes - (size_t)used);
    return P2P_OK;
}

/* ---- The whole ----------------------------------------------------------------------------- */

static int run_once(P2pSample *s, P2pTrialRun *run, int which)
{
    int err = P2P_OK;

    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (s->o[i].after[0])
            err = move_operand(s, i, s->o[i].before, false);
    if (!err)
        err = p2p_sequence_run(run->seq, 0, p2p_sequence_count(run->seq));
    for (int i = 0; i < P2P_MAX_OPERANDS && !err; i++)
        if (s->o[i].after[0])
            err = move_operand(s, i, s->o[i].after[which], true);
    return err;
}

static bool same(const float *a, const float *b, size_t from, size_t count)
{
    return !memcmp(a + from, b + from, count * sizeof(*a));
}

/* What lies around an output's elements is as before. */
static bool is_kept(const P2pTensor *t, const P2pSampleOperand *o)
{
    const size_t offset = (size_t)t->offset, end = offset + p2p_tensor_span(t);
    const size_t gap = t->layout == P2P_NHWC ? (size_t)(t->stride - t->c) : 0;
    bool good = same(o->before, o->after[0], 0, offset) &&
                same(o->before, o->after[0], end, o->elements - end);

    for (size_t k = offset + (size_t)t->c; gap && k + gap < end && good; k += (size_t)t->stride)
        good = same(o->before, o->after[0], k, gap);
    return good;
}

static bool check_around(const P2pSample *s, char *text, size_t bytes)
{
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        const P2pSampleOperand *o = &s->o[i];
        if (!o->after[0])
            continue;
        if (!is_kept(&s->t.call.t[i], o)) {
            snprintf(text, bytes, "wrote beside operand %d", i);
            return false;
        }
        if (!same(o->after[0], o->after[1], 0, o->elements)) {
            snprintf(text, bytes, "operand %d: a second run gave other bits", i);
            return false;
        }
    }
    return true;
}

int p2p_sample_check(P2pSample *s, P2pTrialRun *run, bool *right, char *text, size_t bytes)
{
    int err = run_once(s, run, 0);

    if (!err)
        err = run_once(s, run, 1);
    *right = !err && check_around(s, text, bytes);
    if (!err)
        err = make_boxes(s);
    for (int which = 0; !err && which < P2P_SAMPLE_BOXES && *right; which++)
        err = check_box(s, which, run->way, right, text, bytes);
    return err;
}
