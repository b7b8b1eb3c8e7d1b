/* SPDX-License-Identifier: BSD-2-Clause */
/* Reference of the pool. */
#include <string.h>

#include "cl/philox.h"
#include "src/base/rng.h"
#include "src/ops/ref.h"

void p2p_ref_pool(const P2pCall *call, double *const host[], double *mag)
{
    const P2pTensor *x = &call->t[P2P_POOL_X];
    const size_t floats = p2p_tensor_elements(x) / (size_t)x->n, bytes = floats * sizeof(double);
    const uint32_t slots = (uint32_t)call->t[P2P_POOL_POOL].n;
    const double *hyper = host[P2P_POOL_HYPER];
    const uint32_t key[2] = {p2p_ref_hyper_word(hyper, P2P_HYPER_SEED), PHILOX_KEY};
    const uint32_t step = p2p_ref_hyper_word(hyper, P2P_HYPER_STEP);
    const uint32_t before = p2p_ref_hyper_word(hyper, P2P_HYPER_POOLED);

    (void)mag;
    for (uint32_t n = 0; n < (uint32_t)x->n; n++) {
        const uint32_t counter[4] = {n, 0, call->attr.stream, step};
        const bool filling = before + n < slots;
        const double *fresh = host[P2P_POOL_X] + n * floats;
        double *y = host[P2P_POOL_Y] + n * floats;
        uint32_t words[4];

        p2p_philox(counter, key, words);
        double *kept =
            host[P2P_POOL_POOL] + (filling ? before + n : p2p_rng_below(words[1], slots)) * floats;
        const bool taken = filling || words[0] >> 31;
        memcpy(y, taken && !filling ? kept : fresh, bytes);
        if (taken)
            memcpy(kept, fresh, bytes);
    }
}
