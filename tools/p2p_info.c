/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-info: what devices there are and which will be used; what a model file holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-info [MODEL|RUN]...\n"
    "List OpenCL devices, or describe model files (.safetensors, .pth, .pict) and runs (folders).\n";

static const char program[] = "p2p-info";

static void print_second(const P2pCaps *list, int count, int i)
{
    int first;

    if (!p2p_device_is_second(list, count, i, &first))
        return;
    if (first >= 0)
        printf("   the same card as %d, which is taken unless this one is named: a vendor's driver "
               "before rusticl, Clover last\n",
               first);
    else
        puts("   not taken unless it is named: Clover lacks much of OpenCL");
}

/* "no", "yes" where sizes are not told, "8, 16, 32". */
static const char *subgroups(const P2pCaps *c, char *text, size_t bytes)
{
    if (!c->subgroup_sizes)
        return c->has_subgroups ? "yes" : "no";
    *text = '\0';
    for (unsigned size = 1; size && size <= c->subgroup_sizes; size *= 2) {
        const size_t used = strlen(text);
        if (c->subgroup_sizes & size)
            snprintf(text + used, bytes - used, "%s%u", used ? ", " : "of ", size);
    }
    return text;
}

static void print_device(int i, const P2pCaps *c)
{
    char sizes[128];

    cli_say(stdout, "%d  %s", i, c->name);
    cli_say(stdout, "   %s, %s, driver %s, %s", c->platform,
            c->is_cpu   ? "CPU"
            : c->is_gpu ? "GPU"
                        : "other",
            c->driver, c->version);
    printf("   %d compute units, vectors of %d, memory %zu MiB (largest buffer %zu MiB), "
           "local %zu KiB, groups of %zu\n",
           c->compute_units, c->vector_width, c->memory_bytes >> 20, c->max_buffer_bytes >> 20,
           c->local_bytes >> 10, c->max_group_size);
    printf("   half precision %s, doubles %s, sub-groups %s, kernels cached by %s\n",
           c->has_fp16 ? "yes" : "no", c->has_fp64 ? "yes" : "no",
           subgroups(c, sizes, sizeof(sizes)), c->caches_binaries ? "the driver" : "this program");
}

static int print_cache(void)
{
    P2pKernelCache c;
    const int err = p2p_kernel_cache(&c);

    if (err)
        return cli_fail(program, err);
    if (c.folder[0])
        cli_say(stdout, "kernel cache: %s: %zu files, %.1f of at most %.0f MB (P2P_CACHE_MB)",
                c.folder, c.files, 1e-6 * (double)c.bytes, 1e-6 * (double)c.limit_bytes);
    return CLI_OK;
}

static int list_tuning(const P2pOptions *o)
{
    P2pDevice *device;
    P2pLog log;
    char *text = NULL;

    cli_log_init(&log, o);
    int err = cli_open_device(&device, o, &log);
    if (err)
        return cli_fail(program, err);
    if ((err = p2p_device_tuning(device, &text)) == P2P_OK) {
        cli_say(stdout, "%s", p2p_device_caps(device)->name);
        cli_say_lines(stdout, *text ? text : "nothing was measured on it yet\n");
    }
    free(text);
    p2p_device_close(&device);
    return err ? cli_fail(program, err) : CLI_OK;
}

static int list_devices(const P2pOptions *o)
{
    P2pCaps *list;
    P2pDevice *device;
    P2pLog log;
    char *notes;

    cli_log_init(&log, o);
    int count, err = p2p_device_list(&list, &count, &notes, &log);

    if (err)
        return cli_fail(program, err);
    for (int i = 0; i < count; i++) {
        print_device(i, &list[i]);
        print_second(list, count, i);
    }
    if (notes && *notes)
        cli_say(stdout, "also found: %s", notes);
    free(list);
    free(notes);
    if ((err = cli_open_device(&device, o, NULL)) < 0)
        return cli_fail(program, err);
    cli_say(stdout, "will be used: %s", p2p_device_caps(device)->name);
    p2p_device_close(&device);
    return print_cache();
}

static void print_line(void *user, const char *text)
{
    (void)user;
    puts(text); /* JSON is escaped */
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A model file, or the folder of a run. */
static int describe(const char *path, const P2pOptions *o)
{
    const char *plot = cli_text(o, "plot");
    char found[4096], *text = NULL;
    int err;

    if (*plot && is_folder(path))
        return (err = p2p_report_losses(path, plot)) < 0 ? cli_fail(program, err) : CLI_OK;
    if (!cli_find_model(found, sizeof(found), program, path, o))
        return CLI_USAGE;
    if (*plot)
        err = p2p_report_networks(found, plot);
    else if (cli_flag(o, "receptive_field"))
        err = p2p_report_receptive_fields(found, &text);
    else if (cli_flag(o, "tensors"))
        err = p2p_model_list_tensors(found, print_line, NULL);
    else
        err = p2p_model_describe(found, &text);

    if (text)
        cli_say_lines(stdout, text);
    free(text);
    return err ? cli_fail(program, err) : CLI_OK;
}

int main(int argc, char **argv)
{
    P2pOptions *options;
    P2pArguments files;
    int code = cli_parse(&options, P2P_PROGRAM_INFO, program, argc, argv, &files);

    if (code >= 0)
        return code;
    if (!files.argc)
        return cli_flag(options, "tuning") ? list_tuning(options) : list_devices(options);
    code = CLI_OK;
    for (int i = 0; i < files.argc; i++) {
        const int failed = describe(files.argv[i], options);
        code = failed ? failed : code;
    }
    return code;
}
