/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between ranks by MPI. A module of its own, which programs load when a launcher has started
 * them as ranks: whoever trains on one device needs no MPI.
 */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "mpi_module.h"

static char host[MPI_MAX_PROCESSOR_NAME];

static int send_message(void *user, int to, int tag, const void *data, size_t bytes, void **request)
{
    MPI_Request r;

    (void)user;
    if (MPI_Isend(data, (int)bytes, MPI_BYTE, to, tag, MPI_COMM_WORLD, &r) != MPI_SUCCESS)
        return -1;
    memcpy(request, &r, sizeof(r));
    return 0;
}

static int receive_message(void *user, int from, int tag, void *data, size_t bytes, void **request)
{
    MPI_Request r;

    (void)user;
    if (MPI_Irecv(data, (int)bytes, MPI_BYTE, from, tag, MPI_COMM_WORLD, &r) != MPI_SUCCESS)
        return -1;
    memcpy(request, &r, sizeof(r));
    return 0;
}

static int test_message(void *user, void **request, bool *done)
{
    MPI_Request r;
    int flag = 0;

    (void)user;
    memcpy(&r, request, sizeof(r));
    if (MPI_Test(&r, &flag, MPI_STATUS_IGNORE) != MPI_SUCCESS)
        return -1;
    memcpy(request, &r, sizeof(r));
    *done = flag;
    return 0;
}

static void abort_job(void *user, int code)
{
    (void)user;
    MPI_Abort(MPI_COMM_WORLD, code);
}

/* Which of this machine's ranks it is. */
static int find_locals(P2pTransport *t)
{
    MPI_Comm here;

    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, t->rank, MPI_INFO_NULL, &here) !=
            MPI_SUCCESS ||
        MPI_Comm_rank(here, &t->local_rank) != MPI_SUCCESS ||
        MPI_Comm_size(here, &t->local_size) != MPI_SUCCESS)
        return -1;
    return MPI_Comm_free(&here) == MPI_SUCCESS ? 0 : -1;
}

int p2p_mpi_open(P2pTransport *t)
{
    int provided, length;

    _Static_assert(sizeof(MPI_Request) <= sizeof(void *), "requests are kept as pointers");
    *t = (P2pTransport){.send = send_message,
                        .receive = receive_message,
                        .test = test_message,
                        .abort = abort_job,
                        .host = host};
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS ||
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN) != MPI_SUCCESS ||
        MPI_Comm_rank(MPI_COMM_WORLD, &t->rank) != MPI_SUCCESS ||
        MPI_Comm_size(MPI_COMM_WORLD, &t->size) != MPI_SUCCESS ||
        MPI_Get_processor_name(host, &length) != MPI_SUCCESS || find_locals(t) < 0)
        return -1;
    return 0;
}

void p2p_mpi_close(void)
{
    MPI_Finalize();
}
