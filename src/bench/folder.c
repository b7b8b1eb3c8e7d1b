/* SPDX-License-Identifier: BSD-2-Clause */
/* Timing the translation of a folder from files to encoded pictures, and its parts. */
#include <string.h>

#include "p2p/bench.h"
#include "p2p/data.h"
#include "p2p/model.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/device.h"

/* In the order of the results' fields; the last is the sum. */
enum { DECODE, DEVICE, ENCODE, WHOLE, PARTS };

typedef struct Times {
    double *part[PARTS]; /* seconds [count] */
    size_t count;
} Times;

static int times_init(Times *t, size_t room)
{
    *t = (Times){0};
    for (int k = 0; k < PARTS; k++)
        if (!(t->part[k] = p2p_alloc(room, sizeof(double))))
            return P2P_ENOMEM;
    return P2P_OK;
}

static void times_finish(Times *t)
{
    for (int k = 0; k < PARTS; k++)
        free(t->part[k]);
}

static int read_upright(P2pImage *image, const char *path, size_t max_pixels)
{
    const int err = p2p_image_read(image, path, max_pixels);

    return err ? err : p2p_image_upright(image);
}

/* One picture from file to PNG, one step after the other. */
static int translate(P2pModel *model, const char *path, size_t max_pixels, double seconds[PARTS])
{
    P2pImage in = {0}, out = {0};
    unsigned char *data = NULL;
    size_t bytes;
    double at[PARTS] = {p2p_seconds()};
    int err = read_upright(&in, path, max_pixels);

    at[DEVICE] = p2p_seconds();
    if (!err)
        err = p2p_model_translate(model, &in, &out);
    at[ENCODE] = p2p_seconds();
    if (!err)
        err = p2p_image_encode(&out, P2P_IMAGE_PNG, 0, &data, &bytes);
    at[WHOLE] = p2p_seconds();
    for (int k = DECODE; k < WHOLE; k++)
        seconds[k] = at[k + 1] - at[k];
    seconds[WHOLE] = at[WHOLE] - at[DECODE];
    free(data);
    p2p_image_finish(&in);
    p2p_image_finish(&out);
    return err;
}

/* A folder on its way. */
typedef struct Folder {
    char *const *paths;
    size_t count, max_pixels;
} Folder;

static int next(void *user, P2pTranslation *picture)
{
    return picture->index < ((const Folder *)user)->count;
}

static int read_picture(void *user, P2pTranslation *picture)
{
    const Folder *f = user;

    return read_upright(&picture->in, f->paths[picture->index], f->max_pixels);
}

static int write_picture(void *user, P2pTranslation *picture)
{
    (void)user;
    return p2p_image_encode(&picture->out, P2P_IMAGE_PNG, 0, &picture->data, &picture->bytes);
}

static int done(void *user, P2pTranslation *picture)
{
    (void)user;
    return picture->status;
}

/* The whole folder as p2p-translate does it, but for the writing. */
static int translate_all(P2pModel *model, const Folder *folder, int threads, double *seconds)
{
    static const P2pTranslateCalls calls = {next, read_picture, write_picture, done};
    const double start = p2p_seconds();
    const int err = p2p_model_translate_all(model, &calls, threads, (void *)folder);

    *seconds += p2p_seconds() - start;
    return err;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void summarize(const Times *t, double elapsed, P2pBenchFolder *result)
{
    double *const medians[PARTS] = {&result->decode_s, &result->device_s, &result->encode_s,
                                    &result->median_s};
    double device = 0;

    for (size_t i = 0; i < t->count; i++)
        device += t->part[DEVICE][i];
    for (int k = 0; k < PARTS; k++) {
        qsort(t->part[k], t->count, sizeof(double), compare_doubles);
        *medians[k] = t->part[k][t->count / 2];
    }
    result->min_s = t->part[WHOLE][0];
    result->max_s = t->part[WHOLE][t->count - 1];
    result->pictures = t->count;
    result->pictures_per_s = (double)t->count / elapsed;
    result->device_per_s = (double)t->count / device;
}

/* All pictures one after the other, with their parts. */
static int time_parts(P2pModel *model, const Folder *folder, Times *times)
{
    double seconds[PARTS];
    int err = P2P_OK;

    for (size_t i = 0; !err && i < folder->count; i++) {
        err = translate(model, folder->paths[i], folder->max_pixels, seconds);
        for (int k = 0; k < PARTS; k++)
            times->part[k][times->count] = seconds[k];
        times->count += !err;
    }
    return err;
}

/* The first picture once for warm-up, then all of them, as often as at least `steps` takes: in turn
 * one after the other and overlapping, so that both see the same machine. */
static int run(P2pModel *model, const Folder *folder, const P2pBenchFolderSettings *s, double start,
               P2pBenchFolder *result)
{
    const size_t steps = (size_t)p2p_max(s->steps, 1);
    const size_t passes = (steps + folder->count - 1) / folder->count;
    double seconds[PARTS], elapsed = 0;
    Times times;
    int err = times_init(&times, passes * folder->count);

    if (!err)
        err = translate(model, folder->paths[0], folder->max_pixels, seconds);
    result->setup_s = p2p_seconds() - start;
    for (size_t i = 0; !err && i < passes; i++)
        if ((err = time_parts(model, folder, &times)) == P2P_OK)
            err = translate_all(model, folder, s->threads, &elapsed);
    if (!err)
        summarize(&times, elapsed, result);
    times_finish(&times);
    return err;
}

/* The names become paths. */
static int list(const char *folder, const P2pLog *log, char ***paths, size_t *count)
{
    int err = p2p_folder_pictures(folder, log, paths, count);

    if (!err && !*count)
        err = p2p_fail(P2P_EIO, "%s: no pictures (.png, .jpg, .tif ...) in this folder", folder);
    for (size_t i = 0; !err && i < *count; i++) {
        char *path = p2p_path_join(folder, (*paths)[i]);
        free((*paths)[i]);
        if (!((*paths)[i] = path))
            err = P2P_ENOMEM;
    }
    return err;
}

int p2p_bench_folder(P2pDevice *device, const char *model, const char *folder,
                     const P2pBenchFolderSettings *settings, P2pBenchFolder *result)
{
    P2P_NEED(device);
    P2P_NEED(model);
    P2P_NEED(folder);
    P2P_NEED(result);

    static const P2pBenchFolderSettings defaults;
    const P2pBenchFolderSettings *s = settings ? settings : &defaults;
    const P2pModelSettings how = {.variants = s->variants};
    const double start = p2p_seconds();
    P2pModel *opened = NULL;
    char **paths = NULL;
    size_t count = 0;
    int err = list(folder, p2p_device_log(device), &paths, &count);

    *result = (P2pBenchFolder){0};
    if (!err)
        err = p2p_model_open(&opened, device, model, &how);
    if (!err)
        err = run(opened, &(Folder){paths, count, s->max_pixels}, s, start, result);
    p2p_model_close(&opened);
    p2p_names_free(paths, count);
    return err;
}
