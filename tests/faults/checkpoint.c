/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A checkpoint written from buffers where they are, and one through copies of them, are the same bytes,
 * and hold what the networks hold; a NaN anywhere leaves no file. Tensors are larger than the pieces in
 * which they are written, and channels are no multiples of the blocks in which they lie.
 *
 * Usage: checkpoint
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/status.h"
#include "src/model/checkpoint_write.h"
#include "src/options/options.h"

enum { NETS = 2 };

typedef struct Setting {
    P2pDevice *device;
    P2pNet *nets[NETS];
    P2pOptions options;
    P2pPosition position;
} Setting;

static int failures;

static void must(int err)
{
    if (!err)
        return;
    fprintf(stderr, "%s\n", p2p_error());
    exit(1);
}

static void check(bool right, const char *what)
{
    printf("%s: %s\n", right ? "ok" : "FAILED", what);
    failures += !right;
}

static float *values_of(P2pNet *net, int i, P2pState state)
{
    float *host = malloc(p2p_param_elements(&net->graph->params[i]) * sizeof(*host));

    must(p2p_net_download(net, i, state, host));
    return host;
}

/* Each element of each tensor another number. */
static void fill(P2pNet *net)
{
    for (int state = 0; state < P2P_STATES; state++)
        for (int i = 0; i < net->graph->param_count; i++) {
            const size_t n = p2p_param_elements(&net->graph->params[i]);
            float *host = malloc(n * sizeof(*host));
            for (size_t k = 0; k < n; k++)
                host[k] = (float)k + (float)(100 * state + i) / 512;
            if (net->state[state][i].buffer)
                must(p2p_net_upload(net, i, (P2pState)state, host));
            free(host);
        }
}

static void set_up(Setting *s, int vector_width)
{
    const P2pDeviceSettings settings = {.device = "cpu", .vector_width = vector_width};
    const P2pNetSpec specs[NETS] = {{.name = "unet_256",
                                     .input_nc = 3,
                                     .output_nc = 3,
                                     .nf = 21,
                                     .levels = 5,
                                     .norm = P2P_NORM_BATCH},
                                    {.name = "basic", .input_nc = 6, .nf = 37}};

    *s = (Setting){.position = {.step = 7, .epoch = 1, .batch = 2}};
    p2p_options_init(&s->options);
    must(p2p_device_open(&s->device, &settings));
    for (int i = 0; i < NETS; i++) {
        P2pGraph *g;
        must(p2p_nets_build(&g, &specs[i]));
        must(p2p_net_create(&s->nets[i], s->device, g, i ? "D" : "G", P2P_NET_TRAINED));
        fill(s->nets[i]);
    }
}

static void tear_down(Setting *s)
{
    for (int i = 0; i < NETS; i++)
        p2p_net_destroy(&s->nets[i]);
    p2p_device_close(&s->device);
}

static int write_checkpoint(Setting *s, const char *path, bool mapped)
{
    const P2pCheckpointContent content = {
        .device = s->device, .nets = s->nets, .count = NETS, .mapped = mapped};
    P2pCheckpointWriter *writer;
    P2pWriter file;

    must(p2p_checkpoint_writer_create(&writer, &content));
    must(p2p_writer_open(&file, path));
    const int err = p2p_checkpoint_write(writer, &file, &s->options, &s->position, "");
    if (err)
        p2p_writer_close(&file);
    else
        must(p2p_writer_commit(&file));
    p2p_checkpoint_writer_destroy(&writer);
    return err;
}

static bool same_files(const char *a, const char *b)
{
    unsigned char *data[2];
    size_t bytes[2];

    must(p2p_file_read(a, SIZE_MAX, &data[0], &bytes[0]));
    must(p2p_file_read(b, SIZE_MAX, &data[1], &bytes[1]));
    const bool same = bytes[0] == bytes[1] && !memcmp(data[0], data[1], bytes[0]);
    free(data[0]);
    free(data[1]);
    return same;
}

static bool holds(const P2pTensorFile *file, P2pNet *net)
{
    bool right = true;

    for (int state = 0; state < P2P_STATES; state++)
        for (int i = 0; i < net->graph->param_count; i++) {
            char name[256];
            if (!net->state[state][i].buffer)
                continue;
            snprintf(name, sizeof(name), "%s%s.%s", p2p_state_prefix[state], net->name,
                     net->graph->params[i].name);
            const P2pFileTensor *t = p2p_tensor_file_find(file, name);
            float *host = values_of(net, i, (P2pState)state);
            right = right && t && !memcmp(t->data, host, t->bytes);
            free(host);
        }
    return right;
}

static void check_files(Setting *s)
{
    P2pTensorFile *file;

    must(write_checkpoint(s, "mapped.safetensors", true));
    must(write_checkpoint(s, "copied.safetensors", false));
    check(same_files("mapped.safetensors", "copied.safetensors"), "both ways give the same bytes");
    must(p2p_safetensors_read(&file, "copied.safetensors"));
    check(p2p_tensor_file_verify(file, NULL) == P2P_OK, "checksums are right");
    check(holds(file, s->nets[0]) && holds(file, s->nets[1]), "the networks are in the file");
    p2p_tensor_file_close(&file);
    unlink("mapped.safetensors");
    unlink("copied.safetensors");
}

/* In the last element of the largest moment, which is neither in the first piece nor in the last. */
static void check_nan(Setting *s)
{
    P2pNet *net = s->nets[0];
    int largest = 0;

    for (int i = 0; i < net->graph->param_count; i++)
        if (p2p_param_elements(&net->graph->params[i]) >
            p2p_param_elements(&net->graph->params[largest]))
            largest = i;
    float *host = values_of(net, largest, P2P_STATE_ADAM_M);
    const uint32_t nan = 0x7fc00000u;
    memcpy(&host[p2p_param_elements(&net->graph->params[largest]) - 1], &nan, sizeof(nan));
    must(p2p_net_upload(net, largest, P2P_STATE_ADAM_M, host));
    free(host);
    for (int mapped = 0; mapped < 2; mapped++) {
        const int err = write_checkpoint(s, "nan.safetensors", mapped);
        check(err == P2P_ENUMBER && strstr(p2p_error(), net->graph->params[largest].name),
              mapped ? "a NaN is named, mapped" : "a NaN is named, copied");
        check(!p2p_file_exists("nan.safetensors"), "and leaves no file");
    }
}

int main(void)
{
    static const int widths[] = {4, 8, 16};
    char folder[] = "/tmp/p2p_checkpoint_XXXXXX";

    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    for (size_t i = 0; i < P2P_COUNT(widths); i++) {
        Setting s;
        printf("vectors of %d\n", widths[i]);
        set_up(&s, widths[i]);
        check_files(&s);
        check_nan(&s);
        tear_down(&s);
    }
    return rmdir(folder) != 0 || failures > 0;
}
