/* SPDX-License-Identifier: BSD-2-Clause */
/* Inputs whose channels lie in several folders: the pictures of equal names in the further ones. */
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/folder.h"
#include "src/data/outputs.h"

static int compare_stems(const void *a, const void *b)
{
    return p2p_stem_compare(*(char *const *)a, *(char *const *)b);
}

/* Partners of all inputs in one folder become layer k. */
static int add_layer(P2pOutputs *o, const char *folder, size_t k)
{
    char **names = NULL;
    size_t count = 0;
    int err = p2p_folder_stems(folder, NULL, &names, &count);

    for (size_t i = 0; !err && i < o->count; i++) {
        P2pOutput *item = &o->items[i];
        const char *name = item->from + item->name;
        char **found = count ? bsearch(&name, names, count, sizeof(*names), compare_stems) : NULL;
        if (!found)
            err = p2p_fail(P2P_EFORMAT, "%s: has no partner of its name in %s", item->from, folder);
        else if (!item->more && !(item->more = p2p_alloc(o->layers, sizeof(*item->more))))
            err = P2P_ENOMEM;
        else if (!(item->more[k] = p2p_path_join(folder, *found)))
            err = P2P_ENOMEM;
    }
    p2p_names_free(names, count);
    return err;
}

int p2p_outputs_add_layers(P2pOutputs *o, const char *folders)
{
    int err = P2P_OK;

    if (!folders || !*folders)
        return P2P_OK;
    o->layers = 1;
    for (const char *at = folders; (at = strchr(at, ',')); at++)
        o->layers++;
    if (o->layers >= P2P_IMAGE_MAX_CHANNELS)
        return p2p_fail(P2P_EINVAL, "--stack names %zu folders; there are at most %d channels",
                        o->layers, P2P_IMAGE_MAX_CHANNELS);
    for (size_t k = 0; !err && k < o->layers; k++, folders += strcspn(folders, ",") + 1) {
        char *folder = p2p_format("%.*s", (int)strcspn(folders, ","), folders);
        err = folder ? add_layer(o, folder, k) : P2P_ENOMEM;
        free(folder);
    }
    return err;
}

/* A picture to the channels that are there. */
static int read_layer(P2pImage *image, const char *path, const P2pReadSettings *s)
{
    const int err = p2p_image_read(image, path, s->max_pixels);

    return err || s->no_exif ? err : p2p_image_upright(image);
}

int p2p_output_read(const P2pOutputs *outputs, size_t index, const P2pReadSettings *settings,
                    P2pImage *image)
{
    P2P_NEED(outputs);
    P2P_NEED(settings);
    P2P_NEED(image);
    P2P_REQUIRE(index < outputs->count, "there are %zu pictures, no picture %zu", outputs->count,
                index);

    const P2pOutput *item = &outputs->items[index];
    P2pImage layers[P2P_IMAGE_MAX_CHANNELS] = {{0}};
    const int count = (int)outputs->layers + 1;
    int err = read_layer(&layers[0], item->from, settings);

    *image = (P2pImage){0};
    for (int i = 1; !err && i < count; i++)
        err = read_layer(&layers[i], item->more[i - 1], settings);
    if (!err && count == 1) {
        *image = layers[0];
        return P2P_OK;
    }
    if (!err && (err = p2p_image_stack(layers, count, image)) < 0)
        p2p_fail_prefix(err, "%s and the same of --stack", item->from);
    for (int i = 0; i < count; i++)
        p2p_image_finish(&layers[i]);
    return err;
}
