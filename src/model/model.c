/* SPDX-License-Identifier: BSD-2-Clause */
/* Translating pictures with the generator of a model file. Trains nothing. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/hole.h"
#include "src/data/lab.h"
#include "src/data/picture.h"
#include "src/model/model_parts.h"
#include "src/model/source.h"
#include "src/options/options_table.h"

enum {
    PROBE = 256,      /* side of the plan that tells what pixels cost */
    AUTO_TILE = 1024, /* no larger side by itself */
    MOST_TILE = 16384,
    SMALL = 1 << 20, /* pixels that are never cut by --tile auto */
    WHOLE = 1 << 24, /* and always, as kernels count in 32 bits */
};

/* The type that a parameter's elements can keep on a device. */
static P2pType stored_type(const P2pSource *source, int i)
{
    const P2pFileTensor *t = p2p_source_tensor(source, i);

    switch (t ? t->dtype : P2P_F32) {
    case P2P_F16:
        return P2P_TYPE_F16;
    case P2P_BF16:
        return P2P_TYPE_BF16;
    case P2P_I8:
        return p2p_source_scales(source, i) ? P2P_TYPE_Q8 : P2P_TYPE_F32;
    default:
        return P2P_TYPE_F32;
    }
}

/* The type of the file's weights, if all large ones are of one and the device's kernels read it. */
static P2pType type_of(const P2pSource *source, const P2pGraph *graph, const P2pDevice *device)
{
    P2pType found = P2P_TYPE_F32;
    bool any = false;

    for (int i = 0; i < graph->param_count; i++) {
        if (!p2p_net_can_pack(device, &graph->params[i]))
            continue;
        const P2pType type = stored_type(source, i);
        if (any && type != found)
            return P2P_TYPE_F32;
        found = type;
        any = true;
    }
    return found;
}

/* Whether a tensor's bytes can be read as elements where they lie. */
static bool is_aligned(const P2pFileTensor *t)
{
    return (uintptr_t)t->data % p2p_dtype_bytes(t->dtype) == 0;
}

typedef struct Upload {
    P2pModel *model;
    const P2pSource *source;
} Upload;

/* One parameter; straight from the file where it is stored as the device has it. */
static int fill(void *user, int i, void *raw)
{
    const Upload *u = user;
    const P2pNet *net = u->model->net;
    const P2pTensor *to = &net->state[P2P_STATE_VALUE][i];
    const P2pParam *param = &net->graph->params[i];
    const P2pFileTensor *t = p2p_source_tensor(u->source, i);
    const P2pFileTensor *scales = p2p_source_scales(u->source, i);
    const bool packed = to->type != P2P_TYPE_F32;
    const void *data = t && is_aligned(t) && (packed || t->dtype == P2P_F32) ? t->data : NULL;
    void *copy = NULL;
    int err = P2P_OK;

    if (!data) {
        data = copy = p2p_alloc(p2p_param_elements(param), sizeof(float));
        if (!copy)
            err = P2P_ENOMEM;
        else if (packed)
            memcpy(copy, t->data, t->bytes);
        else
            err = p2p_source_get(u->source, i, copy);
    }
    if (!err)
        p2p_tensor_fill(to, raw, data, param->transposed, scales ? scales->data : NULL);
    free(copy);
    if (t)
        p2p_file_tensor_forget(u->source->file, t);
    return err;
}

/* The sides of all pictures where the options alone decide it, or the likeliest; else 0. */
static int expected_side(const P2pOptions *o)
{
    return o->preprocess == P2P_PREPROCESS_NONE || o->preprocess == P2P_PREPROCESS_SCALE_WIDTH
               ? 0
               : o->crop_size;
}

/* Drivers need time for each kernel program: let it pass while weights are copied. A failure comes
 * again when a picture is there. */
static void plan_ahead(void *user)
{
    const Upload *u = user;
    const int side = expected_side(&u->model->options);
    P2pForward *forward;

    if (side && side % u->model->net->graph->multiple == 0)
        p2p_forwards_get(u->model->forwards, side, side, false, &forward);
}

/* The network on the device, with its weights. */
static int build_net(P2pModel *m, const P2pSource *source, const P2pModelSettings *s)
{
    P2pForwardSettings forward = {
        .device = m->device,
        .mode = {.running = s->eval,
                 .alone = 1,
                 .dropout = !s->eval && !s->no_dropout && !m->options.no_dropout},
        .choice = {.variants = m->variants, .precision = m->options.precision, .refs = m->refs},
        .seed = (uint32_t)m->options.seed & 0x3fffffffu,
        .fill = m->options.inpaint && m->options.mask_loss == P2P_MASK_LOSS_HOLE};
    P2pGraph *graph;
    int err;

    if ((err = p2p_graph_copy(&graph, source->graph)) < 0 ||
        (err = p2p_net_create_packed(&m->net, m->device, graph, source->net.name,
                                     type_of(source, graph, m->device))) < 0)
        return err;
    forward.net = m->net;
    if ((err = p2p_forwards_create(&m->forwards, &forward)) < 0)
        return err;
    return p2p_net_fill(m->net, m->device, fill, plan_ahead, &(Upload){m, source});
}

static bool is_given(const P2pOptions *asked, const char *name)
{
    return asked && p2p_options_given(asked, name);
}

/* Pictures stay as they are unless sizes are asked for: those of the file are for training. */
static int choose_sizes(P2pModel *m, const P2pGraph *graph, const P2pOptions *asked)
{
    P2pOptions *o = &m->options;
    const bool asked_load = is_given(asked, "load_size");
    P2pJitterSettings s = {.no_flip = true, .multiple = 1};
    int err;

    if (!asked_load && !is_given(asked, "preprocess") && !is_given(asked, "crop_size"))
        o->preprocess = P2P_PREPROCESS_KEEP;
    if (o->preprocess != P2P_PREPROCESS_SCALE_WIDTH && !asked_load)
        o->load_size = o->crop_size;
    if (o->preprocess != P2P_PREPROCESS_KEEP && (o->max_size || o->fit[0]))
        return p2p_fail(P2P_EINVAL,
                        "--max_size and --fit are for pictures that keep their shape; leave "
                        "--preprocess, --load_size and --crop_size out");
    if (o->fit[0] &&
        (err = p2p_size_parse(o->fit, P2P_IMAGE_MAX_SIDE, &s.fit_width, &s.fit_height)) < 0)
        return p2p_fail_prefix(err, "--fit");
    s.preprocess = (P2pPreprocess)o->preprocess;
    s.load_size = o->load_size;
    s.crop_size = o->crop_size;
    s.max_size = o->max_size;
    s.max_pixels = (size_t)o->max_pixels;
    if (s.preprocess == P2P_PREPROCESS_NONE)
        s.multiple = graph->multiple;
    for (int side = 0; side < 2; side++) {
        m->sizes[side] = s;
        m->sizes[side].filter =
            (P2pFilter)(side == o->direction ? o->resize_filter_A : o->resize_filter_B);
    }
    return P2P_OK;
}

/* "auto", or a side in pixels, which becomes a multiple of the network's. */
static int choose_tiling(P2pModel *m, const P2pGraph *graph, const P2pModelSettings *s)
{
    const P2pOptions *o = &m->options;
    P2pTileChoice *tiles = &m->tiles;
    char more;

    *tiles = (P2pTileChoice){.side = -1, .overlap = o->overlap};
    if (strcmp(o->tile, "auto") != 0 && (sscanf(o->tile, "%9d%c", &tiles->side, &more) != 1 ||
                                         tiles->side < 0 || tiles->side > MOST_TILE))
        return p2p_fail(P2P_EINVAL,
                        "--tile takes auto, or the side of a tile from 0 to %d, not '%.40s'",
                        MOST_TILE, o->tile);
    if (tiles->side > 0)
        tiles->side = p2p_max((int)p2p_round_up((size_t)tiles->side, (size_t)graph->multiple),
                              p2p_graph_least_side(graph));
    if (tiles->side > 0 && tiles->overlap > tiles->side / 2)
        return p2p_fail(P2P_EINVAL, "--overlap %d is more than half of a tile of %d", o->overlap,
                        tiles->side);
    for (int i = 0; i < graph->node_count; i++)
        tiles->measure |= graph->nodes[i].kind == P2P_NODE_NORM_ACT &&
                          (graph->nodes[i].norm == P2P_NORM_INSTANCE ||
                           (graph->nodes[i].norm == P2P_NORM_BATCH && !s->eval));
    return P2P_OK;
}

static int build(P2pModel *m, const P2pSource *source, const P2pModelSettings *s)
{
    if (source->net.role.task != P2P_GENERATOR)
        return p2p_fail(P2P_EINVAL, "%s: is a discriminator; a generator is needed to translate",
                        p2p_tensor_file_path(source->file));
    if (s->eval && p2p_source_check_running(source) < 0)
        return P2P_EINVAL;

    const P2pGraph *graph = source->graph;
    int err;

    m->options = source->options;
    m->options.input_nc = graph->values[graph->input].c;
    m->options.output_nc = graph->values[graph->output].c;
    m->channels[P2P_MODEL_INPUT] = m->options.lab ? 3 : m->options.input_nc;
    m->channels[P2P_MODEL_OUTPUT] = m->options.lab ? 3 : m->options.output_nc;
    m->keep_alpha = s->keep_alpha;
    m->keep_profile = s->keep_profile;
    m->bits = s->bits ? s->bits : 8;
    m->has_back = p2p_networks_generator(&source->held, !source->net.role.back) != NULL;
    if (source->net.role.back && (s->back || !is_given(s->options, "direction")))
        m->options.direction = !m->options.direction;
    m->options.precision = P2P_PRECISION_F32;
    if (s->options) { /* no file stores these */
        m->options.precision = s->options->precision;
        m->options.max_pixels = s->options->max_pixels;
        m->options.max_size = s->options->max_size;
        memcpy(m->options.fit, s->options->fit, sizeof(m->options.fit));
        memcpy(m->options.tile, s->options->tile, sizeof(m->options.tile));
        m->options.overlap = s->options->overlap;
    }
    if ((err = choose_sizes(m, graph, s->options)) < 0 || (err = choose_tiling(m, graph, s)) < 0 ||
        (err = p2p_classes_init(&m->classes, m->options.labels, m->options.label_colours)) < 0)
        return err;
    m->variants = p2p_strdup(s->variants ? s->variants : "");
    m->refs = p2p_strdup(s->refs ? s->refs : "");
    if (!m->variants || !m->refs)
        return P2P_ENOMEM;
    p2p_device_enter(m->device);
    return p2p_device_leave(m->device, build_net(m, source, s));
}

/* The model of a source that was opened with this result; finishes the source. */
static int create(P2pModel **out, P2pDevice *device, P2pSource *source, int opened,
                  const P2pModelSettings *settings)
{
    static const P2pModelSettings defaults;
    P2pModel *m = *out = opened ? NULL : p2p_alloc(1, sizeof(*m));
    int err = opened ? opened : m ? P2P_OK : P2P_ENOMEM;

    if (!err) {
        m->device = device;
        err = build(m, source, settings ? settings : &defaults);
    }
    p2p_source_finish(source);
    if (err)
        p2p_model_close(out);
    return err;
}

/* In the place of an open source: the generator of the other direction. */
static int open_back(P2pSource *source, const char *path, const P2pOptions *asked)
{
    const P2pNetwork *found = p2p_networks_generator(&source->held, !source->net.role.back);

    if (!found)
        return p2p_fail(P2P_EINVAL, "%s: holds no generator for the other direction", path);
    const P2pNetwork back = *found;
    P2pOptions *turned = NULL;
    int err = P2P_OK;
    p2p_source_finish(source);
    if (asked && (err = p2p_options_copy(&turned, asked)) == P2P_OK)
        turned->given[p2p_option_find("direction")] = false;
    if (!err)
        err = p2p_source_open(source, path, back.name, turned);
    p2p_options_destroy(&turned);
    return err;
}

int p2p_model_open(P2pModel **out, P2pDevice *device, const char *path,
                   const P2pModelSettings *settings)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(device);
    P2P_NEED(path);

    P2pSource source;
    const P2pOptions *asked = settings ? settings->options : NULL;
    int err = p2p_source_open(&source, path, settings ? settings->net : NULL, asked);

    if (source.warning)
        p2p_log(p2p_device_log(device), P2P_LOG_WARN, "%s", source.warning);
    if (!err && settings && settings->back)
        err = open_back(&source, path, asked);
    return create(out, device, &source, err, settings);
}

int p2p_model_open_memory(P2pModel **out, P2pDevice *device, const void *data, size_t bytes,
                          const P2pModelSettings *settings)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(device);
    P2P_NEED(data);

    P2pSource source;
    const int err =
        p2p_source_open_memory(&source, data, bytes, settings ? settings->options : NULL);

    return create(out, device, &source, err, settings);
}

void p2p_model_close(P2pModel **model)
{
    P2pModel *m = *model;

    if (!m)
        return;
    p2p_device_enter(m->device);
    p2p_forwards_destroy(&m->forwards);
    p2p_net_destroy(&m->net);
    p2p_device_leave(m->device, P2P_OK);
    p2p_classes_finish(&m->classes);
    free(m->variants);
    free(m->refs);
    free(m);
    *model = NULL;
}

bool p2p_model_has_back(const P2pModel *model)
{
    return model->has_back;
}

const P2pOptions *p2p_model_options(const P2pModel *model)
{
    return &model->options;
}

/* classes: of label maps, or NULL. */
static int prepare(const P2pImage *in, int channels, const P2pClasses *classes,
                   const P2pJitterSettings *sizes, P2pImage *out)
{
    P2pImage converted = {0};
    P2pJitter jitter;
    int err;

    if ((err = p2p_jitter_fix(&jitter, sizes, in->width, in->height)) < 0 ||
        (err = classes ? p2p_classes_encode(classes, in, &converted)
                       : p2p_image_convert_channels(in, channels, &converted)) < 0)
        return err;
    err = p2p_jitter_apply(&jitter, &converted, out);
    p2p_image_finish(&converted);
    return err;
}

int p2p_model_see(const P2pModel *m, P2pImage *picture)
{
    P2pImage lightness = {0};

    if (m->options.inpaint)
        p2p_hole_clear(picture);
    if (!m->options.lab)
        return P2P_OK;
    const int err = p2p_lab_lightness(picture, &lightness);
    p2p_image_finish(picture);
    *picture = lightness;
    return err;
}

int p2p_model_prepare(const P2pModel *model, const P2pImage *in, P2pModelSide side, P2pImage *out)
{
    P2P_NEED(model);
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);
    P2P_NEED_RANGE("side", side, P2P_MODEL_INPUT, P2P_MODEL_OUTPUT);

    const bool seen = side == P2P_MODEL_INPUT;
    const int err =
        prepare(in, model->channels[side], seen && model->classes.count ? &model->classes : NULL,
                &model->sizes[side], out);

    return err || !seen ? err : p2p_model_see(model, out);
}

int p2p_model_show(const P2pModel *model, const P2pImage *seen, P2pImage *out)
{
    P2P_NEED(model);
    P2P_NEED_PICTURE(seen);
    P2P_NEED_OUT(seen, out);

    return model->classes.count ? p2p_classes_show(&model->classes, seen, out)
                                : p2p_image_copy(seen, out);
}

/* How many bytes a pixel takes on the device, from a plan of one tile's size. */
static int bytes_a_pixel(P2pModel *m, double *bytes)
{
    const int side = (int)p2p_round_up(PROBE, (size_t)m->net->graph->multiple);
    P2pForward *f;
    const int err = p2p_forwards_get(m->forwards, side, side, false, &f);

    if (err)
        return err;
    const P2pPlanMemory memory = p2p_plan_memory(f->plan);
    *bytes = (double)(memory.tensor_bytes + memory.work_bytes) / ((double)side * side);
    return P2P_OK;
}

int p2p_model_choose_tiles(P2pModel *m, int width, int height, P2pTileSettings *tiles)
{
    const double pixels = (double)width * height;
    const double room = (double)p2p_device_caps(m->device)->memory_bytes / 2;
    const int multiple = m->net->graph->multiple;
    double bytes = 1;
    int err;

    *tiles = (P2pTileSettings){m->tiles.side, m->tiles.overlap, m->tiles.measure, m->bits,
                               m->options.lab};
    if (tiles->side >= 0 && (width > tiles->side || height > tiles->side))
        return P2P_OK;
    tiles->side = 0;
    if (m->tiles.side >= 0 || pixels <= SMALL)
        return P2P_OK;
    if ((err = bytes_a_pixel(m, &bytes)) < 0)
        return err;
    if (pixels <= WHOLE && pixels * bytes <= room)
        return P2P_OK;
    const int fits = (int)fmin(sqrt(room / bytes), AUTO_TILE) / multiple * multiple;
    tiles->side = p2p_max(fits, p2p_graph_least_side(m->net->graph));
    tiles->overlap = p2p_min(tiles->overlap, tiles->side / 2);
    return P2P_OK;
}

/* Whole, continued up to what the network takes. */
static int run_whole(P2pModel *m, const P2pImage *prepared, P2pImage *out)
{
    P2pTileAxis x, y;
    P2pImage seen = {0}, made = {0};
    P2pForward *f;

    p2p_tile_axis(&x, m->net->graph, prepared->width, INT_MAX, 0);
    p2p_tile_axis(&y, m->net->graph, prepared->height, INT_MAX, 0);
    int err = p2p_forwards_get(m->forwards, x.tile, y.tile, false, &f);
    if (!err)
        err = p2p_image_reflect(prepared, -x.before, -y.before, x.tile, y.tile, &seen);
    if (!err)
        p2p_image_to_floats(&seen, f->in);
    p2p_image_finish(&seen);
    if (!err && (err = p2p_forward_run(f)) == P2P_OK)
        err = p2p_image_from_output(&made, f->out, m->options.lab ? f->in : NULL, f->y.w, f->y.h,
                                    f->y.c, m->bits);
    if (!err)
        err = p2p_image_crop(&made, x.before, y.before, x.size, y.size, out);
    p2p_image_finish(&made);
    return err;
}

/* A picture of any size through the network. */
static int run(P2pModel *m, const P2pImage *prepared, P2pImage *out)
{
    P2pTileSettings tiles;
    const int err = p2p_model_choose_tiles(m, prepared->width, prepared->height, &tiles);

    if (err)
        return err;
    return tiles.side ? p2p_tiles_run_image(m->forwards, m->net->graph, prepared, &tiles, out)
                      : run_whole(m, prepared, out);
}

/* The input's alpha, brought to size as the input was, into the result. */
static int carry_alpha(const P2pModel *m, const P2pImage *in, P2pImage *out)
{
    P2pImage alpha = {0}, sized = {0}, eight = {0};
    int err = p2p_image_get_alpha(in, &alpha);

    if (!err)
        err = prepare(&alpha, 1, NULL, &m->sizes[P2P_MODEL_INPUT], &sized);
    if (!err)
        err = p2p_image_convert_bits(&sized, out->bits, &eight);
    if (!err)
        err = p2p_image_set_alpha(out, &eight);
    p2p_image_finish(&alpha);
    p2p_image_finish(&sized);
    p2p_image_finish(&eight);
    return err;
}

/* What the input's colours were is what the result's shall be. */
static int carry_profile(const P2pImage *in, P2pImage *out)
{
    if (!in->profile)
        return P2P_OK;
    if (!(out->profile = p2p_alloc(in->profile_bytes, 1)))
        return P2P_ENOMEM;
    memcpy(out->profile, in->profile, in->profile_bytes);
    out->profile_bytes = in->profile_bytes;
    return P2P_OK;
}

bool p2p_model_carries_alpha(const P2pModel *m, int channels)
{
    return m->keep_alpha && (channels == 2 || channels == 4) && m->channels[P2P_MODEL_INPUT] % 2 &&
           m->channels[P2P_MODEL_OUTPUT] % 2;
}

int p2p_model_translate(P2pModel *model, const P2pImage *in, P2pImage *out)
{
    P2P_NEED(model);
    P2P_NEED_PICTURE(in);
    P2P_NEED_OUT(in, out);

    P2pImage prepared = {0};
    int err = p2p_model_prepare(model, in, P2P_MODEL_INPUT, &prepared);

    if (!err) {
        p2p_device_enter(model->device);
        err = p2p_device_leave(model->device, run(model, &prepared, out));
    }
    if (!err && p2p_model_carries_alpha(model, in->channels) &&
        (err = carry_alpha(model, in, out)) < 0)
        p2p_image_finish(out);
    if (!err && model->keep_profile && (err = carry_profile(in, out)) < 0)
        p2p_image_finish(out);
    p2p_image_finish(&prepared);
    return err;
}
