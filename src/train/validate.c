/* SPDX-License-Identifier: BSD-2-Clause */
/* Picture by picture, loaded ahead by threads that end with the last one. */
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

static int validate_all(P2pGenerators *g, const P2pDataset *dataset, P2pLoader *loader,
                        P2pMetrics *sum)
{
    const P2pBatch *batch;
    P2pMetrics m;
    int err;

    while ((err = p2p_loader_next(loader, &batch)) == P2P_OK && batch) {
        if ((err = validate_pair(g, batch, dataset, &m)) < 0)
            return p2p_fail_prefix(err, "validating %.200s", batch->names[0]);
        sum->l1 += m.l1;
        sum->psnr += m.psnr;
        sum->ssim += m.ssim;
    }
    return err;
}

int p2p_validate(P2pGenerators *g, const P2pDataset *dataset, const P2pLoaderSettings *training,
                 P2pMetrics *mean)
{
    P2pLoaderSettings settings = *training;
    const double count = (double)p2p_dataset_count(dataset);
    P2pLoader *loader = NULL;
    int err = P2P_OK;

    settings.batch_size = 1;
    settings.epochs = 1;
    settings.serial_batches = settings.fixed = true;
    if (settings.jitter.preprocess != P2P_PREPROCESS_SCALE_WIDTH)
        settings.jitter.load_size = settings.jitter.crop_size;
    *mean = (P2pMetrics){0};
    if (dataset->unaligned && !p2p_generators_have_back(g))
        return p2p_fail(P2P_EINVAL, "unpaired pictures can be validated by a way back alone");
    if ((err = p2p_loader_create(&loader, dataset, &settings)) == P2P_OK)
        err = validate_all(g, dataset, loader, mean);
    p2p_loader_destroy(&loader);
    mean->l1 /= count;
    mean->psnr /= count;
    mean->ssim /= count;
    return err;
}
