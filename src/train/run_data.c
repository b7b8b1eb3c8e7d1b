/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling a data set that moved from another one: by number and names, not by content. */
#include "src/train/run_data.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "src/data/dataset.h"

#include "src/base/file.h"

static void add_name(struct sha256_ctx *sha, const char *name)
{
    sha256_update(sha, strlen(name) + 1, (const uint8_t *)name);
}

void p2p_run_data_describe(P2pOptions *options, const P2pDataset *dataset)
{
    const size_t count = p2p_dataset_count(dataset);
    struct sha256_ctx sha;
    uint8_t hash[8];

    sha256_init(&sha);
    for (size_t i = 0; i < count; i++) {
        add_name(&sha, p2p_dataset_name(dataset, i));
        if (dataset->unaligned) { /* of which the name is but one picture's */
            add_name(&sha, strrchr(dataset->pairs[i].path_a, '/'));
            add_name(&sha, strrchr(dataset->pairs[i].path_b, '/'));
        }
    }
    sha256_digest(&sha, sizeof(hash), hash);
    char digits[2 * sizeof(hash) + 1];
    p2p_hex(digits, hash, sizeof(hash));
    snprintf(options->data_digest, sizeof(options->data_digest), "%zu-%s", count, digits);
}

/* What differs for another reason than these. */
static bool is_compared(const char *name)
{
    return strcmp(name, "dataroot") != 0 && strcmp(name, "data_digest") != 0;
}

void p2p_run_data_compare(const P2pOptions *told, const P2pOptions *now,
                          char changes[P2P_RUN_DATA_CHANGES])
{
    char was[P2P_OPTION_TEXT], is[P2P_OPTION_TEXT];
    const char *a = told->data_digest, *b = now->data_digest;
    const P2pOptionInfo *o;
    size_t used = 0;

    changes[0] = '\0';
    for (int i = 0; (o = p2p_options_stored(told, P2P_ROLE_DATA, i, was, sizeof(was))) &&
                    p2p_options_stored(now, P2P_ROLE_DATA, i, is, sizeof(is));
         i++)
        if (is_compared(o->name) && strcmp(was, is) != 0 && used < P2P_RUN_DATA_CHANGES)
            used += (size_t)snprintf(changes + used, P2P_RUN_DATA_CHANGES - used,
                                     "%s--%s %.64s instead of %.64s", used ? ", " : "", o->name, is,
                                     was);
    if (!used && *a && strcmp(a, b) != 0)
        snprintf(changes, P2P_RUN_DATA_CHANGES, "%.*s pictures of %s in %.500s",
                 (int)strcspn(b, "-"), b,
                 strncmp(a, b, strcspn(a, "-") + 1) ? "other names and number" : "other names",
                 now->dataroot);
}
