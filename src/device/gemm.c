/* SPDX-License-Identifier: BSD-2-Clause */
/* Matrix products through CLBlast, where the build has it. */
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/internal.h"

#include "config.h"

#if P2P_HAVE_CLBLAST
#include <clblast_c.h>

bool p2p_gemm_available(void)
{
    return true;
}

static int run_gemm(void *user)
{
    P2pGemm *g = user;
    cl_command_queue queue = g->a->device->queue;
    const CLBlastStatusCode code = CLBlastSgemm(
        CLBlastLayoutRowMajor, g->a_transposed ? CLBlastTransposeYes : CLBlastTransposeNo,
        g->b_transposed ? CLBlastTransposeYes : CLBlastTransposeNo, (size_t)g->m, (size_t)g->n,
        (size_t)g->k, 1.0f, g->a->mem, g->a_offset, (size_t)g->a_stride, g->b->mem, g->b_offset,
        (size_t)g->b_stride, g->beta, g->c->mem, g->c_offset, (size_t)g->c_stride, &queue, NULL);

    if (code != CLBlastSuccess)
        return p2p_fail(P2P_EDEVICE,
                        "CLBlast SGEMM %d x %d x %d failed (%d); choose another "
                        "variant with --variant",
                        g->m, g->n, g->k, (int)code);
    return P2P_OK;
}

int p2p_sequence_add_gemm(P2pSequence *sequence, const P2pGemm *gemm)
{
    P2pGemm *copy = p2p_alloc(1, sizeof(*copy));

    if (!copy)
        return P2P_ENOMEM;
    *copy = *gemm;
    return p2p_sequence_add_host(sequence, run_gemm, copy, free);
}
#else
bool p2p_gemm_available(void)
{
    return false;
}

int p2p_sequence_add_gemm(P2pSequence *sequence, const P2pGemm *gemm)
{
    (void)sequence;
    (void)gemm;
    return p2p_fail(P2P_EINVAL, "this build has no CLBlast; choose another variant");
}
#endif
