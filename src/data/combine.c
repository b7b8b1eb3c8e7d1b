/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins two folders of pictures into one of A|B pictures, subfolder by subfolder. All names are
 * matched before anything is written; nothing is skipped silently.
 */
#include <string.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/folder.h"

enum { MAX_DEPTH = 32 };

typedef struct Pair {
    char *a, *b, *folder, *out;
} Pair;

typedef struct Plan {
    Pair *pairs;
    size_t count, capacity;
    const char *suffix;
} Plan;

static void plan_finish(Plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->pairs[i].a);
        free(plan->pairs[i].b);
        free(plan->pairs[i].folder);
        free(plan->pairs[i].out);
    }
    free(plan->pairs);
}

static int plan_add(Plan *plan, const char *folder_a, const char *a, const char *folder_b,
                    const char *b, const char *folder_out)
{
    void *pairs = plan->pairs;
    const int err = p2p_grow(&pairs, &plan->capacity, plan->count + 1, sizeof(Pair));

    plan->pairs = pairs;
    if (err)
        return err;
    Pair *pair = &plan->pairs[plan->count++];
    char *name = p2p_format("%.*s%s", (int)p2p_stem_length(a), a, plan->suffix);
    pair->a = p2p_path_join(folder_a, a);
    pair->b = p2p_path_join(folder_b, b);
    pair->folder = p2p_strdup(folder_out);
    pair->out = name ? p2p_path_join(folder_out, name) : NULL;
    free(name);
    return pair->a && pair->b && pair->folder && pair->out ? P2P_OK : P2P_ENOMEM;
}

static int plan_pictures(Plan *plan, const char *folder_a, const char *folder_b,
                         const char *folder_out)
{
    char **a = NULL, **b = NULL;
    size_t count_a = 0, count_b = 0;
    int err = p2p_folder_stems(folder_a, &a, &count_a);

    if (!err)
        err = p2p_folder_stems(folder_b, &b, &count_b);
    if (!err)
        err = p2p_folder_match(folder_a, a, count_a, folder_b, b, count_b);
    for (size_t i = 0; i < count_a && !err; i++)
        err = plan_add(plan, folder_a, a[i], folder_b, b[i], folder_out);
    p2p_names_free(a, count_a);
    p2p_names_free(b, count_b);
    return err;
}

static int plan_folder(Plan *plan, const char *folder_a, const char *folder_b,
                       const char *folder_out, int depth);

static int plan_subfolder(Plan *plan, const char *folder_a, const char *folder_b,
                          const char *folder_out, const char *name, int depth)
{
    char *a = p2p_path_join(folder_a, name), *b = p2p_path_join(folder_b, name);
    char *out = p2p_path_join(folder_out, name);
    int err = a && b && out ? P2P_OK : P2P_ENOMEM;

    if (!err && !p2p_folder_exists(b))
        err = p2p_fail(P2P_EFORMAT, "%s: has no partner %s", a, b);
    if (!err)
        err = plan_folder(plan, a, b, out, depth + 1);
    free(a);
    free(b);
    free(out);
    return err;
}

/* A subfolder of B that A lacks would otherwise be left out without a word. */
static int match_subfolders(const char *folder_a, const char *folder_b)
{
    char **names = NULL;
    size_t count = 0;
    int err = p2p_folder_subfolders(folder_b, &names, &count);

    for (size_t i = 0; i < count && !err; i++) {
        char *a = p2p_path_join(folder_a, names[i]);
        if (!a)
            err = P2P_ENOMEM;
        else if (!p2p_folder_exists(a))
            err = p2p_fail(P2P_EFORMAT, "%s/%s: has no partner %s", folder_b, names[i], a);
        free(a);
    }
    p2p_names_free(names, count);
    return err;
}

static int plan_folder(Plan *plan, const char *folder_a, const char *folder_b,
                       const char *folder_out, int depth)
{
    char **names = NULL;
    size_t count = 0;
    int err;

    if (depth > MAX_DEPTH)
        return p2p_fail(P2P_EFORMAT, "%s: lies more than %d folders deep", folder_a, MAX_DEPTH);
    err = plan_pictures(plan, folder_a, folder_b, folder_out);
    if (!err)
        err = match_subfolders(folder_a, folder_b);
    if (!err)
        err = p2p_folder_subfolders(folder_a, &names, &count);
    for (size_t i = 0; i < count && !err; i++)
        err = plan_subfolder(plan, folder_a, folder_b, folder_out, names[i], depth);
    p2p_names_free(names, count);
    return err;
}

/* Both to the same channels and bits, then side by side. */
static int join(const P2pImage *a, const P2pImage *b, P2pImage *out)
{
    const P2pImage *in[2] = {a, b};
    const int channels = p2p_max(a->channels, b->channels), bits = p2p_max(a->bits, b->bits);
    P2pImage wide[2] = {{0}, {0}}, equal[2] = {{0}, {0}};
    int err = P2P_OK;

    for (int i = 0; i < 2 && !err; i++) {
        err = p2p_image_convert_channels(in[i], channels, &wide[i]);
        if (!err)
            err = p2p_image_convert_bits(&wide[i], bits, &equal[i]);
    }
    if (!err)
        err = p2p_image_join(&equal[0], &equal[1], out);
    for (int i = 0; i < 2; i++) {
        p2p_image_finish(&wide[i]);
        p2p_image_finish(&equal[i]);
    }
    return err;
}

static int combine_pair(const Pair *pair, const P2pCombineSettings *s)
{
    P2pImage a = {0}, b = {0}, both = {0};
    int err = p2p_image_read(&a, pair->a, s->max_pixels);

    if (!err)
        err = p2p_image_read(&b, pair->b, s->max_pixels);
    if (!err && (a.width != b.width || a.height != b.height))
        err = p2p_fail(P2P_EFORMAT,
                       "%s: has %d x %d pixels, but its partner %s has %d x %d; "
                       "resize one of them",
                       pair->a, a.width, a.height, pair->b, b.width, b.height);
    if (!err)
        err = join(&a, &b, &both);
    if (!err)
        err = p2p_folder_make(pair->folder);
    if (!err)
        err = p2p_image_write(&both, pair->out, s->quality);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    p2p_image_finish(&both);
    return err;
}

static int combine_all(const Plan *plan, const P2pCombineSettings *s, P2pProgress progress,
                       void *user, size_t *done)
{
    int err;

    for (size_t i = 0; i < plan->count; i++) {
        if ((err = combine_pair(&plan->pairs[i], s)) < 0)
            return err;
        ++*done;
        if (progress && progress(user, *done, plan->count))
            return p2p_fail(P2P_ESTOPPED, "stopped after %zu of %zu pictures", *done, plan->count);
    }
    return P2P_OK;
}

int p2p_data_combine(const char *folder_a, const char *folder_b, const char *folder_out,
                     const P2pCombineSettings *settings, P2pProgress progress, void *user,
                     size_t *written)
{
    P2P_NEED(folder_a);
    P2P_NEED(folder_b);
    P2P_NEED(folder_out);

    static const P2pCombineSettings defaults;
    const P2pCombineSettings *s = settings ? settings : &defaults;
    P2P_NEED_RANGE("format", s->format, P2P_IMAGE_PNG, P2P_IMAGE_JPEG);
    P2P_NEED_RANGE("quality", s->quality, 0, 100);
    Plan plan = {.suffix = s->format == P2P_IMAGE_JPEG ? ".jpg" : ".png"};
    size_t done = 0;
    int err = plan_folder(&plan, folder_a, folder_b, folder_out, 0);

    if (!err && !plan.count)
        err = p2p_fail(P2P_EFORMAT,
                       "%s: has no pictures (.png, .jpg, .jpeg), nor have its "
                       "subfolders",
                       folder_a);
    if (!err)
        err = combine_all(&plan, s, progress, user, &done);
    plan_finish(&plan);
    if (written)
        *written = done;
    return err;
}
