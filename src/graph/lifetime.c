/* SPDX-License-Identifier: BSD-2-Clause */
/* Greedy interval colouring. Knows neither tensors nor devices. */
#include "src/graph/lifetime.h"

#include <stdbool.h>

#include "src/base/memory.h"
#include "src/base/status.h"

typedef struct Order {
    const P2pLifetime *item;
    int index;
} Order;

/* Largest first; equal sizes in their order, so that the result is reproducible. */
static int compare(const void *a, const void *b)
{
    const Order *x = a, *y = b;

    if (x->item->bytes != y->item->bytes)
        return x->item->bytes < y->item->bytes ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

static bool meet(const P2pLifetime *a, const P2pLifetime *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static size_t skip_chunk_border(size_t offset, size_t bytes, size_t chunk)
{
    return offset / chunk == (offset + bytes - 1) / chunk ? offset : (offset / chunk + 1) * chunk;
}

/* Lowest offset for `item` that meets none of those placed so far. */
static size_t lowest_gap(P2pLifetime *items, const Order *order, int placed,
                         const P2pLifetime *item, size_t align, size_t chunk)
{
    size_t offset = 0;

    for (bool moved = true; moved;) {
        moved = false;
        for (int k = 0; k < placed; k++) {
            const P2pLifetime *other = &items[order[k].index];
            if (meet(item, other) && offset < other->offset + other->bytes &&
                other->offset < offset + item->bytes) {
                offset = p2p_round_up(other->offset + other->bytes, align);
                moved = true;
            }
        }
        const size_t inside = skip_chunk_border(offset, item->bytes, chunk);
        moved |= inside != offset;
        offset = inside;
    }
    return offset;
}

int p2p_lifetime_place(P2pLifetime *items, int count, size_t align, size_t chunk, size_t *total)
{
    Order *order = p2p_alloc((size_t)count, sizeof(*order));
    int used = 0, err = order ? P2P_OK : P2P_ENOMEM;

    *total = 0;
    for (int i = 0; !err && i < count; i++) {
        if (items[i].bytes > chunk)
            err = p2p_fail(P2P_EDEVMEM,
                           "a tensor of %zu bytes is larger than the device's largest "
                           "buffer (%zu bytes); use a smaller batch or picture",
                           items[i].bytes, chunk);
        else if (items[i].bytes)
            order[used++] = (Order){&items[i], i};
    }
    if (!err)
        qsort(order, (size_t)used, sizeof(*order), compare);
    for (int k = 0; !err && k < used; k++) {
        P2pLifetime *item = &items[order[k].index];
        item->offset = lowest_gap(items, order, k, item, align, chunk);
        if (item->offset + item->bytes > *total)
            *total = item->offset + item->bytes;
    }
    free(order);
    return err;
}
