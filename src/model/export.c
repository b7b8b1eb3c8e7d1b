/* SPDX-License-Identifier: BSD-2-Clause */
/* Any model in, any format out: which writer takes what. */
#include "p2p/export.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "p2p/data.h"
#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/model/exchange.h"
#include "src/model/frozen.h"
#include "src/model/onnx_export.h"
#include "src/model/source.h"

/* ---- Tensors of a source under other names ------------------------------------------------- */

typedef struct Listing {
    const P2pSource *source;
    P2pTensorEntry *entries;
    int *params; /* of each entry; -1: the count of batches that PyTorch's batch norm keeps */
    int count;
    bool tensorflow;
} Listing;

static void listing_finish(Listing *l)
{
    for (int i = 0; l->entries && i < l->count; i++)
        free((char *)(size_t)l->entries[i].name);
    free(l->entries);
    free(l->params);
}

static int listing_init(Listing *l, const P2pSource *source, bool tensorflow)
{
    const size_t most = 2 * (size_t)source->graph->param_count;

    *l = (Listing){.source = source, .tensorflow = tensorflow};
    l->entries = p2p_alloc(most, sizeof(*l->entries));
    l->params = p2p_alloc(most, sizeof(*l->params));
    return l->entries && l->params ? P2P_OK : P2P_ENOMEM;
}

static int add_entry(Listing *l, int param, P2pTensorEntry entry)
{
    l->params[l->count] = param;
    l->entries[l->count++] = entry;
    return entry.name ? P2P_OK : P2P_ENOMEM;
}

static int batches_done(const P2pSource *s, const char *name, int64_t *out)
{
    char stored[P2P_EXCHANGE_NAME];
    snprintf(stored, sizeof(stored), "%s%s", s->prefix, name);
    const P2pFileTensor *t = p2p_tensor_file_find(s->file, stored);

    *out = s->net.role.passes * (int64_t)s->position.step;
    if (t && t->dtype == P2P_I64 && t->elements == 1)
        memcpy(out, t->data, sizeof(*out));
    return P2P_OK;
}

static int get_entry(void *user, int i, void *data)
{
    const Listing *l = user;
    const P2pSource *s = l->source;

    if (l->params[i] < 0)
        return batches_done(s, l->entries[i].name, data);
    if (!l->tensorflow)
        return p2p_source_get(s, l->params[i], data);
    float *ours = p2p_alloc(p2p_param_elements(&s->graph->params[l->params[i]]), sizeof(*ours));
    const int err = ours ? p2p_source_get(s, l->params[i], ours) : P2P_ENOMEM;
    if (!err)
        p2p_exchange_to_tensorflow(s->graph, l->params[i], ours, data);
    free(ours);
    return err;
}

/* ---- .pth ---------------------------------------------------------------------------------- */

/* Whether the peer builds this network: the same parameters as with its own choices. */
static int check_pytorch(const P2pSource *s)
{
    P2pOptions plain = s->options;
    P2pGraph *g;

    plain.innermost_norm = plain.all_bias = false;
    plain.padding_type = P2P_PADDING_REFLECT;
    const P2pNetSpec spec = p2p_network_spec(&plain, s->net.role);
    int err = p2p_nets_build(&g, &spec);
    if (err)
        return err;
    bool same = g->param_count == s->graph->param_count && !s->options.folded && !spec.spectral &&
                strcmp(s->options.netG, "encoder_decoder") != 0 && !s->options.relu_after_add &&
                !s->options.separable_conv &&
                (!s->options.upsample || !strncmp(s->options.netG, "resnet", 6));
    for (int i = 0; same && i < g->param_count; i++)
        same = !strcmp(g->params[i].name, s->graph->params[i].name);
    p2p_graph_destroy(&g);
    return same ? P2P_OK
                : p2p_fail(P2P_EINVAL,
                           "pytorch-CycleGAN-and-pix2pix has no such network; a .pth "
                           "cannot hold it%s",
                           s->options.folded ? " (--eval folds the norms away; leave it out)" : "");
}

static int write_pth(const P2pSource *s, const char *path)
{
    static const char last[] = "running_var", also[] = "num_batches_tracked";
    Listing l;
    int err = check_pytorch(s);

    if (err || (err = listing_init(&l, s, false)) < 0)
        return err;
    for (int i = 0; !err && i < s->graph->param_count; i++) {
        const P2pParam *p = &s->graph->params[i];
        P2pTensorEntry e = {.name = p2p_strdup(p->name), .dtype = P2P_F32};
        e.rank = p2p_param_shape(p, e.shape);
        err = add_entry(&l, i, e);
        if (!err && p->kind == P2P_PARAM_VAR)
            err = add_entry(
                &l, -1,
                (P2pTensorEntry){.name = p2p_format("%.*s%s", (int)(strlen(p->name) - strlen(last)),
                                                    p->name, also),
                                 .dtype = P2P_I64});
    }
    if (!err)
        err = p2p_pth_write(path, l.entries, l.count, get_entry, &l);
    listing_finish(&l);
    return err;
}

/* ---- .pict --------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const P2pTensorEntry *)a)->name, ((const P2pTensorEntry *)b)->name);
}

/* Entries sorted by name; params follow by looking the names up again. */
static void sort(Listing *l)
{
    char name[P2P_EXCHANGE_NAME];

    qsort(l->entries, (size_t)l->count, sizeof(*l->entries), compare_entries);
    for (int i = 0; i < l->source->graph->param_count; i++)
        for (int k = 0; k < l->count; k++)
            if (p2p_exchange_tensorflow_name(l->source->graph, i, false, name) &&
                !strcmp(l->entries[k].name, name))
                l->params[k] = i;
}

static int write_pict(const P2pSource *s, const char *path)
{
    char name[P2P_EXCHANGE_NAME];
    Listing l;
    int err;

    if (!p2p_exchange_fits_tensorflow(s->graph))
        return p2p_fail(P2P_EINVAL, "pix2pix-tensorflow has no such network: its U-Net normalises "
                                    "the innermost level too; train with --preset tensorflow");
    if ((err = listing_init(&l, s, true)) < 0)
        return err;
    for (int i = 0; !err && i < s->graph->param_count; i++) {
        const P2pParam *p = &s->graph->params[i];
        const size_t r = (size_t)p->r, o = (size_t)p->o, c = (size_t)p->i;
        if (!p2p_exchange_tensorflow_name(s->graph, i, false, name))
            continue;
        P2pTensorEntry e = {.name = p2p_strdup(name), .dtype = P2P_F32, .rank = 1, .shape = {o}};
        if (p->kind == P2P_PARAM_WEIGHT) {
            const size_t shape[4] = {r, r, p->transposed ? o : c, p->transposed ? c : o};
            e.rank = 4;
            memcpy(e.shape, shape, sizeof(shape));
        }
        err = add_entry(&l, i, e);
    }
    if (!err) {
        sort(&l);
        err = p2p_pict_write(path, l.entries, l.count, get_entry, &l);
    }
    listing_finish(&l);
    return err;
}

/* ---- C ------------------------------------------------------------------------------------- */

/* The file's name without folder and suffix, as a word of C. */
static char *c_name(const char *path)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char *name = p2p_format("%.*s", (int)strcspn(base, "."), base);

    for (char *at = name; at && *at; at++)
        if (!isalnum((unsigned char)*at) || (at == name && isdigit((unsigned char)*at)))
            *at = '_';
    return name;
}

static int write_text(const char *path, char *text)
{
    const int err = text ? p2p_file_write(path, text, strlen(text)) : P2P_ENOMEM;

    free(text);
    return err;
}

/* OUTPUTsuffix for OUTPUT.c, in fresh memory. */
static char *beside(const char *path, const char *suffix)
{
    const size_t n = strlen(path);

    return p2p_format("%.*s%s", (int)(n > 2 && !strcmp(path + n - 2, ".c") ? n - 2 : n), path,
                      suffix);
}

/* OUTPUT.safetensors first, then what embeds it. */
static int write_c(const P2pSource *s, const char *path, P2pDtype dtype)
{
    const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

    for (const char *at = file; *at; at++) /* it becomes part of a string and of a comment */
        if (!isalnum((unsigned char)*at) && !strchr("._-+ ", *at))
            return p2p_fail(P2P_EINVAL,
                            "%s: the name of a C file has letters, digits, blanks and "
                            "._-+ only",
                            path);
    char *model = beside(path, ".safetensors"), *header = beside(path, ".h"), *name = c_name(path);
    int err = model && header && name ? p2p_frozen_write(s, model, dtype) : P2P_ENOMEM;
    const char *base = model && strrchr(model, '/') ? strrchr(model, '/') + 1 : model;

    if (!err)
        err = write_text(
            header,
            p2p_format("/* A frozen model for p2p_model_open_memory(), made by p2p-export. */\n"
                       "#include <stddef.h>\n\n"
                       "extern const unsigned char %s_model[];\n"
                       "extern const unsigned char %s_model_end[];\n"
                       "#define %s_model_bytes ((size_t)(%s_model_end - %s_model))\n",
                       name, name, name, name, name));
    if (!err)
        err = write_text(
            path,
            p2p_format(
                "/* Embeds %s, made by p2p-export. The assembler looks for it in the folder where the\n"
                " * compiler runs and in those given by -Wa,-I; or define P2P_MODEL_FILE as its path. */\n"
                "#ifndef P2P_MODEL_FILE\n#define P2P_MODEL_FILE \"%s\"\n#endif\n"
                "__asm__(\".section .rodata\\n\"\n"
                "        \".balign 64\\n\"\n"
                "        \".globl %s_model\\n%s_model:\\n\"\n"
                "        \".incbin \\\"\" P2P_MODEL_FILE \"\\\"\\n\"\n"
                "        \".globl %s_model_end\\n%s_model_end:\\n\"\n"
                "        \".byte 0\\n\"\n"
                "        \".text\\n\");\n",
                base, base, name, name, name, name));
    free(model);
    free(header);
    free(name);
    return err;
}

/* ---- Dispatch ------------------------------------------------------------------------------ */

static int write_program(const P2pSource *s, const char *path, const char *translator,
                         P2pDtype dtype)
{
    char *model = p2p_format("%s.model%ld", path, (long)getpid());
    int err = model ? p2p_frozen_write(s, model, dtype) : P2P_ENOMEM;

    if (!err)
        err = p2p_frozen_write_program(path, translator, model);
    if (model)
        unlink(model);
    free(model);
    return err;
}

static int find_format(const char *format, const char *path, const char **out)
{
    static const char *const formats[] = {"safetensors", "onnx", "pth", "pict", "c"};
    const char *suffix = strrchr(path, '.');

    *out = format && strcmp(format, "auto") != 0 ? format : suffix ? suffix + 1 : "";
    for (size_t i = 0; i < P2P_COUNT(formats); i++)
        if (!strcmp(*out, formats[i]))
            return P2P_OK;
    return p2p_fail(P2P_EINVAL,
                    "%s: give the output a suffix that tells its format (.safetensors, "
                    ".onnx, .pth, .pict, .c), or --format",
                    path);
}

static int find_dtype(const char *name, P2pDtype *dtype)
{
    if (!name || !strcmp(name, "f32"))
        *dtype = P2P_F32;
    else if (!strcmp(name, "f16"))
        *dtype = P2P_F16;
    else if (!strcmp(name, "q8"))
        *dtype = P2P_I8;
    else
        return p2p_fail(P2P_EINVAL, "there is no dtype '%s'; f32, f16 and q8 are known", name);
    return P2P_OK;
}

static int write_format(const P2pSource *s, const char *path, const P2pExportSettings *settings)
{
    const char *format;
    P2pDtype dtype = P2P_F32;
    int err;

    if ((err = find_dtype(settings->dtype, &dtype)) < 0)
        return err;
    if (settings->translator)
        return write_program(s, path, settings->translator, dtype);
    if ((err = find_format(settings->format, path, &format)) < 0)
        return err;
    if (s->net.role.task != P2P_GENERATOR && strcmp(format, "pth") != 0)
        return p2p_fail(P2P_EINVAL, "a discriminator can be written as .pth alone");
    if (!strcmp(format, "safetensors"))
        return p2p_frozen_write(s, path, dtype);
    if (!strcmp(format, "c"))
        return write_c(s, path, dtype);
    if (!strcmp(format, "onnx") && dtype == P2P_F16)
        return p2p_onnx_export(s, path, true);
    if (dtype != P2P_F32)
        return p2p_fail(P2P_EINVAL, "--dtype %s is not for .%s", settings->dtype, format);
    if (!strcmp(format, "pth"))
        return write_pth(s, path);
    if (!strcmp(format, "pict"))
        return write_pict(s, path);
    return p2p_onnx_export(s, path, false);
}

/* All that is written, the files beside a C file too, against all that is read. */
static int check_output(const char *model, const char *output, const P2pExportSettings *s)
{
    const char *format, *inputs[2] = {model, s->translator}, *outputs[3] = {output};
    char *frozen = NULL, *header = NULL;
    size_t count = 1;
    int err = P2P_OK;

    if (!output || !*output)
        return p2p_fail(P2P_EINVAL, "needs -o OUTPUT");
    if (!s->translator && !find_format(s->format, output, &format) && !strcmp(format, "c")) {
        outputs[1] = frozen = beside(output, ".safetensors");
        outputs[2] = header = beside(output, ".h");
        count = 3;
        err = frozen && header ? P2P_OK : P2P_ENOMEM;
    }
    if (!err)
        err = p2p_outputs_check(outputs, count, inputs, s->translator ? 2 : 1);
    free(frozen);
    free(header);
    return err;
}

/* What was found, and what had to be taken for granted. */
static void tell(const P2pSource *source, const P2pLog *log)
{
    const P2pOptions *o = &source->options;
    char *summary = p2p_source_summary(source);

    if (summary)
        p2p_log(log, P2P_LOG_INFO, "%s", summary);
    free(summary);
    if (source->kind == P2P_SOURCE_STATE_DICT || source->kind == P2P_SOURCE_TORCH7)
        p2p_log(log, P2P_LOG_INFO,
                "not told by the file, so taken: --direction %s --preprocess %s "
                "--crop_size %d%s",
                p2p_options_get_string(o, "direction"),
                p2p_preprocess_name((P2pPreprocess)o->preprocess), o->crop_size,
                o->no_dropout ? "" : ", dropout (--no_dropout leaves it out)");
}

int p2p_export(const char *model, const char *output, const P2pExportSettings *settings)
{
    P2P_NEED(model);
    P2P_NEED(output);

    const P2pExportSettings s = settings ? *settings : (P2pExportSettings){0};
    P2pSource source;
    int err = check_output(model, output, &s);

    if (err || (err = p2p_source_open(&source, model, s.net, s.options)) < 0)
        return err;
    if (source.warning)
        p2p_log(s.log, P2P_LOG_WARN, "%s", source.warning);
    tell(&source, s.log);
    err = p2p_source_rebuild(&source, s.no_dropout, s.eval);
    if (!err)
        err = write_format(&source, output, &s);
    p2p_source_finish(&source);
    return err;
}
