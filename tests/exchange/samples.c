/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peers' model files give the peers' outputs: NAME.pth and others beside NAME.io.safetensors, which
 * holds an input and what the peer made of it, or, of a file that is no network, its tensors.
 *
 * Usage: samples FILE... Prints each comparison and fails beyond its tolerance.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p2p/device.h"
#include "tests/exchange/network.h"

static const double y_tolerance = 2e-5, off_by_one_share = 1e-3;

static P2pDevice *device;
static int failed;

static void check(const char *path, const char *what, bool good, double value)
{
    printf("%-6s %s %s %.2e\n", good ? "ok" : "FAILED", path, what, value);
    failed += !good;
}

/* NAME.pict.io.safetensors; else NAME.io.safetensors, without what follows _legacy or _old. */
static void io_path(const char *path, char out[512])
{
    char *suffix;

    snprintf(out, 480, "%s", path);
    suffix = strrchr(out, '.');
    if (strcmp(suffix, ".pict") != 0)
        *suffix = '\0';
    static const char *const endings[] = {"_old_legacy_cuda", "_old_legacy", "_legacy"};
    for (int i = 0; i < 3; i++)
        if (strstr(out, endings[i]))
            *strstr(out, endings[i]) = '\0';
    strcat(out, ".io.safetensors");
}

static float *values(const P2pTensorFile *f, const char *name, size_t *count)
{
    const P2pFileTensor *t = p2p_tensor_file_find(f, name);
    float *out = t ? malloc((t->elements + 1) * sizeof(*out)) : NULL;

    if (out)
        p2p_file_tensor_to_f32(t, out);
    *count = t ? t->elements : 0;
    return out;
}

/* ---- Files that are no network ------------------------------------------------------------- */

static void check_tensors(const char *path, const P2pTensorFile *io)
{
    P2pTensorFile *f;

    must(p2p_tensor_file_open(&f, path));
    check(path, "number of tensors", p2p_tensor_file_count(f) == p2p_tensor_file_count(io),
          p2p_tensor_file_count(f));
    for (int i = 0; i < p2p_tensor_file_count(io); i++) {
        const P2pFileTensor *t = p2p_tensor_file_at(io, i);
        const P2pFileTensor *found = p2p_tensor_file_find(f, t->name);
        size_t n, m;
        float *a = values(io, t->name, &n), *b = values(f, t->name, &m);
        const bool same = found && found->rank == t->rank && found->dtype == t->dtype &&
                          !memcmp(found->shape, t->shape, (size_t)t->rank * sizeof(t->shape[0])) &&
                          n == m && !memcmp(a, b, n * sizeof(*a));
        check(path, t->name, same, (double)n);
        free(a);
        free(b);
    }
    p2p_tensor_file_close(&f);
}

/* ---- Networks ------------------------------------------------------------------------------ */

/* The picture, or the two of a discriminator, as [H, W, C] in [-1, 1]. */
static float *input_of(const P2pTensorFile *io, int *h, int *w)
{
    const bool two = !p2p_tensor_file_find(io, "input");
    const P2pFileTensor *t = p2p_tensor_file_find(io, two ? "A" : "input");
    size_t n, m;
    float *a = values(io, two ? "A" : "input", &n), *b = two ? values(io, "B", &m) : NULL;
    float *out = malloc(2 * n * sizeof(*out));

    *h = (int)t->shape[0];
    *w = (int)t->shape[1];
    for (size_t i = 0; i < n; i++) {
        out[two ? i / 3 * 6 + i % 3 : i] = a[i] / 127.5f - 1.0f;
        if (two)
            out[i / 3 * 6 + 3 + i % 3] = b[i] / 127.5f - 1.0f;
    }
    free(a);
    free(b);
    return out;
}

/* y against "y<suffix>" [C, H, W] and "u8_rounded<suffix>" [H, W, C]. */
static void compare(const char *path, const P2pTensorFile *io, const char *suffix, const float *y,
                    size_t count, int h, int w)
{
    char name[64];
    size_t n, off = 0;
    double square = 0, total = 0, most = 0;

    snprintf(name, sizeof(name), "y%s", suffix);
    float *ref = values(io, name, &n);
    for (size_t i = 0; ref && i < count; i++) {
        square += pow((double)y[i] - ref[i], 2);
        total += pow(ref[i], 2);
    }
    if (ref)
        check(path, name, n == count && sqrt(square / total) <= y_tolerance, sqrt(square / total));
    free(ref);
    snprintf(name, sizeof(name), "u8_rounded%s", suffix);
    ref = values(io, name, &n);
    const size_t pixels = (size_t)h * (size_t)w;
    for (size_t i = 0; ref && i < count; i++) {
        const double d = fabs(round((y[i] + 1) * 127.5) - ref[i % pixels * 3 + i / pixels]);
        most = fmax(most, d);
        off += d > 0;
    }
    if (ref)
        check(path, name,
              n == count && most <= 1 && (double)off <= off_by_one_share * (double)count,
              (double)off);
    free(ref);
}

static void check_network(const char *path, const P2pTensorFile *io, bool running,
                          const char *suffix)
{
    P2pSource s;
    size_t count;
    int h, w;

    must(p2p_source_open(&s, path, NULL, NULL));
    float *x = input_of(io, &h, &w);
    P2pNet *net = load_network(device, &s);
    float *y = apply_network(device, net, x, h, w, running, &count);
    compare(path, io, suffix, y, count, h, w);
    free(y);
    p2p_net_destroy(&net);
    if (running && s.options.norm == P2P_OPT_NORM_BATCH) { /* the same, folded */
        must(p2p_source_rebuild(&s, true, true));
        net = load_network(device, &s);
        y = apply_network(device, net, x, h, w, false, &count);
        compare(path, io, suffix, y, count, h, w);
        free(y);
        p2p_net_destroy(&net);
    }
    free(x);
    p2p_source_finish(&s);
}

int main(int argc, char **argv)
{
    const P2pDeviceSettings settings = {.device = "cpu"};

    must(p2p_device_open(&device, &settings));
    for (int i = 1; i < argc; i++) {
        char path[512];
        P2pTensorFile *io;
        io_path(argv[i], path);
        must(p2p_safetensors_read(&io, path));
        if (!p2p_tensor_file_find(io, "input") && !p2p_tensor_file_find(io, "A"))
            check_tensors(argv[i], io);
        else if (p2p_tensor_file_find(io, "u8_rounded"))
            check_network(argv[i], io, false, "");
        else
            check_network(argv[i], io, false, "_batch_stats");
        if (p2p_tensor_file_find(io, "y_eval"))
            check_network(argv[i], io, true, "_eval");
        p2p_tensor_file_close(&io);
    }
    p2p_device_close(&device);
    return failed || argc < 2;
}
