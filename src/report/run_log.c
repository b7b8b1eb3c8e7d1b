/* SPDX-License-Identifier: BSD-2-Clause */
/* From lines of JSON to curves; pairs of points become one where a curve is full. */
#include "src/report/run_log.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

enum { LINE_BYTES = 16384 };

/* No loss of f32 is so large that sums of its values could not be told. */
static const double most = 1e30;

P2pLogCurve *p2p_run_log_find(const P2pRunLog *log, const char *name)
{
    for (size_t i = 0; i < log->count; i++)
        if (!strcmp(log->curves[i]->name, name))
            return log->curves[i];
    return NULL;
}

static void merge(P2pLogPoint *to, const P2pLogPoint *from)
{
    const double share = (double)from->count / (double)(to->count + from->count);

    to->step += (from->step - to->step) * share;
    to->value += (from->value - to->value) * share;
    to->count += from->count;
}

static void halve(P2pLogCurve *c)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->count; i += 2) {
        P2pLogPoint point = c->points[i];
        if (i + 1 < c->count)
            merge(&point, &c->points[i + 1]);
        c->points[kept++] = point;
    }
    c->count = kept;
    c->each *= 2;
}

static void add(P2pLogCurve *c, double step, double value)
{
    const P2pLogPoint point = {step, value, 1};

    c->last = value;
    if (c->count && c->points[c->count - 1].count < c->each) {
        merge(&c->points[c->count - 1], &point);
        return;
    }
    if (c->count == P2P_LOG_POINTS)
        halve(c);
    c->points[c->count++] = point;
}

/* What a line tells of where it stands is no curve. */
static bool is_place(const char *name)
{
    return !strcmp(name, "step") || !strcmp(name, "epoch") || !strcmp(name, "val_pictures");
}

static int add_number(P2pRunLog *log, const char *name, double value)
{
    P2pLogCurve *c = p2p_run_log_find(log, name);

    if (!(fabs(value) < most) || is_place(name) || strlen(name) >= P2P_LOG_NAME ||
        (!c && log->count == P2P_LOG_CURVES))
        return P2P_OK;
    if (!c) {
        if (!(c = p2p_alloc(1, sizeof(*c))))
            return P2P_ENOMEM;
        snprintf(c->name, sizeof(c->name), "%s", name);
        c->each = 1;
        log->curves[log->count++] = c;
    }
    add(c, (double)log->step, value);
    return P2P_OK;
}

static int add_line(P2pRunLog *log, const char *line, size_t bytes)
{
    json_t *object = json_loadb(line, bytes, 0, NULL);
    const json_t *step = json_object_get(object, "step");
    const char *name;
    json_t *value;
    int err = P2P_OK;

    if (json_is_integer(step) && json_integer_value(step) >= 0) {
        log->step = (long)json_integer_value(step);
        json_object_foreach(object, name, value) if (!err && json_is_number(value)) err =
            add_number(log, name, json_number_value(value));
    } else {
        log->damaged++;
    }
    json_decref(object);
    return err;
}

/* A line that does not fit is damaged; its rest is another one of such. */
static int read_lines(P2pRunLog *log, FILE *file)
{
    char line[LINE_BYTES];
    size_t bytes = 0;
    int c, err = P2P_OK;

    for (long at = log->offset + 1; !err && (c = getc(file)) != EOF; at++) {
        if (c != '\n' && bytes < sizeof(line)) {
            line[bytes++] = (char)c;
            continue;
        }
        err = add_line(log, line, bytes);
        bytes = 0;
        log->offset = at;
    }
    return err;
}

int p2p_run_log_read(P2pRunLog *log, const char *path)
{
    FILE *file = fopen(path, "rb");
    int err;

    if (!file)
        return errno == ENOENT ? P2P_OK : p2p_fail_errno(P2P_EIO, "%s: cannot be read", path);
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) < log->offset)
        p2p_run_log_finish(log);
    err = fseek(file, log->offset, SEEK_SET) == 0 ? read_lines(log, file) : P2P_EIO;
    if (err == P2P_EIO || ferror(file))
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be read", path);
    fclose(file);
    return err;
}

void p2p_run_log_finish(P2pRunLog *log)
{
    for (size_t i = 0; i < log->count; i++)
        free(log->curves[i]);
    *log = (P2pRunLog){0};
}
