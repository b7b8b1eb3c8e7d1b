/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folders of pictures: two layouts of pairs, one of unpaired ones, the order of an epoch, reading one pair. Neither
 * jitters nor makes batches (loader.c), nor looks for unusable files (dataset_check.c).
 */
#include "src/base/front.h"
#include "src/data/dataset.h"

#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/data/folder.h"

/* Whose order draws the pairs that are split off: no run comes so far. */
enum { SPLIT_EPOCH = 0xffffff };

static int pair_init(P2pDatasetPair *pair, const char *folder_a, const char *a,
                     const char *folder_b, const char *b)
{
    pair->name = p2p_format("%.*s", (int)p2p_stem_length(a), a);
    pair->path_a = p2p_path_join(folder_a, a);
    pair->path_b = b ? p2p_path_join(folder_b, b) : NULL;
    return pair->name && pair->path_a && (!b || pair->path_b) ? P2P_OK : P2P_ENOMEM;
}

void p2p_dataset_pair_finish(const P2pDataset *d, P2pDatasetPair *pair)
{
    for (int side = 0; side < 2; side++)
        if (pair->more[side])
            p2p_names_free(pair->more[side], (size_t)d->layers[side] - 1);
    free(pair->name);
    free(pair->path_a);
    free(pair->path_b);
    *pair = (P2pDatasetPair){0};
}

/* folder_b is NULL for pictures that hold both halves. */
static int list_pairs(P2pDataset *d, const char *folder_a, const char *folder_b,
                      const P2pDatasetSettings *s)
{
    const P2pWalkSettings how = {.log = s->log};
    char **a = NULL, **b = NULL;
    size_t count_a = 0, count_b = 0;
    int err = p2p_folder_stems(folder_a, &how, &a, &count_a);

    if (!err && folder_b)
        err = p2p_folder_stems(folder_b, &how, &b, &count_b);
    if (!err && folder_b)
        err = p2p_folder_match(folder_a, a, count_a, folder_b, b, count_b);
    if (!err && !count_a)
        err = p2p_fail(P2P_EFORMAT, "%s: has no pictures (.png, .jpg, .tif ...)", folder_a);
    if (!err && count_a > UINT32_MAX)
        err = p2p_fail(P2P_EFORMAT, "%s: has too many pictures", folder_a);

    const size_t most = s->max_dataset_size, count = most && most < count_a ? most : count_a;
    if (!err && !(d->pairs = p2p_alloc(count, sizeof(*d->pairs))))
        err = P2P_ENOMEM;
    for (; !err && d->count < count; d->count++) /* counts a half-built last one too */
        err = pair_init(&d->pairs[d->count], folder_a, a[d->count], folder_b,
                        folder_b ? b[d->count] : NULL);
    p2p_names_free(a, count_a);
    p2p_names_free(b, count_b);
    return err;
}

/* The names of a folder's pictures, of which there are some. */
static int list_side(const char *folder, const P2pDatasetSettings *s, char ***names, size_t *all,
                     size_t *count)
{
    const P2pWalkSettings how = {.log = s->log};
    const int err = p2p_folder_stems(folder, &how, names, all);

    *count = s->max_dataset_size && s->max_dataset_size < *all ? s->max_dataset_size : *all;
    if (!err && (!*all || *all > UINT32_MAX))
        return p2p_fail(P2P_EFORMAT, "%s: has %s", folder,
                        *all ? "too many pictures" : "no pictures (.png, .jpg, .tif ...)");
    return err;
}

static int fill_unaligned(P2pDataset *d, const char *folder_a, char **a, size_t count_a,
                          const char *folder_b, char **b, size_t count_b)
{
    const size_t count = count_a > count_b ? count_a : count_b;
    int err = P2P_OK;

    if (!(d->pairs = p2p_alloc(count, sizeof(*d->pairs))))
        return P2P_ENOMEM;
    for (; !err && d->count < count; d->count++) {
        P2pDatasetPair *pair = &d->pairs[d->count];
        const char *in_a = a[d->count % count_a], *in_b = b[d->count % count_b];
        const char *name = count == count_a ? in_a : in_b;
        pair->name = p2p_format("%.*s", (int)p2p_stem_length(name), name);
        pair->path_a = p2p_path_join(folder_a, in_a);
        pair->path_b = p2p_path_join(folder_b, in_b);
        err = pair->name && pair->path_a && pair->path_b ? P2P_OK : P2P_ENOMEM;
    }
    d->unaligned = true;
    d->partners = count_b;
    return err;
}

static int list_unaligned(P2pDataset *d, const char *folder, const P2pDatasetSettings *s)
{
    const char *phase = s->phase ? s->phase : "train";
    char *paths[2] = {p2p_format("%s/%sA", folder, phase), p2p_format("%s/%sB", folder, phase)};
    char **names[2] = {NULL, NULL};
    size_t all[2] = {0, 0}, count[2] = {0, 0};
    int err = paths[0] && paths[1] ? P2P_OK : P2P_ENOMEM;

    if (!err && (!p2p_folder_exists(paths[0]) || !p2p_folder_exists(paths[1])))
        err = p2p_fail(
            P2P_EIO,
            "%s: has no folders %s and %s with pictures of A and of B that are no pairs; for pairs "
            "the dataset mode is aligned",
            folder, paths[0], paths[1]);
    for (int i = 0; !err && i < 2; i++)
        err = list_side(paths[i], s, &names[i], &all[i], &count[i]);
    if (!err)
        err = fill_unaligned(d, paths[0], names[0], count[0], paths[1], names[1], count[1]);
    for (int i = 0; i < 2; i++) {
        p2p_names_free(names[i], all[i]);
        free(paths[i]);
    }
    return err;
}

static int list_single(P2pDataset *d, const char *folder, const P2pDatasetSettings *s)
{
    return p2p_folder_exists(folder) ? list_pairs(d, folder, NULL, s)
                                     : p2p_fail(P2P_EIO, "%s: there is no such folder", folder);
}

/* The pictures of folder/PHASE themselves. */
static int list_phase(P2pDataset *d, const char *folder, const P2pDatasetSettings *s)
{
    const char *phase = s->phase ? s->phase : "train";
    char *path = p2p_format(*phase ? "%s/%s" : "%s", folder, phase);
    const int err = path ? list_single(d, path, s) : P2P_ENOMEM;

    free(path);
    return err;
}

static bool has_pictures(const char *folder, bool flat)
{
    const P2pWalkSettings how = {.flat = flat};
    char **names;
    size_t count;

    if (!p2p_folder_exists(folder) || p2p_folder_walk(folder, &how, &names, &count) < 0)
        return false;
    p2p_names_free(names, count);
    return count > 0;
}

/* Two folders, or more where sides are stacks. */
static int list_stacks(P2pDataset *d, const char *folder, char *const sides[2],
                       const P2pDatasetSettings *s)
{
    const int err = list_pairs(d, sides[0], sides[1], s);

    return err ? err : p2p_dataset_add_layers(d, folder, s);
}

/*
 * folder/PHASE wins if it holds pictures itself, not in subfolders: with phase "" it is also the
 * parent of A and B.
 */
static int list_layout(P2pDataset *d, const char *folder, const P2pDatasetSettings *s)
{
    const char *phase = s->phase ? s->phase : "train";
    char *joint = p2p_format(*phase ? "%s/%s" : "%s", folder, phase);
    char *sides[2];
    int err = p2p_dataset_find_sides(folder, phase, sides);

    if (err || !joint)
        err = P2P_ENOMEM;
    else if (!p2p_folder_exists(folder))
        err = p2p_fail(P2P_EIO, "%s: there is no such folder", folder);
    else if (has_pictures(joint, true))
        err = list_pairs(d, joint, NULL, s);
    else if (sides[0] && sides[1])
        err = list_stacks(d, folder, sides, s);
    else if (has_pictures(joint, false) || (*phase && p2p_folder_exists(joint)))
        err = list_pairs(d, joint, NULL, s);
    else
        err = p2p_fail(P2P_EIO,
                       "%s: holds neither %s with A|B pictures (A left, B right) nor %s/A%s%s "
                       "and %s/B%s%s with pictures of equal names",
                       folder, joint, folder, *phase ? "/" : "", phase, folder, *phase ? "/" : "",
                       phase);
    free(joint);
    free(sides[0]);
    free(sides[1]);
    return err;
}

int p2p_dataset_create(P2pDataset **out, const char *folder, const P2pDatasetSettings *settings)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(folder);

    static const P2pDatasetSettings defaults;
    const P2pDatasetSettings *s = settings ? settings : &defaults;
    P2P_NEED_RANGE("direction", s->direction, P2P_DIRECTION_ATOB, P2P_DIRECTION_BTOA);
    P2pDataset *d = p2p_alloc(1, sizeof(*d));

    if (!d)
        return P2P_ENOMEM;
    d->direction = s->direction;
    d->max_pixels = s->max_pixels;
    d->no_exif = s->no_exif;
    d->single = s->single;
    d->layers[0] = d->layers[1] = 1;
    d->lab = s->lab;
    int err = s->single           ? list_single(d, folder, s)
              : s->lab || s->mask ? list_phase(d, folder, s)
              : s->unaligned      ? list_unaligned(d, folder, s)
                                  : list_layout(d, folder, s);
    if (!err && s->mask)
        err = p2p_holes_open(&d->holes, s->mask, s->mask_seed, s->max_pixels);
    if (err)
        p2p_dataset_destroy(&d);
    *out = d;
    return err;
}

void p2p_dataset_destroy(P2pDataset **dataset)
{
    P2pDataset *d = *dataset;

    *dataset = NULL;
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++)
        p2p_dataset_pair_finish(d, &d->pairs[i]);
    p2p_holes_finish(&d->holes);
    free(d->pairs);
    free(d);
}

size_t p2p_dataset_count(const P2pDataset *dataset)
{
    return dataset->count;
}

const char *p2p_dataset_name(const P2pDataset *dataset, size_t index)
{
    return index < dataset->count ? dataset->pairs[index].name : NULL;
}

const char *p2p_dataset_path(const P2pDataset *dataset, size_t index)
{
    if (index >= dataset->count)
        return NULL;
    const P2pDatasetPair *pair = &dataset->pairs[index];
    return pair->path_b && dataset->direction == P2P_DIRECTION_BTOA ? pair->path_b : pair->path_a;
}

/* Never turned: A lies on the left. */
static int read_joint(const P2pDataset *d, const P2pDatasetPair *pair, P2pImage *a, P2pImage *b)
{
    P2pImage both;
    int err;

    if ((err = p2p_image_read(&both, pair->path_a, d->max_pixels)) < 0)
        return err;
    const int half = both.width / 2;
    if (both.width % 2)
        err = p2p_fail(P2P_EFORMAT,
                       "%s: is %d pixels wide; an A|B picture has two halves of equal "
                       "width",
                       pair->path_a, both.width);
    if (!err)
        err = p2p_image_crop(&both, 0, 0, half, both.height, a);
    if (!err)
        err = p2p_image_crop(&both, half, 0, half, both.height, b);
    p2p_image_finish(&both);
    return err;
}

int p2p_dataset_read_picture(const P2pDataset *d, const char *path, P2pImage *image)
{
    const int err = p2p_image_read(image, path, d->max_pixels);

    return err || d->no_exif ? err : p2p_image_upright(image);
}

/* One picture that is input and target. */
static int read_same(const P2pDataset *d, const char *path, P2pImage *a, P2pImage *b)
{
    const int err = p2p_dataset_read_picture(d, path, a);

    return err ? err : p2p_image_copy(a, b);
}

/* A picture with a hole, and without. */
static int read_holed(const P2pDataset *d, size_t index, P2pImage *input, P2pImage *target)
{
    P2pImage picture = {0};
    int err = p2p_dataset_read_picture(d, d->pairs[index].path_a, &picture);

    if (!err)
        err = p2p_image_convert_channels(&picture, 3, target);
    if (!err)
        err = p2p_holes_cut(&d->holes, target, 0, index, input);
    p2p_image_finish(&picture);
    return err;
}

static int read_two(const P2pDataset *d, const P2pDatasetPair *of_a, const P2pDatasetPair *of_b,
                    P2pImage *a, P2pImage *b)
{
    const char *path_a = of_a->path_a, *path_b = of_b->path_b;
    int err;

    if ((err = p2p_dataset_read_picture(d, path_a, a)) < 0 ||
        (err = p2p_dataset_read_layers(d, of_a, 0, a)) < 0 ||
        (err = p2p_dataset_read_picture(d, path_b, b)) < 0 ||
        (err = p2p_dataset_read_layers(d, of_b, 1, b)) < 0)
        return err;
    if (!d->unaligned && (a->width != b->width || a->height != b->height))
        return p2p_fail(P2P_EFORMAT, "%s: has %d x %d pixels, but its partner %s has %d x %d",
                        path_a, a->width, a->height, path_b, b->width, b->height);
    return P2P_OK;
}

int p2p_dataset_check_outputs(const P2pDataset *dataset, const char *const *outputs, size_t count)
{
    P2P_NEED(dataset);

    const size_t each = (size_t)(dataset->layers[0] + dataset->layers[1]);
    const char **inputs = p2p_alloc(each * dataset->count + 1, sizeof(*inputs));
    size_t known = 0;
    if (!inputs)
        return P2P_ENOMEM;
    for (size_t i = 0; i < dataset->count; i++) {
        inputs[known++] = dataset->pairs[i].path_a;
        if (dataset->pairs[i].path_b)
            inputs[known++] = dataset->pairs[i].path_b;
        for (int side = 0; side < 2; side++)
            for (int k = 0; k < dataset->layers[side] - 1; k++)
                inputs[known++] = dataset->pairs[i].more[side][k];
    }
    const int err = p2p_outputs_check(outputs, count, inputs, known);
    free(inputs);
    return err;
}

int p2p_dataset_read(const P2pDataset *dataset, size_t index, P2pImage *input, P2pImage *target)
{
    P2P_NEED(dataset);
    P2P_NEED(input);
    P2P_NEED(target);
    P2P_REQUIRE(input != target, "input and target must be two");
    P2P_REQUIRE(index < dataset->count, "there are %zu pairs, no pair %zu", dataset->count, index);

    return p2p_dataset_read_with(dataset, index, index, input, target);
}

int p2p_dataset_read_with(const P2pDataset *dataset, size_t index, size_t partner, P2pImage *input,
                          P2pImage *target)
{
    const bool reverse = dataset->direction == P2P_DIRECTION_BTOA;
    P2pImage *a = reverse ? target : input, *b = reverse ? input : target;

    *input = *target = (P2pImage){0};
    const P2pDatasetPair *pair = &dataset->pairs[index];
    const int err = dataset->single       ? p2p_dataset_read_picture(dataset, pair->path_a, input)
                    : dataset->lab        ? read_same(dataset, pair->path_a, input, target)
                    : dataset->holes.kind ? read_holed(dataset, index, input, target)
                    : pair->path_b        ? read_two(dataset, pair, &dataset->pairs[partner], a, b)
                                          : read_joint(dataset, pair, a, b);
    if (err) {
        p2p_image_finish(input);
        p2p_image_finish(target);
    }
    return err;
}

void p2p_dataset_order(size_t count, bool serial, uint32_t seed, uint32_t epoch, uint32_t *order)
{
    const uint32_t stream = p2p_stream(P2P_STREAM_ORDER, epoch);

    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = serial ? 0 : count; i > 1; i--) {
        const uint32_t j = p2p_rng_below(p2p_rng_word(seed, stream, i), (uint32_t)i);
        const uint32_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}

int p2p_dataset_split(P2pDataset *d, double share, uint32_t seed, P2pDataset **out)
{
    const size_t wanted = (size_t)(share * (double)d->count + 0.5), taken = wanted ? wanted : 1;
    size_t left = 0;

    *out = NULL;
    if (d->unaligned)
        return p2p_fail(P2P_EINVAL, "pictures of A and of B that are no pairs cannot be split");
    if (taken >= d->count)
        return p2p_fail(P2P_EINVAL, "a share of %g leaves nothing of %zu pairs to train on", share,
                        d->count);
    uint32_t *order = p2p_alloc(d->count, sizeof(*order));
    bool *is_taken = p2p_alloc(d->count, sizeof(*is_taken));
    P2pDataset *v = p2p_alloc(1, sizeof(*v));
    P2pDatasetPair *pairs = p2p_alloc(taken, sizeof(*pairs));
    P2pHoles holes;
    if (!order || !is_taken || !v || !pairs || p2p_holes_copy(&holes, &d->holes) < 0) {
        free(pairs);
        free(v);
        v = NULL;
    } else {
        *v = *d;
        v->holes = holes;
        v->pairs = pairs;
        v->count = 0;
        p2p_dataset_order(d->count, false, seed, SPLIT_EPOCH, order);
        for (size_t i = 0; i < taken; i++)
            is_taken[order[i]] = true;
        for (size_t i = 0; i < d->count; i++)
            if (is_taken[i])
                v->pairs[v->count++] = d->pairs[i];
            else
                d->pairs[left++] = d->pairs[i];
        d->count = left;
    }
    free(order);
    free(is_taken);
    *out = v;
    return v ? P2P_OK : P2P_ENOMEM;
}
