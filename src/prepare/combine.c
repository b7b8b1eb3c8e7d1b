/* SPDX-License-Identifier: BSD-2-Clause */
/* Joins the pictures of two folders, with their subfolders, into A|B pictures. */
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/folder.h"
#include "src/prepare/task.h"

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

/* Resized to user's square where there is one. */
static int read_side(const P2pTask *t, const char *path, P2pImage *image)
{
    const int *size = t->user;
    P2pImage whole = {0};

    if (!size)
        return p2p_task_read(t->settings, path, image);
    int err = p2p_task_read(t->settings, path, &whole);
    if (!err)
        err = p2p_image_fit(&whole, *size, *size, P2P_FIT_STRETCH, P2P_FILTER_BICUBIC, image);
    p2p_image_finish(&whole);
    return err;
}

int p2p_task_pair(const P2pTask *t, size_t i, P2pImage *both)
{
    P2pImage a = {0}, b = {0};
    int err = read_side(t, t->from[0][i], &a);

    if (!err)
        err = read_side(t, t->from[1][i], &b);
    if (!err && (a.width != b.width || a.height != b.height))
        err = p2p_fail(P2P_EFORMAT,
                       "%s: has %d x %d pixels, but its partner %s has %d x %d; "
                       "resize one of them",
                       t->from[0][i], a.width, a.height, t->from[1][i], b.width, b.height);
    if (!err)
        err = join(&a, &b, both);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    return err;
}

/* ---- Any two folders ----------------------------------------------------------------------- */

static int fill(P2pTask *t, const char *folder_a, char *const *a, const char *folder_b,
                char *const *b, const char *folder_out)
{
    int err = P2P_OK;

    for (size_t i = 0; !err && i < t->count; i++) {
        err = p2p_task_set(t, i, folder_a, a[i], folder_out, "");
        if (!err && !(t->from[1][i] = p2p_path_join(folder_b, b[i])))
            err = P2P_ENOMEM;
    }
    return err;
}

static int list(P2pTask *t, const char *folder_a, const char *folder_b, const char *folder_out,
                const P2pPrepareSettings *settings)
{
    char **a = NULL, **b = NULL;
    size_t count_a = 0, count_b = 0;
    int err = p2p_task_list(folder_a, folder_out, settings, &a, &count_a);

    if (!err)
        err = p2p_task_list(folder_b, folder_out, settings, &b, &count_b);
    if (!err)
        err = p2p_folder_match(folder_a, a, count_a, folder_b, b, count_b);
    if (!err)
        err = p2p_task_init(t, count_a, true, settings);
    t->make = p2p_task_pair;
    t->bad = "pairs cannot be joined";
    if (!err)
        err = fill(t, folder_a, a, folder_b, b, folder_out);
    p2p_names_free(a, count_a);
    p2p_names_free(b, count_b);
    return err;
}

int p2p_data_combine(const char *folder_a, const char *folder_b, const char *folder_out,
                     const P2pPrepareSettings *settings, P2pProgress progress, void *user,
                     P2pPrepareReport *report)
{
    P2P_NEED(folder_a);
    P2P_NEED(folder_b);
    P2P_NEED(folder_out);
    P2P_NEED_PREPARE(settings);

    P2pTask task = {0};
    const int err = list(&task, folder_a, folder_b, folder_out, settings);

    return p2p_task_run(&task, err, progress, user, report);
}
