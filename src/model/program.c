/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frozen model behind the end of a program's own file: [program][zeros to 64 bytes][model][trailer].
 * Loaders of programs do not look there; the program maps its file and finds the trailer.
 */
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "p2p/export.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/frozen.h"

enum { ALIGN = 64 };

static const char magic[16] = "pix2pix-cl model";

typedef struct Trailer {
    uint64_t at, bytes;
    char magic[sizeof(magic)];
} Trailer;

/* The model in a program's bytes; false when there is none. */
static bool find(const P2pMapping *m, const unsigned char **data, size_t *bytes)
{
    Trailer t;

    if (m->bytes < sizeof(t))
        return false;
    memcpy(&t, m->data + m->bytes - sizeof(t), sizeof(t));
    if (memcmp(t.magic, magic, sizeof(magic)) != 0 || t.at > m->bytes - sizeof(t) ||
        t.bytes > m->bytes - sizeof(t) - t.at)
        return false;
    *data = m->data + t.at;
    *bytes = (size_t)t.bytes;
    return true;
}

int p2p_embedded_model(const void **data, size_t *bytes)
{
    P2P_NEED(data);
    P2P_NEED(bytes);

    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static P2pMapping self; /* stays mapped: the model lies in it */
    const unsigned char *found = NULL;
    int err = P2P_OK;

    pthread_mutex_lock(&lock);
    if (!self.data)
        err = p2p_mapping_init(&self, "/proc/self/exe");
    if (!err && !find(&self, &found, bytes))
        p2p_mapping_finish(&self);
    pthread_mutex_unlock(&lock);
    *data = found;
    return err;
}

static int put_all(P2pWriter *w, const P2pMapping *program, size_t program_bytes,
                   const P2pMapping *model)
{
    static const char zeros[ALIGN];
    Trailer t = {.at = p2p_round_up(program_bytes, ALIGN), .bytes = model->bytes};
    int err;

    memcpy(t.magic, magic, sizeof(magic));
    if ((err = p2p_writer_put(w, program->data, program_bytes)) < 0 ||
        (err = p2p_writer_put(w, zeros, (size_t)t.at - program_bytes)) < 0 ||
        (err = p2p_writer_put(w, model->data, model->bytes)) < 0)
        return err;
    if (fchmod(fileno(w->file), 0755) != 0)
        return p2p_fail_errno(P2P_EIO, "%s: cannot be made executable", w->path);
    return p2p_writer_put(w, &t, sizeof(t));
}

int p2p_frozen_write_program(const char *path, const char *program, const char *model)
{
    P2pMapping from = {0}, weights = {0};
    const unsigned char *old;
    P2pWriter w;
    size_t bytes;
    int err = p2p_mapping_init(&from, program);

    if (!err)
        err = p2p_mapping_init(&weights, model);
    if (!err && find(&from, &old, &bytes)) /* a program that has a model: without that */
        bytes = (size_t)(old - from.data);
    else
        bytes = from.bytes;
    if (!err)
        err = p2p_writer_open(&w, path);
    if (!err && (err = put_all(&w, &from, bytes, &weights)) < 0)
        p2p_writer_close(&w);
    else if (!err)
        err = p2p_writer_commit(&w);
    p2p_mapping_finish(&from);
    p2p_mapping_finish(&weights);
    return err;
}
