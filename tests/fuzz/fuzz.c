/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers of what strangers made, for libFuzzer: each target is this file with TARGET defined as one
 * of the functions below. Linked with replay.c it reads the files that it is given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p2p/image.h"
#include "src/data/codecs.h"
#include "src/options/options.h"
#include "src/base/crc32c.h"
#include "src/formats/pickle.h"
#include "src/formats/tensor_file.h"
#include "src/formats/tensorflow.h"
#include "src/model/source.h"
#include "src/report/run_log.h"
#include "tools/serve.h"

enum { MAX_PIXELS = 1 << 20, MAX_ARGUMENTS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

typedef int (*Reader)(P2pTensorFile **out, const char *path, const void *data, size_t bytes);

/* NULL would ask a reader to map the path: an empty input must not do so. */
static const void *not_null(const uint8_t *data)
{
    return data ? (const void *)data : "";
}

/* All tensors of a file that was read, as floats. */
static void take_all(P2pTensorFile *f)
{
    for (int i = 0; i < p2p_tensor_file_count(f); i++) {
        const P2pFileTensor *t = p2p_tensor_file_at(f, i);
        float *values = malloc((t->elements + 1) * sizeof(*values));
        if (values)
            p2p_file_tensor_to_f32(t, values);
        free(values);
    }
    p2p_tensor_file_verify(f, NULL);
    p2p_tensor_file_close(&f);
}

static void read_all(Reader read, const uint8_t *data, size_t bytes)
{
    P2pTensorFile *f;

    if (read(&f, "input", not_null(data), bytes) == 0)
        take_all(f);
}

static void fuzz_safetensors(const uint8_t *data, size_t bytes)
{
    read_all(p2p_safetensors_read_memory, data, bytes);
}

static void fuzz_pth(const uint8_t *data, size_t bytes)
{
    read_all(p2p_pth_read, data, bytes);
}

static void fuzz_pict(const uint8_t *data, size_t bytes)
{
    read_all(p2p_pict_read, data, bytes);
}

static void fuzz_t7(const uint8_t *data, size_t bytes)
{
    read_all(p2p_t7_read, data, bytes);
}

static void fuzz_tensorflow(const uint8_t *data, size_t bytes)
{
    read_all(p2p_tensorflow_graph_read, data, bytes);
}

/*
 * A checkpoint's one block, its length of 16 bits before it, then the tensors' data: the checksums of a
 * table are made here, since none would be met.
 */
static void fuzz_table(const uint8_t *data, size_t bytes)
{
    enum { ENDS = 80 };
    const size_t n = bytes > 2 ? data[0] | (size_t)data[1] << 8 : 0;
    unsigned char *table = calloc(n + ENDS, 1), *at = table + n;
    P2pTensorFile *f;

    if (table && bytes > 2 && n <= bytes - 2) {
        memcpy(table, data + 2, n);
        uint32_t crc = p2p_crc32c_masked(table, n + 1);
        memcpy(at + 1, &crc, sizeof(crc));
        /* The index: one entry without a name, the block's offset 0 and its length in 3 bytes. */
        const unsigned char index[] = {0,
                                       0,
                                       4,
                                       0,
                                       (unsigned char)(n | 128),
                                       (unsigned char)(n >> 7 | 128),
                                       (unsigned char)(n >> 14)};
        memcpy(at + 5, index, sizeof(index));
        crc = p2p_crc32c_masked(at + 5, sizeof(index) + 4 + 1);
        memcpy(at + 5 + sizeof(index) + 4 + 1, &crc, sizeof(crc));
        unsigned char *footer = table + n + ENDS - 48;
        const size_t place = n + 5;
        const unsigned char handles[] = {0,
                                         0,
                                         (unsigned char)(place | 128),
                                         (unsigned char)(place >> 7 | 128),
                                         (unsigned char)(place >> 14),
                                         sizeof(index) + 4};
        memcpy(footer, handles, sizeof(handles));
        memcpy(footer + 40, "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
        if (p2p_tensorflow_read_memory(&f, "input", table, n + ENDS, data + 2 + n, bytes - 2 - n) ==
            0)
            take_all(f);
    }
    free(table);
}

static void fuzz_pickle(const uint8_t *data, size_t bytes)
{
    P2pPickle pickle;

    if (p2p_pickle_read(&pickle, "input", data, bytes) == 0)
        p2p_pickle_finish(&pickle);
}

/* A checkpoint or a frozen model: the metadata's options, the network they describe, its weights. */
static void fuzz_model(const uint8_t *data, size_t bytes)
{
    P2pSource s;

    if (p2p_source_open_memory(&s, not_null(data), bytes, NULL) < 0)
        return;
    for (int i = 0; i < s.graph->param_count; i++) {
        float *values = malloc(p2p_param_elements(&s.graph->params[i]) * sizeof(*values));
        if (values)
            p2p_source_get(&s, i, values);
        free(values);
    }
    p2p_source_finish(&s);
}

/* Arguments are the lines of the input; the first byte chooses the program. */
static void fuzz_options(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1), *argv[MAX_ARGUMENTS + 1] = {(char[]){"fuzz"}};
    P2pOptions options;
    P2pArguments rest;
    char asked;
    int argc = 1;

    memcpy(text, data, bytes);
    text[bytes] = '\0';
    for (char *at = strtok(bytes ? text + 1 : text, "\n"); at && argc < MAX_ARGUMENTS;
         at = strtok(NULL, "\n"))
        argv[argc++] = at;
    p2p_options_init(&options);
    const unsigned program = bytes ? 1u << data[0] % 6 : 1;
    if (p2p_options_parse(&options, program, argc, argv, &rest, &asked) == 0 && !asked &&
        p2p_options_check(&options, program) == 0)
        p2p_options_apply_preset(&options);
    free(text);
}

static void fuzz_image(const uint8_t *data, size_t bytes)
{
    P2pImage image = {0};

    if (p2p_image_read_memory(&image, data, bytes, "input", MAX_PIXELS) == 0)
        p2p_image_upright(&image);
    p2p_image_finish(&image);
}

/* Pictures of one family alone, so that no time goes into others. */
static void fuzz_tiff(const uint8_t *data, size_t bytes)
{
    if (p2p_tiff_recognise(data, bytes))
        fuzz_image(data, bytes);
}

static void fuzz_webp(const uint8_t *data, size_t bytes)
{
    if (p2p_webp_recognise(data, bytes))
        fuzz_image(data, bytes);
}

static void fuzz_plain(const uint8_t *data, size_t bytes)
{
    if (p2p_bmp_recognise(data, bytes) || p2p_pnm_recognise(data, bytes) ||
        p2p_npy_recognise(data, bytes))
        fuzz_image(data, bytes);
}

/* What a client of p2p-serve says: Accept, Host, Origin and Authorization, a line each. */
/* A log in two parts, as a run that lives writes it: curves stay small and finite. */
static void fuzz_run_log(const uint8_t *data, size_t bytes)
{
    char path[] = "/tmp/fuzz-run-log-XXXXXX";
    const int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    P2pRunLog log = {0};

    if (!file)
        abort();
    fwrite(not_null(data), 1, bytes / 2, file);
    fflush(file);
    p2p_run_log_read(&log, path);
    fwrite((const uint8_t *)not_null(data) + bytes / 2, 1, bytes - bytes / 2, file);
    fclose(file);
    p2p_run_log_read(&log, path);
    for (size_t i = 0; i < log.count; i++)
        for (size_t k = 0; k < log.curves[i]->count; k++)
            if (!(log.curves[i]->points[k].value > -1e31 && log.curves[i]->points[k].value < 1e31))
                abort();
    p2p_run_log_finish(&log);
    remove(path);
}

static void fuzz_headers(const uint8_t *data, size_t bytes)
{
    static const char token[] = "a-token-of-words";
    char *text = malloc(bytes + 1), *lines[4], *at = text;
    P2pImageFormat format;

    if (!text)
        return;
    memcpy(text, not_null(data), bytes);
    text[bytes] = 0;
    for (int i = 0; i < 4;
         i++) { /* each in memory of its own, so that reading beyond its end is seen */
        const size_t n = strcspn(at, "\n");
        lines[i] = strndup(at, n);
        at += n + (at[n] == '\n');
    }
    serve_text_format(lines[0], &format);
    if (strncmp(serve_text_type(format), "image/", 6) != 0)
        abort();
    serve_text_is_address(lines[1]);
    serve_text_is_own(lines[2], lines[1]);
    if (serve_text_has_token(lines[3], token) && strcmp(lines[3] + 7, token) != 0)
        abort();
    for (int i = 0; i < 4; i++)
        free(lines[i]);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    TARGET(data, bytes);
    return 0;
}
