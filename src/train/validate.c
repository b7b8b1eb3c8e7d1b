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

/* While it goes on. */
typedef struct Validation {
    P2pGenerators *generators;
    const P2pDataset *dataset;
    P2pLoader *loader;
    int next; /* that it loads */
} Validation;

static int validate_one(void *user, int i, void *result)
{
    Validation *v = user;
    const P2pBatch *batch;
    int err = i == v->next ? P2P_OK : p2p_loader_seek(v->loader, 0, (size_t)i);

    v->next = i + 1;
    if (err || (err = p2p_loader_next(v->loader, &batch)) < 0)
        return err;
    err = validate_pair(v->generators, batch, v->dataset, result);
    return err ? p2p_fail_prefix(err, "validating %.200s", batch->names[0]) : P2P_OK;
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
    Validation v = {.generators = by->generators, .dataset = dataset};
    const P2pWork work = {.count = (int)p2p_dataset_count(dataset),
                          .shares = by->shares,
                          .one = validate_one,
                          .user = &v,
                          .result_bytes = sizeof(P2pMetrics)};

    settings.batch_size = 1;
    settings.epochs = 1;
    settings.serial_batches = settings.fixed = true;
    if (settings.jitter.preprocess != P2P_PREPROCESS_SCALE_WIDTH)
        settings.jitter.load_size = settings.jitter.crop_size;
    if (dataset->unaligned && !p2p_generators_have_back(by->generators))
        return p2p_fail(P2P_EINVAL, "unpaired pictures can be validated by a way back alone");
    P2pMetrics *values = p2p_alloc((size_t)work.count, sizeof(*values));
    int err = values ? p2p_loader_create(&v.loader, dataset, &settings) : P2P_ENOMEM;
    if (!err)
        err = p2p_comm_work(by->comm, &work, values);
    *mean = err ? (P2pMetrics){0} : mean_of(values, work.count);
    p2p_loader_destroy(&v.loader);
    free(values);
    return err;
}
