/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes each picture of a folder. */
#include "src/base/front.h"
#include "src/base/status.h"
#include "src/data/folder.h"
#include "src/prepare/task.h"

typedef struct Change {
    P2pChange change;
    void *user;
} Change;

static int make(const P2pTask *t, size_t i, P2pImage *picture)
{
    const Change *c = t->user;
    P2pImage in = {0};
    int err = p2p_task_read(t->settings, t->from[0][i], &in);

    if (!err && (err = c->change(c->user, &in, picture)) < 0)
        err = p2p_fail_prefix(err, "%s", t->from[0][i]);
    p2p_image_finish(&in);
    return err;
}

int p2p_prepare_folder(const char *folder, const char *folder_out, P2pChange change, void *user,
                       const P2pPrepareSettings *settings, P2pProgress progress,
                       void *progress_user, P2pPrepareReport *report)
{
    P2P_NEED(folder);
    P2P_NEED(folder_out);
    P2P_REQUIRE(change != NULL, "change must not be NULL");
    P2P_NEED_PREPARE(settings);

    const Change how = {change, user};
    P2pTask task = {0};
    char **names = NULL;
    size_t count = 0;
    int err = p2p_task_list(folder, folder_out, settings, &names, &count);

    if (!err)
        err = p2p_task_init(&task, count, false, settings);
    task.make = make;
    task.user = &how;
    task.bad = "pictures cannot be used";
    for (size_t i = 0; !err && i < count; i++)
        err = p2p_task_set(&task, i, folder, names[i], folder_out, "");
    p2p_names_free(names, count);
    return p2p_task_run(&task, err, progress, progress_user, report);
}
