/* SPDX-License-Identifier: BSD-2-Clause */
/* Model files of all kinds as one network on the host. */
#include "src/model/source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/half.h"
#include "src/base/memory.h"
#include "src/base/status.h"

/* ---- Names --------------------------------------------------------------------------------- */

/* What parameter i of the stored graph is called in the file. */
static void stored_name(const P2pSource *s, int i, char name[P2P_EXCHANGE_NAME])
{
    const char *ours = s->stored->params[i].name;

    name[0] = '\0';
    switch (s->kind) {
    case P2P_SOURCE_STATE_DICT:
        snprintf(name, P2P_EXCHANGE_NAME, "%s%s", s->prefix, ours);
        break;
    case P2P_SOURCE_MRZHU:
        p2p_exchange_mrzhu_name(s->stored, i, s->prefix, name);
        break;
    case P2P_SOURCE_TENSORFLOW:
        p2p_exchange_tensorflow_name(s->stored, i, s->early, name);
        break;
    case P2P_SOURCE_TORCH7:
        p2p_exchange_torch7_name(s->stored, i, name);
        break;
    default:
        snprintf(name, P2P_EXCHANGE_NAME, "%s.%s", s->net.name, ours);
    }
}

static bool is_ours(const P2pSource *s)
{
    return s->kind == P2P_SOURCE_CHECKPOINT || s->kind == P2P_SOURCE_FROZEN;
}

/* Its tensors have another order of channels or axes than ours. */
static bool is_turned(const P2pSource *s)
{
    return s->kind == P2P_SOURCE_TENSORFLOW || s->kind == P2P_SOURCE_TORCH7;
}

static const P2pFileTensor *stored_tensor(const P2pSource *s, int i)
{
    char name[P2P_EXCHANGE_NAME];

    stored_name(s, i, name);
    return p2p_tensor_file_find(s->file, name);
}

/*
 * Running statistics are no part of pix2pix-tensorflow's models, and of a .pth only with batch norm;
 * biases came to the former in December 2017.
 */
static bool may_be_missing(const P2pSource *s, const P2pParam *p)
{
    return (is_turned(s) && !p2p_param_is_trained(p)) || (s->early && p->kind == P2P_PARAM_BIAS);
}

static int check_tensor(const P2pSource *s, int i)
{
    const P2pParam *p = &s->stored->params[i];
    const P2pFileTensor *t;
    char name[P2P_EXCHANGE_NAME];

    if (may_be_missing(s, p) && !stored_tensor(s, i))
        return P2P_OK;
    stored_name(s, i, name);
    const int err = p2p_checkpoint_find(s->file, name, p, s->kind == P2P_SOURCE_TENSORFLOW, &t);
    if (!err && !is_ours(s) && !p2p_file_tensor_is_finite(t))
        return p2p_fail(P2P_EFORMAT,
                        "%s: tensor %s has a NaN or an infinity: its training went wrong, or the "
                        "file is damaged",
                        p2p_tensor_file_path(s->file), name);
    return err;
}

/* ---- Opening ------------------------------------------------------------------------------- */

/* Where dropout is, no tensor tells; files of ours have it with the network. */
static bool is_about_dropout(const P2pSource *s, const char *option)
{
    return !strcmp(option, "no_dropout") || (!is_ours(s) && !strcmp(option, "dropout_levels"));
}

/*
 * Fail where an option of the network was given that the file tells otherwise. Dropout can be switched
 * off, the direction turned, and a folded network has no norm to name.
 *
 * @param surely  Of foreign files only what they tell themselves, not what is supposed else.
 */
static int check_asked(const P2pSource *s, const P2pOptions *told, const P2pOptions *asked,
                       bool surely)
{
    char theirs[P2P_OPTION_TEXT], ours[P2P_OPTION_TEXT];
    const P2pOptionInfo *o;
    unsigned roles = 0;

    for (int i = 0; i < s->held.count; i++)
        roles |=
            s->held.at[i].role.task == P2P_GENERATOR ? P2P_ROLE_GENERATOR : P2P_ROLE_DISCRIMINATOR;
    for (int i = 0; (o = p2p_options_stored(told, roles, i, theirs, sizeof(theirs))); i++) {
        p2p_options_stored(asked, roles, i, ours, sizeof(ours));
        if (!p2p_options_given(asked, o->name) || o->roles & (P2P_ROLE_DATA | P2P_ROLE_USE) ||
            is_about_dropout(s, o->name) || (surely && !p2p_options_given(told, o->name)) ||
            (told->folded && !strcmp(o->name, "norm")) || !strcmp(theirs, ours))
            continue;
        if (o->type == P2P_OPTION_FLAG)
            return p2p_fail(P2P_EINVAL, "%s: its network has no --%s; leave the option out",
                            p2p_tensor_file_path(s->file), o->name);
        return p2p_fail(P2P_EINVAL, "%s: its network has --%s %s, not %s; leave the option out",
                        p2p_tensor_file_path(s->file), o->name, theirs, ours);
    }
    return P2P_OK;
}

/*
 * What was asked for, in place of what the file tells; dropout is p2p_source_rebuild()'s. A preset
 * stands for what neither tells, and files of ours leave nothing open.
 */
static int replace_options(P2pSource *s, const P2pOptions *asked)
{
    const bool ours = is_ours(s);
    const bool no_dropout = s->options.no_dropout;

    if (ours && p2p_options_given(asked, "preset"))
        return p2p_fail(P2P_EINVAL,
                        "%s: tells its options itself; --preset is for models of other programs",
                        p2p_tensor_file_path(s->file));
    if (check_asked(s, &s->options, asked, !ours) < 0)
        return P2P_EINVAL;
    p2p_options_take(&s->options, asked, P2P_ROLE_ANY);
    s->options.preset = asked->preset;
    p2p_options_apply_preset(&s->options);
    s->options.no_dropout = no_dropout;
    return P2P_OK;
}

/* A foreign file's network. */
static void hold(P2pSource *s, P2pTask task)
{
    P2pNetwork *n = &s->held.at[s->held.count++];

    n->role = (P2pNetRole){.task = task};
    snprintf(n->name, sizeof(n->name), "%s", p2p_task_name(task));
}

/*
 * CycleGAN's networks are told by their files' names alone: EPOCH_net_G_A.pth, _G_B, _D_A, _D_B. Options
 * are those of the whole model: what the way back takes is its output.
 */
static void name_by_file(P2pSource *s)
{
    const char *path = p2p_tensor_file_path(s->file), *slash = strrchr(path, '/');
    const char *at = strstr(slash ? slash : path, "_net_");
    P2pNetwork *n = &s->held.at[0];
    P2pOptions *o = &s->options;
    const int in = o->input_nc;

    if (!at || at[5] != n->name[0] || at[6] != '_' || (at[7] != 'A' && at[7] != 'B') ||
        strcmp(at + 8, ".pth") != 0 || s->held.count != 1)
        return;
    snprintf(n->name, sizeof(n->name), "%.3s", at + 5);
    n->role.back = at[7] == 'B';
    if (n->role.back) {
        o->input_nc = o->output_nc;
        o->output_nc = in;
    }
}

static int infer_state_dict(P2pSource *s, const char *net)
{
    P2pExchangeNet found;
    const P2pTask wanted =
        net && net[0] == p2p_task_name(P2P_DISCRIMINATOR)[0] ? P2P_DISCRIMINATOR : P2P_GENERATOR;
    const int err = p2p_exchange_infer_pytorch(s->file, wanted, &s->options, &found);

    if (err)
        return err;
    s->kind = found.mrzhu ? P2P_SOURCE_MRZHU : P2P_SOURCE_STATE_DICT;
    s->options.lab =
        s->options.input_nc == 1 && s->options.output_nc == 2; /* colorization's alone */
    hold(s, found.task);
    if (found.partner)
        hold(s, found.task == P2P_GENERATOR ? P2P_DISCRIMINATOR : P2P_GENERATOR);
    name_by_file(s);
    memcpy(s->prefix, found.prefix, sizeof(found.prefix));
    if (found.other[0] && !s->warning)
        s->warning = p2p_format("%s: holds several networks %s; of the tensors called %s... and "
                                "%s... the first are taken",
                                p2p_tensor_file_path(s->file), p2p_task_name(found.task), s->prefix,
                                found.other);
    return P2P_OK;
}

static int infer_tensorflow(P2pSource *s)
{
    P2pExchangeTensorflow found;
    const int err = p2p_exchange_infer_tensorflow(s->file, &s->options, &found);

    if (err)
        return err;
    s->kind = P2P_SOURCE_TENSORFLOW;
    s->early = found.early;
    /* The browser's program draws none; others do as the paper says. */
    if (p2p_tensor_file_format(s->file) == P2P_FILE_PICT)
        p2p_exchange_tell(&s->options, "no_dropout", true);
    if (found.generator)
        hold(s, P2P_GENERATOR);
    if (found.discriminator)
        hold(s, P2P_DISCRIMINATOR);
    return P2P_OK;
}

static int infer(P2pSource *s, const char *net)
{
    P2pTask task = P2P_GENERATOR;
    int err;

    switch (p2p_tensor_file_format(s->file)) {
    case P2P_FILE_PICT:
    case P2P_FILE_TENSORFLOW:
        return infer_tensorflow(s);
    case P2P_FILE_T7:
        s->kind = P2P_SOURCE_TORCH7;
        err = p2p_exchange_infer_torch7(s->file, &s->options, &task);
        break;
    default:
        return infer_state_dict(s, net);
    }
    hold(s, task);
    return err;
}

static int read_ours(P2pSource *s)
{
    bool frozen;
    int err = p2p_checkpoint_metadata(s->file, &s->options, &s->position, &frozen);

    s->kind = frozen ? P2P_SOURCE_FROZEN : P2P_SOURCE_CHECKPOINT;
    return err ? err : p2p_networks_read(&s->held, s->file);
}

/*
 * The network of that name; without one the generator of the direction that was asked for, where the
 * file has generators for both: they are called by the direction that it was trained in.
 */
static const P2pNetwork *find_network(const P2pSource *s, const char *net, const P2pOptions *asked)
{
    const bool turn =
        asked && p2p_options_given(asked, "direction") && asked->direction != s->options.direction;

    if (net || !p2p_networks_generator(&s->held, false) || !p2p_networks_generator(&s->held, true))
        return p2p_networks_find(&s->held, net);
    return p2p_networks_generator(&s->held, turn);
}

static int read_options(P2pSource *s, const char *net, const P2pOptions *asked)
{
    const int err = p2p_checkpoint_is_ours(s->file) ? read_ours(s) : infer(s, net);
    char names[P2P_MOST_NETWORKS * (sizeof(s->net.name) + 2)] = "";

    if (err)
        return err;
    const P2pNetwork *found = find_network(s, net, asked);
    if (found) {
        char front[sizeof(found->name) + 1];
        snprintf(front, sizeof(front), "%s.", found->name);
        s->net = *found;
        /* The one that opening verifies is that which a name, or none, stands for. */
        return found == p2p_networks_find(&s->held, net) ? P2P_OK
                                                         : p2p_tensor_file_verify(s->file, front);
    }
    for (int i = 0; i < s->held.count; i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "",
                 s->held.at[i].name);
    return p2p_fail(P2P_EFORMAT, "%s: holds network %s, not %s", p2p_tensor_file_path(s->file),
                    names, net);
}

/* The network that the options describe; files of folded ones say what it was folded from, or none. */
static int build(const P2pSource *s, P2pGraph **out)
{
    const P2pNetSpec spec = p2p_network_spec(&s->options, s->net.role);
    P2pGraph *g;
    int err = p2p_nets_build(&g, &spec);

    *out = g;
    if (err || !s->options.folded)
        return err;
    err = p2p_graph_fold(out, NULL, g);
    p2p_graph_destroy(&g);
    return err;
}

/* Files of others do not tell from what to what they translate. */
static int check_direction(const P2pSource *s, int stored, const P2pOptions *asked)
{
    const int own = s->net.role.back ? !stored : stored;

    if (!is_ours(s) || s->net.role.task != P2P_GENERATOR ||
        !p2p_options_given(asked, "direction") || asked->direction == own)
        return P2P_OK;
    return p2p_fail(P2P_EINVAL, "%s: its network %s translates %s, not --direction %s",
                    p2p_tensor_file_path(s->file), s->net.name, own ? "BtoA" : "AtoB",
                    p2p_options_get_string(asked, "direction"));
}

/* Of models with data of their own: whether the network is one of them, and which they are. */
static int check_data(P2pSource *s)
{
    P2pOptions *o = &s->options;
    const P2pGraph *g = s->stored;
    const int in = g->values[g->input].c, out = g->values[g->output].c;

    if (s->net.role.task != P2P_GENERATOR || (!o->lab && !o->inpaint))
        return P2P_OK;
    if (in != (o->lab ? 1 : 4) || out != (o->lab ? 2 : 3) || (o->lab && o->inpaint))
        return p2p_fail(P2P_EFORMAT, "%s: a network of %s does not make %d channels of %d",
                        p2p_tensor_file_path(s->file), o->lab ? "colorization" : "inpainting", out,
                        in);
    if (!p2p_options_given(o, "dataset_mode"))
        o->dataset_mode = o->lab ? P2P_DATASET_COLORIZATION : P2P_DATASET_INPAINTING;
    return P2P_OK;
}

/* s->file is open; the rest is found. */
static int open_network(P2pSource *s, const char *net, const P2pOptions *asked)
{
    int err;

    p2p_options_init(&s->options);
    if ((err = read_options(s, net, asked)) < 0)
        return err;
    const P2pOptions told = s->options;
    if (asked && ((err = check_direction(s, told.direction, asked)) < 0 ||
                  (err = replace_options(s, asked)) < 0))
        return err;
    if ((err = build(s, &s->stored)) < 0)
        return p2p_fail_prefix(err, "%s", p2p_tensor_file_path(s->file));
    s->graph = s->stored;
    for (int i = 0; !err && i < s->stored->param_count; i++)
        err = check_tensor(s, i);
    if (err == P2P_EFORMAT && asked && check_asked(s, &told, asked, false) < 0)
        return P2P_EINVAL;
    return err ? err : check_data(s);
}

int p2p_source_open(P2pSource *s, const char *path, const char *net, const P2pOptions *asked)
{
    *s = (P2pSource){0};
    int err = p2p_checkpoint_file(&s->file, path, false, net, &s->warning);

    if (!err && (err = open_network(s, net, asked)) < 0)
        p2p_source_finish(s);
    return err;
}

int p2p_source_open_memory(P2pSource *s, const void *data, size_t bytes, const P2pOptions *asked)
{
    *s = (P2pSource){0};
    int err = p2p_tensor_file_open_memory(&s->file, "embedded model", data, bytes);

    if (!err && (err = open_network(s, NULL, asked)) < 0)
        p2p_source_finish(s);
    return err;
}

void p2p_source_finish(P2pSource *s)
{
    if (s->graph != s->stored)
        p2p_graph_destroy(&s->graph);
    p2p_graph_destroy(&s->stored);
    p2p_tensor_file_close(&s->file);
    free(s->origin);
    free(s->warning);
    *s = (P2pSource){0};
}

/* ---- Another graph than the stored one ----------------------------------------------------- */

static bool has_running(const P2pSource *s)
{
    bool running = false;

    for (int i = 0; i < s->stored->param_count; i++)
        running |= s->stored->params[i].kind == P2P_PARAM_MEAN && stored_tensor(s, i);
    return running;
}

int p2p_source_check_running(const P2pSource *s)
{
    return s->options.norm != P2P_OPT_NORM_BATCH || s->options.folded || has_running(s)
               ? P2P_OK
               : p2p_fail(P2P_EINVAL, "%s: has no running statistics that --eval could use",
                          p2p_tensor_file_path(s->file));
}

int p2p_source_rebuild(P2pSource *s, bool no_dropout, bool fold)
{
    const bool running = has_running(s);
    P2pGraph *g;
    int err = fold ? p2p_source_check_running(s) : P2P_OK;

    if (err)
        return err;
    s->options.no_dropout |= no_dropout || fold;
    if ((err = build(s, &g)) < 0)
        return err;
    /* Dropout changes names alone. */
    P2P_ASSERT(g->node_count == s->stored->node_count && g->param_count == s->stored->param_count);
    s->graph = g;
    if (fold && running) {
        err = p2p_graph_fold(&s->graph, &s->origin, g);
        p2p_graph_destroy(&g);
        s->options.norm = P2P_OPT_NORM_NONE;
        s->options.folded = true;
    }
    return err;
}

/* ---- Values -------------------------------------------------------------------------------- */

static void scale_codes(const P2pParam *p, const P2pFileTensor *scales, float *values)
{
    const size_t inner = (size_t)p->r * (size_t)p->s, o_count = (size_t)p->o;
    const size_t outer = p->transposed ? (size_t)p->i : 1, per = p->transposed ? 1 : (size_t)p->i;
    float *scale = values + p2p_param_elements(p); /* room for them is behind the values */

    p2p_file_tensor_to_f32(scales, scale);
    for (size_t a = 0; a < outer; a++)
        for (size_t o = 0; o < o_count; o++)
            for (size_t k = 0; k < per * inner; k++)
                values[(a * o_count + o) * per * inner + k] *= scale[o];
}

static const P2pFileTensor *scales_of(const P2pSource *s, int i)
{
    char name[P2P_EXCHANGE_NAME + 8];

    stored_name(s, i, name);
    memcpy(name + strlen(name), ".scale", 7);
    const P2pFileTensor *t = p2p_tensor_file_find(s->file, name);
    return t && t->dtype == P2P_F32 && t->elements == (size_t)s->stored->params[i].o ? t : NULL;
}

/* Parameter i of the stored graph. */
static int get_stored(const P2pSource *s, int i, float *out)
{
    const P2pFileTensor *t = stored_tensor(s, i), *scales = scales_of(s, i);
    const P2pParam *p = &s->stored->params[i];
    const size_t n = p2p_param_elements(p);
    float *values;

    if (!t) { /* running statistics that nobody kept, biases that never were */
        for (size_t k = 0; k < n; k++)
            out[k] = p->kind == P2P_PARAM_VAR ? 1.0f : 0.0f;
        return P2P_OK;
    }
    if (t->dtype == P2P_I8 && !scales)
        return p2p_fail(P2P_EFORMAT, "%s: tensor %s has no scales", p2p_tensor_file_path(s->file),
                        t->name);
    if (!scales && !is_turned(s)) {
        p2p_file_tensor_to_f32(t, out);
        return P2P_OK;
    }
    if (!(values = p2p_alloc(n + (size_t)p->o, sizeof(*values))))
        return P2P_ENOMEM;
    p2p_file_tensor_to_f32(t, values);
    if (scales)
        scale_codes(p, scales, values);
    if (s->kind == P2P_SOURCE_TENSORFLOW)
        p2p_exchange_from_tensorflow(s->stored, i, values, out);
    else if (s->kind == P2P_SOURCE_TORCH7)
        p2p_exchange_from_torch7(s->stored, i, values, out);
    else
        memcpy(out, values, n * sizeof(*out));
    free(values);
    return P2P_OK;
}

/* Parameter i of a graph that was folded here. */
static int get_folded(const P2pSource *s, int i, float *out)
{
    const P2pParam *p = &s->graph->params[i];
    const P2pOrigin at = s->origin[i];
    float *norm;
    int err = P2P_OK;

    if (at.param >= 0)
        err = get_stored(s, at.param, out);
    else
        memset(out, 0, p2p_param_elements(p) * sizeof(*out));
    if (err || at.norm < 0)
        return err;
    const P2pNode *node = &s->stored->nodes[at.norm];
    if (!(norm = p2p_alloc((size_t)p->o, 4 * sizeof(*norm))))
        return P2P_ENOMEM;
    for (int k = 0; !err && k < 4; k++)
        err = get_stored(s, node->param[k], norm + k * p->o);
    if (!err)
        p2p_fold_values(p, node->eps, norm, out);
    free(norm);
    return err;
}

int p2p_source_get(const P2pSource *s, int i, float *out)
{
    return s->origin ? get_folded(s, i, out) : get_stored(s, i, out);
}

/* Place in the stored graph of parameter i where it is used as it is, or -1. */
static int stored_place(const P2pSource *s, int i)
{
    return !s->origin ? i : s->origin[i].norm < 0 ? s->origin[i].param : -1;
}

const P2pFileTensor *p2p_source_tensor(const P2pSource *s, int i)
{
    const int at = stored_place(s, i);

    return at < 0 || is_turned(s) ? NULL : stored_tensor(s, at);
}

const P2pFileTensor *p2p_source_scales(const P2pSource *s, int i)
{
    const int at = stored_place(s, i);

    return at < 0 ? NULL : scales_of(s, at);
}

int p2p_source_check_half(const P2pSource *s, int i, const float *values)
{
    const P2pParam *p = &s->graph->params[i];

    for (size_t k = 0; k < p2p_param_elements(p); k++)
        if (!(fabsf(values[k]) < P2P_HALF_LIMIT))
            return p2p_fail(P2P_EINVAL, "%s: %s holds %g, which f16 cannot; use --dtype f32",
                            p2p_tensor_file_path(s->file), p->name, (double)values[k]);
    return P2P_OK;
}

char *p2p_source_summary(const P2pSource *s)
{
    static const char *const kinds[] = {
        [P2P_SOURCE_CHECKPOINT] = "checkpoint",
        [P2P_SOURCE_FROZEN] = "frozen model",
        [P2P_SOURCE_STATE_DICT] = "PyTorch state_dict",
        [P2P_SOURCE_MRZHU] = "pix2pix-pytorch network",
        [P2P_SOURCE_TENSORFLOW] = "pix2pix-tensorflow model",
        [P2P_SOURCE_TORCH7] = "Torch7 network",
    };
    const P2pOptions *o = &s->options;
    const P2pNetSpec spec = p2p_network_spec(o, s->net.role);

    return p2p_format("%s: %s: %s %s, %d filters, norm %s, %d -> %d channels, %zu parameters",
                      p2p_tensor_file_path(s->file), kinds[s->kind],
                      s->net.role.task == P2P_DISCRIMINATOR ? "discriminator" : "generator",
                      spec.name, spec.nf, p2p_options_get_string(o, "norm"),
                      s->graph->values[s->graph->input].c, s->graph->values[s->graph->output].c,
                      p2p_graph_trained(s->graph));
}
