/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a batch from its number: order of the epoch, reading, channels, jitter, floats. Has no
 * threads; several may make different batches with the same sampler at once.
 */
#include "src/data/sample.h"

#include <string.h>

#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/data/dataset.h"
#include "src/data/lab.h"

static int default_int(int given, int otherwise)
{
    return given ? given : otherwise;
}

int p2p_sampler_init(P2pSampler *sampler, const P2pDataset *dataset,
                     const P2pLoaderSettings *settings)
{
    const size_t count = p2p_dataset_count(dataset);
    P2pLoaderSettings *s = &sampler->settings;

    *sampler = (P2pSampler){.dataset = dataset, .settings = *settings};
    s->batch_size = default_int(s->batch_size, 1);
    s->input_channels = default_int(s->input_channels, 3);
    s->target_channels = default_int(s->target_channels, 3);
    if (s->batch_size < 1 || s->input_channels < 1 || s->input_channels > P2P_IMAGE_MAX_CHANNELS ||
        s->target_channels < 1 || s->target_channels > P2P_IMAGE_MAX_CHANNELS)
        return p2p_fail(P2P_EINVAL,
                        "a batch of %d pictures with %d input and %d target channels "
                        "is impossible (channels: 1 to %d)",
                        s->batch_size, s->input_channels, s->target_channels,
                        P2P_IMAGE_MAX_CHANNELS);
    if (s->part_first < 0 || s->part_count < 0 || s->part_count > s->batch_size - s->part_first)
        return p2p_fail(P2P_EINVAL, "a batch of %d has no %d pairs from number %d on",
                        s->batch_size, s->part_count, s->part_first);
    if (s->labels && s->labels != s->input_channels)
        return p2p_fail(P2P_EINVAL, "label maps of %d classes are as many channels, not %d",
                        s->labels, s->input_channels);
    if (dataset->lab && (s->input_channels != 1 || s->target_channels != 2))
        return p2p_fail(P2P_EINVAL,
                        "colorization has 1 input and 2 target channels (L, ab), not %d and %d",
                        s->input_channels, s->target_channels);
    if (dataset->holes.kind && (s->input_channels != 4 || s->target_channels != 3))
        return p2p_fail(P2P_EINVAL,
                        "inpainting has 4 input and 3 target channels (RGBA, RGB), not %d and %d",
                        s->input_channels, s->target_channels);
    const int err = p2p_sizes_init(&sampler->sizes, dataset);
    if (err)
        return err;
    sampler->batches = p2p_sizes_batches(&sampler->sizes, (size_t)s->batch_size, s->keep_partial);
    if (!sampler->batches && sampler->sizes.count > 1)
        return p2p_fail(
            P2P_EINVAL,
            "%zu pairs of %zu sizes do not make a batch of %d of one size; use a smaller "
            "batch size",
            count, sampler->sizes.count, s->batch_size);
    if (!sampler->batches)
        return p2p_fail(P2P_EINVAL,
                        "%zu pairs of pictures do not make a batch of %d; use a smaller batch size",
                        count, s->batch_size);
    return p2p_classes_init(&sampler->classes, s->labels, s->label_colours);
}

void p2p_sampler_finish(P2pSampler *sampler)
{
    p2p_classes_finish(&sampler->classes);
    p2p_sizes_finish(&sampler->sizes);
}

void p2p_order_finish(P2pOrder *order)
{
    free(order->order);
    free(order->begin);
    *order = (P2pOrder){0};
}

void p2p_sample_finish(P2pSample *sample)
{
    free(sample->input);
    free(sample->target);
    free(sample->names);
    free(sample->indices);
    *sample = (P2pSample){0};
}

static int order_for(const P2pSampler *s, uint32_t epoch, P2pOrder *order)
{
    const size_t count = p2p_dataset_count(s->dataset), size = (size_t)s->settings.batch_size;
    const size_t most = p2p_sizes_batches(&s->sizes, size, true);

    if (order->order && order->begin && order->epoch == epoch)
        return P2P_OK;
    if (!order->order && !(order->order = p2p_alloc(count, sizeof(*order->order))))
        return P2P_ENOMEM;
    if (!order->begin && !(order->begin = p2p_alloc(most + 1, sizeof(*order->begin))))
        return P2P_ENOMEM;
    order->epoch = epoch;
    p2p_dataset_order(count, s->settings.serial_batches, s->settings.seed, epoch, order->order);
    const int err = p2p_sizes_arrange(&s->sizes, size, order->order, order->begin);
    if (err)
        p2p_order_finish(order);
    return err;
}

/* Channels first, then sizes, as the Python program does. classes: NULL but for label maps. */
static int prepare(const P2pImage *in, int channels, const P2pClasses *classes,
                   const P2pJitter *jitter, P2pImage *out)
{
    P2pImage converted;
    int err;

    *out = (P2pImage){0};
    err = classes && classes->count ? p2p_classes_encode(classes, in, &converted)
                                    : p2p_image_convert_channels(in, channels, &converted);
    if (err)
        return err;
    err = p2p_jitter_apply(jitter, &converted, out);
    p2p_image_finish(&converted);
    return err;
}

static int choose_jitter(const P2pSampler *s, uint32_t epoch, uint64_t index, const P2pImage *of,
                         P2pJitter *jitter)
{
    const P2pLoaderSettings *set = &s->settings;

    return set->fixed ? p2p_jitter_fix(jitter, &set->jitter, of->width, of->height)
                      : p2p_jitter_draw(jitter, &set->jitter, of->width, of->height, set->seed,
                                        epoch, index);
}

/* Whose B belongs to the A of a pair in this epoch. */
static uint32_t partner_of(const P2pSampler *s, uint32_t epoch, uint32_t index)
{
    const P2pLoaderSettings *set = &s->settings;

    if (!s->dataset->unaligned || set->fixed || set->serial_batches)
        return index;
    return p2p_rng_below(p2p_rng_word(set->seed, p2p_stream(P2P_STREAM_PARTNER, epoch), index),
                         (uint32_t)s->dataset->partners);
}

/* Of stacks no channel is left out or made up. */
static int check_layers(const P2pSampler *s, const P2pImage *input, const P2pImage *target)
{
    const int *layers = s->dataset->layers;
    const bool reverse = s->dataset->direction == P2P_DIRECTION_BTOA;
    const int wanted[2] = {s->settings.input_channels, s->settings.target_channels};
    const int there[2] = {input->channels, target->channels};

    for (int i = 0; i < 2; i++)
        if (layers[reverse ? 1 - i : i] > 1 && there[i] != wanted[i] &&
            !(i == 0 && s->settings.labels))
            return p2p_fail(P2P_EINVAL,
                            "its %d folders have %d channels together, not %d; give --%s %d",
                            layers[reverse ? 1 - i : i], there[i], wanted[i],
                            i ? "output_nc" : "input_nc", there[i]);
    return P2P_OK;
}

static int read_pair(const P2pSampler *s, uint32_t epoch, uint32_t index, P2pImage *input,
                     P2pImage *target)
{
    const P2pLoaderSettings *set = &s->settings;
    const bool lab = s->dataset->lab;
    const uint64_t apart = (uint64_t)UINT32_MAX + 1; /* of the other picture's own jitter */
    P2pImage a, b;
    P2pJitter jitter;
    int err;

    *input = *target = (P2pImage){0};
    if ((err = p2p_dataset_read_with(s->dataset, index, partner_of(s, epoch, index), &a, &b)) < 0)
        return err;
    err = check_layers(s, &a, &b);
    if (!err)
        err = choose_jitter(s, epoch, index, &a, &jitter);
    if (!err && !s->dataset->holes.kind)
        err = prepare(&a, lab ? 3 : set->input_channels, &s->classes, &jitter, input);
    if (!err && s->dataset->unaligned)
        err = choose_jitter(s, epoch, index + apart, &b, &jitter);
    jitter.filter = set->target_filter;
    if (!err)
        err = lab ? p2p_image_copy(input, target)
                  : prepare(&b, set->target_channels, NULL, &jitter, target);
    if (!err && s->dataset->holes.kind)
        err = p2p_holes_cut(&s->dataset->holes, target, set->fixed ? 0 : epoch, index, input);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    return err ? p2p_fail_prefix(err, "%s", p2p_dataset_path(s->dataset, index)) : P2P_OK;
}

/* Room for the whole batch; its size is that of the first picture. */
static int reserve(const P2pSampler *s, const P2pImage *first, P2pSample *sample)
{
    const size_t most = (size_t)s->settings.batch_size;
    size_t pixels, inputs, targets;
    void *input = sample->input, *target = sample->target;
    int err;

    if (!p2p_size_mul((size_t)first->width * (size_t)first->height, most, &pixels) ||
        !p2p_size_mul(pixels, (size_t)s->settings.input_channels, &inputs) ||
        !p2p_size_mul(pixels, (size_t)s->settings.target_channels, &targets))
        return p2p_fail(P2P_ENOMEM, "a batch of %zu pictures of %d x %d pixels is too large", most,
                        first->width, first->height);
    err = p2p_grow(&input, &sample->input_capacity, inputs, sizeof(float));
    sample->input = input;
    if (!err)
        err = p2p_grow(&target, &sample->target_capacity, targets, sizeof(float));
    sample->target = target;
    sample->batch.width = first->width;
    sample->batch.height = first->height;
    return err;
}

/* From pixel `at` of the batch on. */
static void to_floats(const P2pSampler *s, const P2pImage *input, const P2pImage *target, size_t at,
                      P2pSample *sample)
{
    float *to_input = sample->input + at * (size_t)s->settings.input_channels;
    float *to_target = sample->target + at * (size_t)s->settings.target_channels;

    if (s->dataset->lab) {
        p2p_lab_from_rgb(input, to_input, to_target);
        return;
    }
    p2p_image_to_floats(input, to_input);
    p2p_image_to_floats(target, to_target);
}

static int add_pair(const P2pSampler *s, uint32_t index, size_t at, P2pSample *sample)
{
    P2pBatch *batch = &sample->batch;
    P2pImage input, target;
    int err = read_pair(s, batch->epoch, index, &input, &target);

    if (!err && at == 0)
        err = reserve(s, &input, sample);
    if (!err && (input.width != batch->width || input.height != batch->height ||
                 target.width != batch->width || target.height != batch->height))
        err = p2p_fail(P2P_EINVAL,
                       "%s: has %d x %d pixels after preprocessing, the first of its "
                       "batch %d x %d; use batch size 1 or resize_and_crop",
                       p2p_dataset_path(s->dataset, index), input.width, input.height, batch->width,
                       batch->height);
    if (!err) {
        to_floats(s, &input, &target, at * (size_t)batch->width * (size_t)batch->height, sample);
        sample->names[at] = p2p_dataset_name(s->dataset, index);
        sample->indices[at] = index;
    }
    p2p_image_finish(&input);
    p2p_image_finish(&target);
    return err;
}

int p2p_sample_make(const P2pSampler *sampler, uint64_t batch, P2pOrder *order, P2pSample *sample)
{
    const P2pLoaderSettings *s = &sampler->settings;
    const size_t size = (size_t)s->batch_size;
    P2pBatch *b = &sample->batch;
    int err;

    *b = (P2pBatch){.input_channels = s->input_channels, .target_channels = s->target_channels};
    b->epoch = (uint32_t)(batch / sampler->batches);
    b->position = (size_t)(batch % sampler->batches);
    if (!sample->names && !(sample->names = p2p_alloc(size, sizeof(*sample->names))))
        return P2P_ENOMEM;
    if (!sample->indices && !(sample->indices = p2p_alloc(size, sizeof(*sample->indices))))
        return P2P_ENOMEM;
    if ((err = order_for(sampler, b->epoch, order)) < 0)
        return err;
    const size_t begin = order->begin[b->position] + (size_t)s->part_first;
    const size_t end = order->begin[b->position + 1];
    size_t here = end > begin ? end - begin : 0;
    here = s->part_count && here > (size_t)s->part_count ? (size_t)s->part_count : here;
    for (size_t i = 0; i < here; i++)
        if ((err = add_pair(sampler, order->order[begin + i], i, sample)) < 0)
            return err;
    b->count = (int)here;
    b->input = sample->input;
    b->target = sample->target;
    b->names = sample->names;
    b->indices = sample->indices;
    return P2P_OK;
}
