/* SPDX-License-Identifier: BSD-2-Clause */
/* The pictures of a run: the same as before, of which sizes, loaded from where it stands. */
#include <string.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/classes.h"
#include "src/data/dataset.h"
#include "src/data/sizes.h"
#include "src/train/run_data.h"
#include "src/train/trainer_parts.h"

/* Not to be trained with other data unnoticed. The epoch that was running with the old ones is over. */
static int check_data(P2pTrainer *t)
{
    const P2pOptions *o = &t->options, *told = &t->told;
    const P2pLog *log = p2p_device_log(t->device);
    char changes[P2P_RUN_DATA_CHANGES];

    if (!told->data_digest[0] && strcmp(told->dataroot, o->dataroot) != 0)
        p2p_log(log, P2P_LOG_WARN,
                "the checkpoint does not tell the names of its pictures; those in %s are taken for "
                "the same",
                o->dataroot);
    p2p_run_data_compare(told, o, changes);
    if (!changes[0])
        return P2P_OK;
    if (!o->new_data)
        return p2p_fail(P2P_EINVAL,
                        "%s was not trained on this: %s; give --new_data to go on with it",
                        t->folder.path, changes);
    t->position.batch = 0;
    p2p_log(log, P2P_LOG_INFO, "new data: %s; epoch %d begins anew", changes,
            t->position.epoch + 1);
    return P2P_OK;
}

static P2pFilter filter_of(const P2pOptions *o, int of_b)
{
    return (P2pFilter)(of_b ? o->resize_filter_B : o->resize_filter_A);
}

static P2pJitterSettings jitter_settings(const P2pTrainer *t)
{
    const P2pOptions *o = &t->options;

    return (P2pJitterSettings){.preprocess = (P2pPreprocess)o->preprocess,
                               .load_size = o->load_size,
                               .crop_size = o->crop_size,
                               .multiple = t->multiple,
                               .least = t->least,
                               .no_flip = o->no_flip,
                               .filter = filter_of(o, o->direction),
                               .max_pixels = (size_t)o->max_pixels};
}

static P2pDatasetSettings dataset_settings(const P2pTrainer *t)
{
    const P2pOptions *o = &t->options;

    return (P2pDatasetSettings){.phase = o->phase,
                                .direction = (P2pDirection)o->direction,
                                .unaligned = o->dataset_mode == P2P_DATASET_UNALIGNED,
                                .lab = o->dataset_mode == P2P_DATASET_COLORIZATION,
                                .mask = o->inpaint ? o->mask : NULL,
                                .mask_seed = (uint32_t)o->seed,
                                .max_dataset_size = (size_t)o->max_dataset_size,
                                .max_pixels = (size_t)o->max_pixels,
                                .no_exif = o->no_exif,
                                .log = p2p_device_log(t->device)};
}

/* All that decides whether pictures can be validated on; none is one of the training set's. */
static int open_validation(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    const P2pCheckSettings check = {.threads = p2p_threads(o->num_threads),
                                    .skip_bad = o->skip_bad,
                                    .log = p2p_device_log(t->device)};
    P2pDatasetSettings settings = dataset_settings(t);
    int err = P2P_OK;

    if (o->early_stop && !o->val_freq)
        return p2p_fail(P2P_EINVAL, "--early_stop needs a validation: --val_freq, --val_split or "
                                    "--val_dir");
    if (!o->val_freq || o->val_split > 0)
        return P2P_OK;
    settings.phase = o->val_dir[0] ? "" : "val";
    settings.max_dataset_size = 0;
    err = p2p_dataset_create(&t->val, o->val_dir[0] ? o->val_dir : o->dataroot, &settings);
    if (err)
        return p2p_fail_prefix(err, "pictures to validate on");
    return p2p_dataset_check(t->val, &check, NULL);
}

/* Take those to validate on out of the training set, whether they are looked at or not. */
static int split_data(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    P2pDataset *val = NULL;
    const int err = o->val_split > 0
                        ? p2p_dataset_split(t->dataset, o->val_split, (uint32_t)o->seed, &val)
                        : P2P_OK;

    if (err)
        return p2p_fail_prefix(err, "--val_split (--val_dir names other pictures to validate on)");
    if (o->val_freq && !t->val)
        t->val = val;
    else
        p2p_dataset_destroy(&val);
    if (t->val)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO,
                "validation: %zu pairs of %s every %d epoch%s", p2p_dataset_count(t->val),
                o->val_split > 0 ? "these, which are not trained on"
                : o->val_dir[0]  ? o->val_dir
                                 : "the folder val",
                o->val_freq, o->val_freq == 1 ? "" : "s");
    return P2P_OK;
}

/* The colours of label maps, which the model keeps. */
static int open_labels(P2pTrainer *t)
{
    P2pOptions *o = &t->options;
    char colours[sizeof(o->label_colours)] = "";
    int err = P2P_OK;

    if (!o->labels)
        return P2P_OK;
    if (o->dataset_mode == P2P_DATASET_UNALIGNED)
        return p2p_fail(P2P_EINVAL, "--labels is for pairs, not for --dataset_mode unaligned");
    if (!o->label_colours[0])
        err = p2p_classes_find(t->dataset, o->labels, colours, sizeof(colours));
    else if (p2p_file_exists(o->label_colours))
        err = p2p_classes_read(o->label_colours, o->labels, colours, sizeof(colours));
    if (!err && colours[0])
        memcpy(o->label_colours, colours, sizeof(colours));
    if (!err)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO, "label maps: %s", o->label_colours);
    return err;
}

/* How many sizes there are, the largest, and what they mean for batches. */
static int see_sizes(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    const P2pLog *log = p2p_device_log(t->device);
    P2pSizes sizes;
    size_t few = 0;
    const int err = p2p_sizes_init(&sizes, t->dataset);

    if (err)
        return err;
    for (size_t i = 0; i < sizes.count; i++) {
        const P2pSize *s = &sizes.sizes[i];
        if (s->pairs < (size_t)o->batch_size)
            few += s->pairs;
        if ((long long)s->width * s->height > (long long)t->width * t->height) {
            t->width = s->width;
            t->height = s->height;
        }
    }
    t->sizes = sizes.count;
    p2p_sizes_finish(&sizes);
    if (t->sizes > 1)
        p2p_log(
            log, P2P_LOG_INFO,
            "these have %zu sizes (--preprocess %s): each is planned when it first comes, which "
            "takes seconds, the last %d stay planned; --preprocess crop or resize_and_crop makes "
            "one size of all",
            t->sizes, p2p_preprocess_name((P2pPreprocess)o->preprocess), P2P_GANS);
    if (t->sizes > 1 && few)
        p2p_log(
            log, P2P_LOG_WARN,
            "%zu of %zu pairs are never trained on: fewer than --batch_size %d have their size; "
            "use --batch_size 1",
            few, p2p_dataset_count(t->dataset), o->batch_size);
    return P2P_OK;
}

int p2p_trainer_open_data(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    const P2pDatasetSettings settings = dataset_settings(t);
    P2pJitterSettings jitter;
    const P2pCheckSettings check = {.threads = p2p_threads(o->num_threads),
                                    .skip_bad = o->skip_bad,
                                    .log = settings.log,
                                    .jitter = &jitter};
    P2pCheckReport report = {0};
    int err;

    if (!o->dataroot[0])
        return p2p_fail(P2P_EINVAL, "--dataroot FOLDER is needed: where the pictures are");
    if ((err = p2p_gans_sides(o, &t->multiple, &t->least)) < 0)
        return err;
    jitter = jitter_settings(t);
    if ((err = p2p_dataset_create(&t->dataset, o->dataroot, &settings)) < 0 ||
        (err = p2p_dataset_check(t->dataset, &check, &report)) < 0)
        return err;
    p2p_log(check.log, P2P_LOG_INFO, "data: %zu %s in %s, %d x %d to %d x %d pixels%s",
            p2p_dataset_count(t->dataset),
            settings.unaligned              ? "pictures of A or B"
            : settings.lab || settings.mask ? "pictures"
                                            : "pairs",
            o->dataroot, report.min_width, report.min_height, report.max_width, report.max_height,
            report.bad ? ", some were skipped" : "");
    if ((err = open_validation(t)) < 0 || (err = split_data(t)) < 0 || (err = see_sizes(t)) < 0)
        return err;
    p2p_run_data_describe(&t->options, t->dataset);
    if ((err = open_labels(t)) < 0)
        return err;
    return o->continue_train ? check_data(t) : P2P_OK;
}

P2pLoaderSettings p2p_trainer_loading(const P2pTrainer *t)
{
    const P2pOptions *o = &t->options;

    return (P2pLoaderSettings){.batch_size = o->batch_size,
                               .input_channels = o->input_nc,
                               .target_channels = o->output_nc,
                               .labels = o->labels,
                               .label_colours = o->label_colours,
                               .threads = p2p_threads(o->num_threads),
                               .seed = (uint32_t)o->seed,
                               .serial_batches = o->serial_batches,
                               .jitter = jitter_settings(t),
                               .target_filter = filter_of(o, !o->direction)};
}

int p2p_trainer_open_loader(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    P2pLoaderSettings settings = p2p_trainer_loading(t);
    const P2pBatch *first;
    int err;

    settings.part_first = t->part.first;
    settings.part_count = t->part.count;

    if ((err = p2p_loader_create(&t->loader, t->dataset, &settings)) < 0)
        return err;
    const long batches = (long)p2p_loader_batches(t->loader);
    if (batches < o->accumulate)
        return p2p_fail(P2P_EINVAL,
                        "%zu pairs make %ld batches of %d, too few for --accumulate %d; use a "
                        "smaller number",
                        p2p_dataset_count(t->dataset), batches, o->batch_size, o->accumulate);
    if (t->position.batch && t->position.batch + o->accumulate > batches) {
        t->position.epoch++; /* batches or steps of another size end it here */
        t->position.batch = 0;
    }
    if ((err = p2p_loader_seek(t->loader, (uint32_t)t->position.epoch, (size_t)t->position.batch)) <
            0 ||
        (err = p2p_loader_next(t->loader, &first)) < 0)
        return err;
    const size_t pairs = (size_t)o->batch_size * (size_t)o->accumulate;
    const size_t steps = (size_t)(batches / o->accumulate);
    const size_t rest = p2p_dataset_count(t->dataset) - steps * pairs;
    if (rest)
        p2p_log(p2p_device_log(t->device), P2P_LOG_INFO,
                "each epoch leaves out %zu of %zu pairs, too few for a %s of %zu%s", rest,
                p2p_dataset_count(t->dataset), o->accumulate > 1 ? "step" : "batch", pairs,
                o->serial_batches ? "" : "; not the same ones");
    return p2p_loader_seek(t->loader, (uint32_t)t->position.epoch, (size_t)t->position.batch);
}
