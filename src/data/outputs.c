/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file becomes which: results that would overwrite an input or each other are refused before
 * anything is written. Reads no picture.
 */
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/codec.h"
#include "src/data/folder.h"
#include "src/data/outputs.h"

/* ---- No output is an input ----------------------------------------------------------------- */

typedef struct Identity {
    dev_t device;
    ino_t inode;
    const char *path;
} Identity;

static const char *called(const char *path, const char *standard)
{
    return strcmp(path, "-") ? path : standard;
}

/* False for what is not there, and for devices and pipes. */
static bool identify(Identity *id, const char *path, const char *standard)
{
    struct stat st;

    if (stat(called(path, standard), &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    *id = (Identity){st.st_dev, st.st_ino, path};
    return true;
}

static int compare_identities(const void *a, const void *b)
{
    const Identity *x = a, *y = b;

    return x->device != y->device ? (x->device > y->device) - (x->device < y->device)
                                  : (x->inode > y->inode) - (x->inode < y->inode);
}

int p2p_outputs_check(const char *const *outputs, size_t output_count, const char *const *inputs,
                      size_t input_count)
{
    P2P_REQUIRE(outputs || !output_count, "outputs must not be NULL");
    P2P_REQUIRE(inputs || !input_count, "inputs must not be NULL");

    Identity *known = p2p_alloc(input_count + 1, sizeof(*known)), output;
    size_t count = 0;
    int err = known ? P2P_OK : P2P_ENOMEM;

    for (size_t i = 0; !err && i < input_count; i++)
        count += identify(&known[count], inputs[i], "/dev/stdin");
    if (count)
        qsort(known, count, sizeof(*known), compare_identities);
    for (size_t i = 0; count && !err && i < output_count; i++) {
        const Identity *input =
            !identify(&output, outputs[i], "/dev/stdout")
                ? NULL
                : bsearch(&output, known, count, sizeof(*known), compare_identities);
        if (input)
            err = p2p_fail(
                P2P_EINVAL, "%s: the output would overwrite the input %s; choose another output",
                called(outputs[i], "standard output"), called(input->path, "standard input"));
    }
    free(known);
    return err;
}

static int check_inputs(const P2pOutputs *o, const char *model)
{
    const char **paths = p2p_alloc((2 + o->layers) * o->count + 1, sizeof(*paths));
    size_t known = o->count;
    int err = paths ? P2P_OK : P2P_ENOMEM;

    for (size_t i = 0; !err && i < o->count; i++) {
        paths[i] = o->items[i].to;
        paths[known++] = o->items[i].from;
        for (size_t k = 0; k < o->layers; k++)
            paths[known++] = o->items[i].more[k];
    }
    if (!err && model)
        paths[known++] = model;
    if (!err)
        err = p2p_outputs_check(paths, o->count, paths + o->count, known - o->count);
    free(paths);
    return err;
}

/* ---- No two outputs are one ---------------------------------------------------------------- */

static int compare_outputs(const void *a, const void *b)
{
    return strcmp((*(const P2pOutput *const *)a)->to, (*(const P2pOutput *const *)b)->to);
}

/* What would keep apart two inputs whose outputs have one name. */
static const char *advice(const char *a, const char *b)
{
    return strcmp(a + p2p_stem_length(a), b + p2p_stem_length(b)) != 0
               ? "--keep_suffix keeps them apart"
               : "write one of them to another folder";
}

static int check_collisions(const P2pOutputs *o)
{
    const P2pOutput **sorted = p2p_alloc(o->count, sizeof(*sorted));
    int err = sorted ? P2P_OK : P2P_ENOMEM;

    for (size_t i = 0; !err && i < o->count; i++)
        sorted[i] = &o->items[i];
    if (!err)
        qsort(sorted, o->count, sizeof(*sorted), compare_outputs);
    for (size_t i = 1; !err && i < o->count; i++)
        if (strcmp(sorted[i - 1]->to, sorted[i]->to) == 0)
            err = p2p_fail(P2P_EFORMAT, "%s and %s would both become %s; %s", sorted[i - 1]->from,
                           sorted[i]->from, sorted[i]->to,
                           advice(sorted[i - 1]->from, sorted[i]->from));
    free(sorted);
    return err;
}

/* ---- The plan ------------------------------------------------------------------------------ */

typedef struct Plan {
    const P2pOutputSettings *settings;
    P2pOutputs *outputs;
    size_t capacity;
} Plan;

/* Takes both names, which may be NULL for lack of memory; the last bytes of from are its name. */
static int add(Plan *p, char *from, char *to, size_t name_bytes)
{
    void *items = p->outputs->items;
    int err = from && to ? p2p_grow(&items, &p->capacity, p->outputs->count + 1, sizeof(P2pOutput))
                         : P2P_ENOMEM;

    p->outputs->items = items;
    if (!err) {
        p->outputs->items[p->outputs->count++] =
            (P2pOutput){.from = from, .to = to, .name = strlen(from) - name_bytes};
        return P2P_OK;
    }
    free(from);
    free(to);
    return err;
}

/* name: the input's path from where its place among the results begins. */
static int add_in_folder(Plan *p, char *from, const char *name)
{
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    const size_t stem =
        p->settings->keep_suffix || last[0] == '.' ? strlen(name) : p2p_stem_length(name);
    char *result =
        p2p_format("%.*s%s", (int)stem, name, p2p_codecs[p->settings->format].suffixes[0]);
    char *to = result ? p2p_path_join(p->settings->output, result) : NULL;

    free(result);
    return add(p, from, to, strlen(name));
}

static int add_folder(Plan *p, const char *folder)
{
    const P2pWalkSettings how = {.except = p->settings->output, .log = p->settings->log};
    char **names;
    size_t count;
    int err = p2p_folder_walk(folder, &how, &names, &count);

    if (!err && !count)
        err = p2p_fail(P2P_EFORMAT,
                       "%s: no pictures (.png, .jpg, .tif ...) in this folder or below", folder);
    for (size_t i = 0; !err && i < count; i++)
        err = add_in_folder(p, p2p_path_join(folder, names[i]), names[i]);
    p2p_names_free(names, count);
    return err;
}

static int add_all(Plan *p)
{
    int err = P2P_OK;

    for (size_t i = 0; !err && i < p->settings->input_count; i++) {
        const char *input = p->settings->inputs[i], *slash = strrchr(input, '/');
        if (p2p_folder_exists(input))
            err = add_folder(p, input);
        else
            err = add_in_folder(p, p2p_strdup(input), slash ? slash + 1 : input);
    }
    return err;
}

static bool names_folder(const char *path)
{
    const size_t n = strlen(path);

    return (n && path[n - 1] == '/') || p2p_folder_exists(path);
}

static int plan(Plan *p)
{
    const P2pOutputSettings *s = p->settings;
    const bool standard = strcmp(s->output, "-") == 0, folder = names_folder(s->output);
    const char *first = s->input_count ? s->inputs[0] : "", *slash = strrchr(first, '/');
    P2pImageFormat format;

    p->outputs->single = s->input_count == 1 && !p2p_folder_exists(s->inputs[0]) && !folder;
    if (p->outputs->single) {
        int err = standard ? P2P_OK : p2p_image_format_of(s->output, &format);
        if (!err && !standard && (err = p2p_image_format_check(format)) < 0)
            err = p2p_fail_prefix(err, "%s", s->output);
        return err ? err
                   : add(p, p2p_strdup(first), p2p_strdup(s->output),
                         strlen(slash ? slash + 1 : first));
    }
    if (!folder && (standard || p2p_image_format_of(s->output, &format) == P2P_OK))
        return p2p_fail(P2P_EINVAL,
                        "%s: is one picture, but there are several inputs; name a folder",
                        s->output);
    if (!folder && p2p_file_exists(s->output))
        return p2p_fail(P2P_EIO, "%s: is there, but is not a folder", s->output);
    return add_all(p);
}

static void output_finish(P2pOutput *output, size_t layers)
{
    if (output->more)
        p2p_names_free(output->more, layers);
    free(output->from);
    free(output->to);
}

/* Results appear whole, so that one that is there is complete. */
static void leave_out_existing(P2pOutputs *o)
{
    size_t left = 0;

    for (size_t i = 0; i < o->count; i++)
        if (p2p_file_exists(o->items[i].to))
            output_finish(&o->items[i], o->layers);
        else
            o->items[left++] = o->items[i];
    o->existing = o->count - left;
    o->count = left;
}

int p2p_outputs_init(P2pOutputs *outputs, const P2pOutputSettings *settings)
{
    P2P_NEED(outputs);
    P2P_NEED(settings);
    P2P_NEED_AS("inputs", settings->inputs);
    P2P_NEED_AS("output", settings->output);
    P2P_NEED_RANGE("format", settings->format, 0, (P2pImageFormat)(p2p_codec_count - 1));

    Plan p = {.settings = settings, .outputs = outputs};
    int err;

    *outputs = (P2pOutputs){0};
    err = plan(&p);
    if (!err)
        err = check_collisions(outputs);
    if (!err)
        err = p2p_outputs_add_layers(outputs, settings->stack);
    if (!err)
        err = check_inputs(outputs, settings->model);
    if (!err && settings->skip_existing)
        leave_out_existing(outputs);
    if (err)
        p2p_outputs_finish(outputs);
    return err;
}

void p2p_outputs_finish(P2pOutputs *outputs)
{
    if (!outputs)
        return;
    for (size_t i = 0; i < outputs->count; i++)
        output_finish(&outputs->items[i], outputs->layers);
    free(outputs->items);
    *outputs = (P2pOutputs){0};
}

int p2p_output_make_folder(const P2pOutput *output)
{
    P2P_NEED(output);

    return p2p_folder_make_for(output->to);
}
