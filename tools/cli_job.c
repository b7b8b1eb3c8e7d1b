/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that mpirun, srun and the like have started as ranks of one job. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "mpi_module.h"

enum { PATH_BYTES = 4096 };

static void *module;
static P2pTransport transport;

/* By the names of Open MPI and PRRTE, MPICH and Intel MPI, Slurm. */
static int ranks_started(void)
{
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (getenv(sizes[i]))
            return atoi(getenv(sizes[i]));
    return 1;
}

static int fail(const char *program, const char *what, const char *advice)
{
    cli_say(stderr, "%s: started as one of %d ranks, but %s; %s", program, ranks_started(), what,
            advice);
    return CLI_FAILED;
}

int cli_job_refuse(const char *program)
{
    return ranks_started() < 2 ? -1
                               : fail(program, "it is no program for several",
                                      "leave the launcher out: it takes all processors by itself");
}

static int load(const char *program)
{
    char path[PATH_BYTES];
    int (*open_mpi)(P2pTransport *);

    if (!cli_find_helper(path, sizeof(path), "mpi-module.so"))
        return fail(program, "this build has no mpi-module.so",
                    "build with MPI (meson option mpi, Debian's libopenmpi-dev)");
    module = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    void *entry = module ? dlsym(module, "p2p_mpi_open") : NULL;
    if (!entry)
        return fail(program, dlerror(), "install the MPI that it was built with");
    memcpy(&open_mpi, &entry, sizeof(entry));
    return open_mpi(&transport) < 0 ? fail(program, "MPI did not start", "see its message") : -1;
}

/* CPUs are divided among a machine's ranks, unless the user has said how. */
static void share_cores(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    char text[32];

    if (transport.local_size < 2)
        return;
    snprintf(text, sizeof(text), "%ld",
             cores > transport.local_size ? cores / transport.local_size : 1);
    setenv("POCL_MAX_PTHREAD_COUNT", text, 0);
}

int cli_job_begin(P2pComm **comm, const char *program, const P2pOptions *options)
{
    int code;

    *comm = NULL;
    if (ranks_started() < 2)
        return -1;
    if ((code = load(program)) >= 0)
        return code;
    if (transport.size < 2)
        return fail(program, "MPI sees one alone",
                    "start it by the launcher of that MPI, or tell srun to use PMIx");
    share_cores();
    const int err =
        p2p_comm_create(comm, &transport, p2p_options_get_number(options, "device_timeout"));
    return err ? cli_job_end(comm, cli_job_fail(*comm, program, err)) : -1;
}

int cli_job_fail(const P2pComm *comm, const char *program, int status)
{
    char subject[192];

    if (!p2p_comm_tells(comm))
        return cli_code(status);
    if (!comm || p2p_comm_agreed(comm))
        return cli_fail(program, status);
    snprintf(subject, sizeof(subject), "rank %d on %.128s", transport.rank, transport.host);
    return cli_fail_at(program, subject, status);
}

int cli_job_end(P2pComm **comm, int code)
{
    void (*close_mpi)(void);
    const bool orderly = !*comm || code == CLI_OK || p2p_comm_agreed(*comm);

    if (!module)
        return code;
    p2p_comm_destroy(comm);
    if (!orderly)
        transport.abort(transport.user, code);
    void *entry = dlsym(module, "p2p_mpi_close");
    memcpy(&close_mpi, &entry, sizeof(entry));
    close_mpi();
    return code;
}

/* ---- Devices --------------------------------------------------------------------------------- */

/* Entry number `turn` of "A,B", which begins again behind the last. */
static void take_turn(char *name, size_t bytes, const char *list, int turn)
{
    int count = 1;

    for (const char *at = list; *at; at++)
        count += *at == ',';
    for (turn %= count; turn; turn--)
        list = strchr(list, ',') + 1;
    snprintf(name, bytes, "%.*s", (int)strcspn(list, ","), list);
}

/* The turn-th of the GPUs, each card once; where there are none, nothing. */
static void choose_gpu(char *name, size_t bytes, int turn)
{
    P2pCaps *list = NULL;
    int count = 0, gpus = 0;

    name[0] = '\0';
    if (p2p_device_list(&list, &count, NULL, NULL) < 0)
        return;
    for (int i = 0; i < count; i++)
        gpus += list[i].is_gpu && !p2p_device_is_second(list, count, i, NULL);
    for (int i = 0, k = 0; gpus && i < count; i++)
        if (list[i].is_gpu && !p2p_device_is_second(list, count, i, NULL) && k++ == turn % gpus)
            snprintf(name, bytes, "%d", i);
    free(list);
}

int cli_job_open_device(P2pDevice **device, const P2pComm *comm, const P2pOptions *options,
                        const P2pLog *log)
{
    const char *wanted = cli_text(options, "device"), *environment = getenv("P2P_DEVICE");
    P2pDeviceSettings settings = cli_device_settings(options, log);
    char name[256];

    wanted = wanted[0] || !environment ? wanted : environment;
    if (!comm)
        return p2p_device_open(device, &settings);
    take_turn(name, sizeof(name), wanted, transport.local_rank);
    if (!name[0] || !strcmp(name, "gpu"))
        choose_gpu(name, sizeof(name), transport.local_rank);
    settings.device = name[0] ? name : settings.device;
    return p2p_device_open(device, &settings);
}
