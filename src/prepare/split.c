/* SPDX-License-Identifier: BSD-2-Clause */
/* Splits a folder's pictures into train, val and test: which is which is drawn by seed and names. */
#include <math.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/rng.h"
#include "src/base/status.h"
#include "src/data/folder.h"
#include "src/prepare/task.h"

static const char *const phases[] = {"train", "val", "test"};

/* The phase of each of count pictures: a shuffled row, cut in three. */
static int draw(const P2pSplitSettings *split, size_t count, unsigned char *phase)
{
    const size_t val = (size_t)llround(split->val * (double)count);
    const size_t test = (size_t)llround(split->test * (double)count);

    if (val + test >= count)
        return p2p_fail(P2P_EFORMAT,
                        "of %zu pictures %zu for val and %zu for test leave none for training",
                        count, val, test);
    for (size_t i = 0; i < count; i++)
        phase[i] = i < val ? 1 : i < val + test ? 2 : 0;
    for (size_t i = count - 1; i > 0; i--) {
        const uint32_t word =
            p2p_rng_word(split->seed, p2p_stream(P2P_STREAM_ORDER, 1), (uint64_t)i);
        const size_t k = p2p_rng_below(word, (uint32_t)i + 1);
        const unsigned char kept = phase[i];
        phase[i] = phase[k];
        phase[k] = kept;
    }
    return P2P_OK;
}

/* The pictures of a folder, or of both A and B within it. */
typedef struct Sides {
    char *folders[2], **names[2];
    size_t count;
    bool two;
} Sides;

static void sides_finish(Sides *s)
{
    for (int i = 0; i < 2; i++) {
        p2p_names_free(s->names[i], s->names[i] ? s->count : 0);
        free(s->folders[i]);
    }
}

static int sides_init(Sides *s, const char *folder, const char *folder_out,
                      const P2pPrepareSettings *settings)
{
    size_t counts[2] = {0, 0};
    int err;

    s->folders[0] = p2p_path_join(folder, "A");
    s->folders[1] = p2p_path_join(folder, "B");
    if (!s->folders[0] || !s->folders[1])
        return P2P_ENOMEM;
    s->two = p2p_folder_exists(s->folders[0]) && p2p_folder_exists(s->folders[1]);
    if (!s->two) {
        err = p2p_task_list(folder, folder_out, settings, &s->names[0], &s->count);
        return err;
    }
    err = p2p_task_list(s->folders[0], folder_out, settings, &s->names[0], &counts[0]);
    if (!err)
        err = p2p_task_list(s->folders[1], folder_out, settings, &s->names[1], &counts[1]);
    if (!err)
        err = p2p_folder_match(s->folders[0], s->names[0], counts[0], s->folders[1], s->names[1],
                               counts[1]);
    if (err) { /* they may differ in length */
        for (int i = 0; i < 2; i++) {
            p2p_names_free(s->names[i], counts[i]);
            s->names[i] = NULL;
        }
    }
    s->count = err ? 0 : counts[0];
    return err;
}

static int plan(P2pTask *t, const Sides *s, const char *folder, const char *folder_out,
                const unsigned char *phase)
{
    static const char *const with_side[2][3] = {{"A/train", "A/val", "A/test"},
                                                {"B/train", "B/val", "B/test"}};
    int err = P2P_OK;

    for (size_t i = 0; !err && i < s->count; i++) {
        if (!s->two)
            err = p2p_task_set(t, i, folder, s->names[0][i], folder_out, phases[phase[i]]);
        for (size_t k = 0; s->two && !err && k < 2; k++)
            err = p2p_task_set(t, 2 * i + k, s->folders[k], s->names[k][i], folder_out,
                               with_side[k][phase[i]]);
    }
    return err;
}

int p2p_prepare_split(const char *folder, const char *folder_out, const P2pSplitSettings *split,
                      const P2pPrepareSettings *settings, P2pProgress progress, void *user,
                      P2pPrepareReport *report)
{
    P2P_NEED(folder);
    P2P_NEED(folder_out);
    P2P_NEED(split);
    P2P_REQUIRE(split->val >= 0 && split->test >= 0 && split->val + split->test < 1,
                "shares of %g and %g leave none for training", split->val, split->test);
    P2P_NEED_PREPARE(settings);

    P2pTask task = {0};
    Sides sides = {0};
    int err = sides_init(&sides, folder, folder_out, settings);
    unsigned char *phase = err ? NULL : p2p_alloc(sides.count, 1);

    if (!err)
        err = phase ? draw(split, sides.count, phase) : P2P_ENOMEM;
    if (!err)
        err = p2p_task_init(&task, sides.count * (sides.two ? 2 : 1), false, settings);
    if (!err)
        err = plan(&task, &sides, folder, folder_out, phase);
    sides_finish(&sides);
    free(phase);
    return p2p_task_run(&task, err, progress, user, report);
}
