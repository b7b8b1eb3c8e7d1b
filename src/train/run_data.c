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

void p2p_run_data_compare(const P2pOptions *told, const P2pOptions *now,
                          char changes[P2P_RUN_DATA_CHANGES])
{
    static const char *const elsewhere[] = {"dataroot", "data_digest", NULL};
    const char *a = told->data_digest, *b = now->data_digest;

    p2p_options_compare(told, now, P2P_ROLE_DATA, 0, elsewhere, changes, P2P_RUN_DATA_CHANGES);
    if (!changes[0] && *a && strcmp(a, b) != 0)
        snprintf(changes, P2P_RUN_DATA_CHANGES, "%.*s pictures of %s in %.500s",
                 (int)strcspn(b, "-"), b,
                 strncmp(a, b, strcspn(a, "-") + 1) ? "other names and number" : "other names",
                 now->dataroot);
}
