/* SPDX-License-Identifier: BSD-2-Clause */
/* The Cityscapes data set: its label maps and photographs, in folders of their own, as A|B pictures. */
#include <string.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codec.h"
#include "src/data/folder.h"
#include "src/prepare/task.h"

static const char labels_end[] = "_gtFine_color.png", photos_end[] = "_leftImg8bit.png";
static const char *const phases[] = {"train", "val"};

/* Length of a label map's name without its end; 0: it is another file. */
static size_t stem(const char *name)
{
    const size_t n = strlen(name), end = sizeof(labels_end) - 1;

    return n > end && strcmp(name + n - end, labels_end) == 0 ? n - end : 0;
}

typedef struct Found {
    char **names; /* PHASE/CITY/X */
    size_t count, capacity;
} Found;

static int add(Found *f, const char *phase, const char *name, size_t length)
{
    void *names = f->names;
    int err = p2p_grow(&names, &f->capacity, f->count + 1, sizeof(char *));

    f->names = names;
    if (!err && !(f->names[f->count] = p2p_format("%s/%.*s", phase, (int)length, name)))
        err = P2P_ENOMEM;
    f->count += !err;
    return err;
}

static int find(Found *f, const char *labels, const char *folder_out, const P2pLog *log)
{
    const P2pWalkSettings how = {.except = folder_out, .log = log};
    int err = P2P_OK;

    for (size_t p = 0; !err && p < P2P_COUNT(phases); p++) {
        char *folder = p2p_path_join(labels, phases[p]), **names = NULL;
        size_t count = 0;
        err = !folder                      ? P2P_ENOMEM
              : !p2p_folder_exists(folder) ? P2P_OK
                                           : p2p_folder_walk(folder, &how, &names, &count);
        for (size_t i = 0; !err && i < count; i++)
            if (stem(names[i]))
                err = add(f, phases[p], names[i], stem(names[i]));
        p2p_names_free(names, count);
        free(folder);
    }
    if (!err && !f->count)
        err =
            p2p_fail(P2P_EFORMAT,
                     "%s: has no train/CITY/X%s, nor val/CITY/X%s; it is to be Cityscapes' gtFine",
                     labels, labels_end, labels_end);
    return err;
}

/* CITY is left out, as X begins with it. */
static char *result_of(const char *name, const P2pPrepareSettings *s)
{
    return p2p_format("%.*s%s%s", (int)strcspn(name, "/"), name, strrchr(name, '/'),
                      p2p_codecs[s->format].suffixes[0]);
}

static int set(P2pTask *t, size_t i, const char *labels, const char *photos, const char *folder_out,
               const char *name)
{
    char *result = result_of(name, t->settings);

    t->from[0][i] = p2p_format("%s/%s%s", photos, name, photos_end);
    t->from[1][i] = p2p_format("%s/%s%s", labels, name, labels_end);
    t->out[i] = result ? p2p_path_join(folder_out, result) : NULL;
    free(result);
    return t->from[0][i] && t->from[1][i] && t->out[i] ? P2P_OK : P2P_ENOMEM;
}

int p2p_prepare_cityscapes(const char *labels, const char *photos, const char *folder_out, int size,
                           const P2pPrepareSettings *settings, P2pProgress progress, void *user,
                           P2pPrepareReport *report)
{
    P2P_NEED(labels);
    P2P_NEED(photos);
    P2P_NEED(folder_out);
    P2P_NEED_RANGE("size", size, 1, P2P_IMAGE_MAX_SIDE);
    P2P_NEED_PREPARE(settings);

    P2pTask task = {0};
    Found found = {0};
    int err = find(&found, labels, folder_out, settings->log);

    if (!err)
        err = p2p_task_init(&task, found.count, true, settings);
    task.make = p2p_task_pair;
    task.user = &size;
    task.bad = "pairs cannot be joined";
    for (size_t i = 0; !err && i < found.count; i++)
        err = set(&task, i, labels, photos, folder_out, found.names[i]);
    p2p_names_free(found.names, found.count);
    return p2p_task_run(&task, err, progress, user, report);
}
