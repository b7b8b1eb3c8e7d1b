/* SPDX-License-Identifier: BSD-2-Clause */
/* Picture by picture, loaded ahead by threads that end with the last one; of several ranks each has a part. */
#include "src/train/validate.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/dataset.h"
#include "src/data/lab.h"

/* The output against a dense picture of its size and channels; both of one lightness, or NULL. */
static int compare(const P2pForward *f, const float *target, const float *lightness,
                   P2pMetrics *metrics)
{
    P2pImage ours = {0}, theirs = {0};
    const P2pTensor *y = &f->y;
    int err = p2p_image_from_output(&ours, f->out, lightness, y->w, y->h, y->c, 8);

    if (!err)
        err = p2p_image_from_output(&theirs, target, lightness, y->w, y->h, y->c, 8);
    if (!err)
        err = p2p_image_compare(&ours, &theirs, metrics);
    p2p_image_finish(&ours);
    p2p_image_finish(&theirs);
    return err;
}

/* The output's way back, from a picture of 8 bits as p2p-test has it. */
static int run_back(P2pGenerators *g, const P2pForward **f)
{
    const P2pTensor y = (*f)->y;
    float *floats = p2p_alloc(p2p_tensor_elements(&y), sizeof(*floats));
    P2pImage rounded = {0};
    int err = floats ? p2p_image_from_floats(&rounded, (*f)->out, y.w, y.h, y.c, 8) : P2P_ENOMEM;

    if (!err) {
        p2p_image_to_floats(&rounded, floats);
        err = p2p_generators_run(g, true, floats, y.w, y.h, f);
    }
    p2p_image_finish(&rounded);
    free(floats);
    return err;
}

static int validate_pair(P2pGenerators *g, const P2pBatch *batch, const P2pDataset *dataset,
                         P2pMetrics *m)
{
    const bool unaligned = dataset->unaligned;
    const float *lightness = dataset->lab ? batch->input : NULL;
    const P2pForward *f;
    int err = p2p_generators_run(g, false, batch->input, batch->width, batch->height, &f);

    if (!err && unaligned)
        err = run_back(g, &f);
    return err ? err : compare(f, unaligned ? batch->input : batch->target, lightness, m);
}

/* What is validated, and what of it this rank does. */
typedef struct Validation {
    const P2pValidators *by;
    const P2pDataset *dataset;
    P2pPart part;
    int least;          /* the smallest part that has any */
    size_t *ends;       /* [ranks], of their parts of the values in bytes */
    P2pMetrics *values; /* [part.of], in the set's order */
} Validation;

static int divide(Validation *v)
{
    const P2pValidators *by = v->by;
    const int size = p2p_comm_size(by->comm), of = (int)p2p_dataset_count(v->dataset);
    int err = P2P_OK;

    v->ends = p2p_alloc((size_t)size, sizeof(*v->ends));
    v->values = p2p_alloc((size_t)of, sizeof(*v->values));
    if (!v->ends || !v->values)
        return P2P_ENOMEM;
    v->least = of;
    for (int i = 0; !err && i < size; i++) {
        P2pPart part;
        err = p2p_comm_divide(by->comm, by->shares, of, i, &part);
        v->ends[i] = (size_t)(part.first + part.count) * sizeof(*v->values);
        v->least = part.count ? p2p_min(v->least, part.count) : v->least;
        if (i == p2p_comm_rank(by->comm))
            v->part = part;
    }
    return err;
}

/* The next `count`, from number `at` on. */
static int validate_some(Validation *v, P2pLoader *loader, int at, int count)
{
    const P2pBatch *batch;
    int err;

    for (int i = 0; i < count; i++) {
        if ((err = p2p_loader_next(loader, &batch)) < 0)
            return err;
        if ((err = validate_pair(v->by->generators, batch, v->dataset, &v->values[at + i])) < 0)
            return p2p_fail_prefix(err, "validating %.200s", batch->names[0]);
    }
    return P2P_OK;
}

/* In rounds in which each rank does as much as its part of the set is, so that who is missing is noticed soon
 * and nobody waits for long. */
static int validate_part(Validation *v, P2pLoader *loader)
{
    const P2pPart *part = &v->part;
    int done = 0, err = P2P_OK;

    if (part->first)
        err = p2p_loader_seek(loader, 0, (size_t)part->first);
    for (int round = 1; !err && round <= v->least; round++) {
        const int end = (int)((long long)part->count * round / v->least);
        err = validate_some(v, loader, part->first + done, end - done);
        done = end;
        if (!err)
            err = p2p_comm_meet(v->by->comm);
    }
    return err ? err
               : p2p_comm_gather_parts(v->by->comm, v->values + part->first, v->ends, v->values,
                                       true);
}

/* In the order of the set, whoever made them. */
static P2pMetrics mean_of(const P2pMetrics *values, int count)
{
    P2pMetrics mean = {0};

    for (int i = 0; i < count; i++) {
        mean.l1 += values[i].l1;
        mean.psnr += values[i].psnr;
        mean.ssim += values[i].ssim;
    }
    mean.l1 /= count;
    mean.psnr /= count;
    mean.ssim /= count;
    return mean;
}

int p2p_validate(const P2pValidators *by, const P2pDataset *dataset,
                 const P2pLoaderSettings *training, P2pMetrics *mean)
{
    P2pLoaderSettings settings = *training;
    Validation v = {.by = by, .dataset = dataset};
    P2pLoader *loader = NULL;

    settings.batch_size = 1;
    settings.epochs = 1;
    settings.serial_batches = settings.fixed = true;
    if (settings.jitter.preprocess != P2P_PREPROCESS_SCALE_WIDTH)
        settings.jitter.load_size = settings.jitter.crop_size;
    if (dataset->unaligned && !p2p_generators_have_back(by->generators))
        return p2p_fail(P2P_EINVAL, "unpaired pictures can be validated by a way back alone");
    int err = divide(&v);
    if (!err)
        err = p2p_loader_create(&loader, dataset, &settings);
    if (!err)
        err = validate_part(&v, loader);
    *mean = err ? (P2pMetrics){0} : mean_of(v.values, v.part.of);
    p2p_loader_destroy(&loader);
    free(v.ends);
    free(v.values);
    return err;
}
