/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data sets whose pictures lie in several folders, A1, A2 ... or B1, B2 ..., each with some of the channels: pictures
 * of equal names are stacked, in the folders' order.
 */
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/dataset.h"
#include "src/data/folder.h"

enum { MOST_LAYERS = P2P_IMAGE_MAX_CHANNELS };

/* FOLDER/A/PHASE, or of layer 1 and on FOLDER/A1/PHASE; NULL: no memory. */
static char *layer_path(const char *folder, char side, int layer, const char *phase)
{
    char number[16] = "";

    if (layer)
        snprintf(number, sizeof(number), "%d", layer);
    return p2p_format(*phase ? "%s/%c%s/%s" : "%s/%c%s", folder, side, number, phase);
}

int p2p_dataset_find_sides(const char *folder, const char *phase, char *paths[2])
{
    paths[0] = paths[1] = NULL;
    for (int side = 0; side < 2; side++)
        for (int layer = 0; layer < 2 && !paths[side]; layer++) {
            char *path = layer_path(folder, "AB"[side], layer, phase);
            if (!path)
                return P2P_ENOMEM;
            if (p2p_folder_exists(path))
                paths[side] = path;
            else
                free(path);
        }
    return P2P_OK;
}

/* The pictures of one more folder, each to the pair of its name. */
static int add_layer(P2pDataset *d, int side, int layer, const char *path, const char *first,
                     const P2pDatasetSettings *s)
{
    const P2pWalkSettings how = {.log = s->log};
    char **names = NULL, **own = NULL;
    size_t count = 0, own_count = 0;
    int err = p2p_folder_stems(path, &how, &names, &count);

    if (!err)
        err = p2p_folder_stems(first, NULL, &own, &own_count);
    if (!err)
        err = p2p_folder_match(first, own, own_count, path, names, count);
    for (size_t i = 0; !err && i < d->count;
         i++) { /* both in order: a match of the first so many */
        char ***more = &d->pairs[i].more[side];
        if (!*more && !(*more = p2p_alloc(MOST_LAYERS, sizeof(char *))))
            err = P2P_ENOMEM;
        else if (!((*more)[layer - 2] = p2p_path_join(path, names[i])))
            err = P2P_ENOMEM;
    }
    p2p_names_free(names, count);
    p2p_names_free(own, own_count);
    return err;
}

static int add_side(P2pDataset *d, int side, const char *folder, const char *phase,
                    const P2pDatasetSettings *s)
{
    char *first = layer_path(folder, "AB"[side], 1, phase), *path = NULL;
    int err = first ? P2P_OK : P2P_ENOMEM;

    for (int layer = 2; !err && layer <= MOST_LAYERS; layer++) {
        free(path);
        path = layer_path(folder, "AB"[side], layer, phase);
        if (!path)
            err = P2P_ENOMEM;
        else if (!p2p_folder_exists(path))
            break;
        else if ((err = add_layer(d, side, layer, path, first, s)) == P2P_OK)
            d->layers[side] = layer;
    }
    free(first);
    free(path);
    return err;
}

int p2p_dataset_add_layers(P2pDataset *d, const char *folder, const P2pDatasetSettings *s)
{
    const char *phase = s->phase ? s->phase : "train";
    int err = P2P_OK;

    for (int side = 0; !err && side < 2; side++) {
        char *plain = layer_path(folder, "AB"[side], 0, phase);
        if (!plain)
            err = P2P_ENOMEM;
        else if (!p2p_folder_exists(plain))
            err = add_side(d, side, folder, phase, s);
        free(plain);
    }
    return err;
}

int p2p_dataset_read_layers(const P2pDataset *d, const P2pDatasetPair *pair, int side,
                            P2pImage *image)
{
    P2pImage layers[MOST_LAYERS] = {{0}}, all = {0};
    const int count = d->layers[side];
    int err = P2P_OK;

    if (count == 1)
        return P2P_OK;
    layers[0] = *image;
    *image = (P2pImage){0};
    for (int i = 1; !err && i < count; i++)
        err = p2p_dataset_read_picture(d, pair->more[side][i - 1], &layers[i]);
    if (!err)
        err = p2p_image_stack(layers, count, &all);
    if (err)
        err = p2p_fail_prefix(err, "%s and the same of the next folders",
                              side ? pair->path_b : pair->path_a);
    for (int i = 0; i < count; i++)
        p2p_image_finish(&layers[i]);
    *image = all;
    return err;
}
