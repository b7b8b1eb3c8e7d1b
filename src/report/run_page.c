/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that comes from outside goes into the page as JSON strings of shown text. */
#include "src/report/run_page.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"

extern const char *const p2p_run_html[];

/* As JSON has strings: UTF-8 without surprises. */
static json_t *shown(const char *text)
{
    char out[4096];

    return json_string(p2p_show(out, sizeof(out), text));
}

/* The list, with a value that becomes its own; NULL where there was no memory for either. */
static json_t *append(json_t *list, json_t *value)
{
    if (list && value && json_array_append(list, value) == 0) {
        json_decref(value);
        return list;
    }
    json_decref(list);
    json_decref(value);
    return NULL;
}

static json_t *put_points(const P2pLogCurve *c)
{
    json_t *points = json_array();

    for (size_t i = 0; i < c->count; i++) {
        const P2pLogPoint *p = &c->points[i];
        points = append(points, json_integer((json_int_t)(p->step + 0.5)));
        points = append(points, json_real(p->value));
    }
    return points;
}

static json_t *put_curves(const P2pRunLog *log)
{
    json_t *curves = json_array();

    for (size_t i = 0; i < log->count; i++) {
        const P2pLogCurve *c = log->curves[i];
        curves = append(curves,
                        json_pack("{s:o, s:I, s:f, s:o}", "name", shown(c->name), "each",
                                  (json_int_t)c->each, "last", c->last, "points", put_points(c)));
    }
    return curves;
}

/* [group, name, value, whether it has its default] */
static json_t *put_options(const P2pOptions *o)
{
    json_t *options = json_array();
    const P2pOptionInfo *info;
    char value[P2P_OPTION_TEXT];

    for (int i = 0; (info = p2p_options_stored(o, P2P_ROLE_ANY, i, value, sizeof(value))); i++) {
        if (info->type == P2P_OPTION_NUMBER)
            snprintf(value, sizeof(value), "%.9g", p2p_options_get_number(o, info->name));
        options = append(options, json_pack("[s, s, o, b]", info->group, info->name, shown(value),
                                            p2p_options_is_initial(o, info->name)));
    }
    return options;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n >= m && !strcmp(text + n - m, end);
}

/* [name, bytes] of the files of a folder with one of two suffixes, in no order; hidden ones are nobody's. */
static json_t *list_files(const char *folder, const char *suffix, const char *other)
{
    json_t *list = json_array();
    DIR *dir = opendir(folder);
    struct stat st;

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (name[0] == '.' || (!ends_with(name, suffix) && !ends_with(name, other)))
            continue;
        char *path = p2p_path_join(folder, name);
        if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode))
            list = append(list, json_pack("[o, I]", shown(name), (json_int_t)st.st_size));
        free(path);
    }
    if (dir)
        closedir(dir);
    return list;
}

static json_t *put_pictures(const char *const *names)
{
    json_t *list = json_array();

    for (; *names; names++)
        list = append(list, json_string(*names));
    return list;
}

static json_t *put_device(const P2pRunFacts *f)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I}", "name", shown(f->device->name), "platform",
                     shown(f->device->platform), "driver", shown(f->device->driver), "memory_bytes",
                     (json_int_t)f->device->memory_bytes, "network_bytes",
                     (json_int_t)f->network_bytes, "plan_bytes", (json_int_t)f->plan_bytes);
}

/* NULL: no memory. */
static char *put_all(const P2pRunLog *log, const P2pRunFacts *f)
{
    const P2pOptions *o = f->options;
    json_t *all = json_pack(
        "{s:o, s:I, s:b, s:I, s:I, s:I, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
        shown(o->name), "written", (json_int_t)time(NULL), "live", f->live, "step",
        (json_int_t)f->step, "last_step", (json_int_t)f->last_step, "epoch_steps",
        (json_int_t)f->epoch_steps, "step_pictures", o->batch_size * o->accumulate, "damaged",
        (json_int_t)log->damaged, "device", put_device(f), "pictures", put_pictures(f->pictures),
        "options", put_options(o), "samples", list_files(f->samples, ".png", ".jpg"), "checkpoints",
        list_files(f->folder, ".safetensors", ".pth"), "curves", put_curves(log));
    char *text = all ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;

    json_decref(all);
    return text;
}

/* Lines up to a NULL. */
static int write_lines(const char *folder, const char *name, const char *const *lines)
{
    char *path = p2p_path_join(folder, name), *temporary = path ? p2p_temporary_name(path) : NULL;
    FILE *file = temporary ? fopen(temporary, "w") : NULL;
    bool whole = file != NULL;
    int err = temporary ? P2P_OK : P2P_ENOMEM;

    for (; whole && *lines; lines++)
        whole = fputs(*lines, file) >= 0;
    if (file && fclose(file) != 0)
        whole = false;
    if (!err && (!whole || rename(temporary, path) != 0)) {
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", path);
        remove(temporary);
    }
    free(temporary);
    free(path);
    return err;
}

int p2p_run_page_write(P2pRunLog *log, const P2pRunFacts *facts)
{
    int err = p2p_run_log_read(log, facts->log);
    char *text = err ? NULL : put_all(log, facts);
    const char *const lines[] = {"p2pRun(", text, ");\n", NULL};

    if (!err && !text)
        err = p2p_fail(P2P_ENOMEM, "no memory for the page of the run");
    if (!err)
        err = write_lines(facts->folder, "index.js", lines);
    if (!err)
        err = write_lines(facts->folder, "index.html", p2p_run_html);
    free(text);
    return err;
}
