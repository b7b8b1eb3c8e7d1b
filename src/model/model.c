/* SPDX-License-Identifier: BSD-2-Clause */
/* Translating pictures with the generator of a model file. Trains nothing. */
#include "p2p/model.h"

#include <stdio.h>
#include <string.h>

#include "p2p/data.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/graph/apply.h"
#include "src/model/checkpoint.h"

/** The plan for one size of picture. */
typedef struct Forward {
    P2pPlan *plan;
    P2pApply *apply;
    int input, output, hyper;
    int width, height;
    float *in, *out; /* dense NHWC */
} Forward;

struct P2pModel {
    P2pDevice *device;
    P2pOptions options;
    P2pModelSettings settings;
    char *variants, *refs;
    P2pNet *net;
    Forward forward;
};

static void forward_finish(Forward *f)
{
    p2p_apply_destroy(&f->apply);
    p2p_plan_destroy(&f->plan);
    free(f->in);
    free(f->out);
    *f = (Forward){0};
}

int p2p_model_open(P2pModel **out, P2pDevice *device, const char *path,
                   const P2pModelSettings *settings)
{
    P2pModel *m = *out = p2p_alloc(1, sizeof(*m));
    P2pTensorFile *file = NULL;
    P2pGraph *graph = NULL;
    int err;

    if (!m)
        return P2P_ENOMEM;
    m->device = device;
    m->settings = settings ? *settings : (P2pModelSettings){0};
    m->variants = p2p_strdup(m->settings.variants ? m->settings.variants : "");
    m->refs = p2p_strdup(m->settings.refs ? m->settings.refs : "");
    p2p_options_init(&m->options);
    err = m->variants && m->refs ? P2P_OK : P2P_ENOMEM;
    if (!err)
        err = p2p_checkpoint_open(&file, path, &m->options, NULL, false);
    const P2pNetSpec spec = p2p_generator_spec(&m->options);
    if (!err)
        err = p2p_nets_build(&graph, &spec);
    if (!err)
        err = p2p_net_create(&m->net, device, graph, "G", false);
    if (!err)
        err = p2p_checkpoint_load(file, m->net);
    p2p_tensor_file_close(&file);
    if (err)
        p2p_model_close(out);
    return err;
}

void p2p_model_close(P2pModel **model)
{
    P2pModel *m = *model;

    if (!m)
        return;
    forward_finish(&m->forward);
    p2p_net_destroy(&m->net);
    free(m->variants);
    free(m->refs);
    free(m);
    *model = NULL;
}

const P2pOptions *p2p_model_options(const P2pModel *model)
{
    return &model->options;
}

int p2p_model_prepare(const P2pModel *model, const P2pImage *in, int channels, P2pImage *out)
{
    const P2pOptions *o = &model->options;
    const P2pJitterSettings settings = {.preprocess = (P2pPreprocess)o->preprocess,
                                        .load_size = o->load_size, .crop_size = o->crop_size,
                                        .multiple = model->net->graph->multiple, .no_flip = true};
    P2pImage converted = {0};
    P2pJitter jitter;
    int err;

    if ((err = p2p_jitter_fix(&jitter, &settings, in->width, in->height)) < 0 ||
        (err = p2p_image_convert_channels(in, channels, &converted)) < 0)
        return err;
    err = p2p_jitter_apply(&jitter, &converted, out);
    p2p_image_finish(&converted);
    return err;
}

static int forward_init(P2pModel *m, int width, int height)
{
    Forward *f = &m->forward;
    const P2pChoice choice = {.variants = m->variants, .refs = m->refs};
    const P2pMode mode = {.running = m->settings.eval, .per_picture = true,
                          .dropout = !m->settings.eval && !m->settings.no_dropout &&
                                     !m->options.no_dropout};
    const size_t pixels = (size_t)width * (size_t)height;
    uint32_t hyper[P2P_HYPER_WORDS] = {0};
    int err;

    forward_finish(f);
    f->width = width;
    f->height = height;
    f->in = p2p_alloc(pixels * (size_t)m->options.input_nc, sizeof(float));
    f->out = p2p_alloc(pixels * (size_t)m->options.output_nc, sizeof(float));
    if (!f->in || !f->out)
        return P2P_ENOMEM;
    if ((err = p2p_plan_create(&f->plan, m->device, &choice)) < 0)
        return err;
    f->hyper = p2p_plan_keep(f->plan, p2p_tensor_vector(P2P_HYPER_WORDS));
    f->input = p2p_plan_keep(f->plan, p2p_tensor_nhwc(1, height, width, m->options.input_nc));
    if ((err = p2p_apply_forward(&f->apply, f->plan, m->net, f->input, f->hyper, &mode, true)) < 0)
        return err;
    f->output = p2p_apply_output(f->apply);
    if ((err = p2p_plan_finish(f->plan)) < 0)
        return err;
    hyper[P2P_HYPER_SEED] = m->settings.seed & 0x3fffffffu;
    return p2p_buffer_write(p2p_plan_get(f->plan, f->hyper)->buffer, 0, sizeof(hyper), hyper);
}

static int run(P2pModel *m, const P2pImage *prepared, P2pImage *out)
{
    Forward *f = &m->forward;
    const P2pTensor *x = p2p_plan_get(f->plan, f->input), *y = p2p_plan_get(f->plan, f->output);
    int err;

    p2p_image_to_floats(prepared, f->in);
    if ((err = p2p_buffer_write(x->buffer, 0, p2p_tensor_elements(x) * sizeof(float), f->in)) < 0 ||
        (err = p2p_plan_run(f->plan)) < 0 ||
        (err = p2p_buffer_read(y->buffer, 0, p2p_tensor_elements(y) * sizeof(float), f->out)) < 0)
        return err;
    return p2p_image_from_floats(out, f->out, y->w, y->h, y->c, 8);
}

int p2p_model_translate(P2pModel *model, const P2pImage *in, P2pImage *out)
{
    P2pImage prepared = {0};
    int err = p2p_model_prepare(model, in, model->options.input_nc, &prepared);

    if (!err && (model->forward.width != prepared.width || model->forward.height != prepared.height))
        if ((err = forward_init(model, prepared.width, prepared.height)) < 0)
            forward_finish(&model->forward);
    if (!err)
        err = run(model, &prepared, out);
    p2p_image_finish(&prepared);
    return err;
}

/* ---- Description --------------------------------------------------------------------------- */

static int describe_net(const P2pNetSpec *spec, const char *title, char *text, size_t bytes)
{
    P2pGraph *g;
    const int err = p2p_nets_build(&g, spec);

    if (err)
        return err;
    const size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s: %s, %d -> %d channels, %zu parameters in %d tensors\n",
             title, spec->name, spec->input_nc, g->values[g->output].c, p2p_graph_trained(g),
             g->param_count);
    p2p_graph_destroy(&g);
    return P2P_OK;
}

int p2p_model_describe(const char *path, char **text)
{
    enum { BYTES = 16384 };
    P2pOptions options;
    P2pPosition position;
    P2pTensorFile *file;
    char value[P2P_OPTION_TEXT];
    const char *name;
    int err;

    *text = NULL;
    p2p_options_init(&options);
    if ((err = p2p_checkpoint_open(&file, path, &options, &position, true)) < 0)
        return err;
    p2p_tensor_file_close(&file);
    const P2pNetSpec g = p2p_generator_spec(&options), d = p2p_discriminator_spec(&options);
    if (!(*text = p2p_alloc(BYTES, 1)))
        return P2P_ENOMEM;
    snprintf(*text, BYTES, "%s: checkpoint of pix2pix-cl after %ld steps (epoch %d, batch %ld)\n",
             path, position.step, position.epoch + 1, position.batch);
    if ((err = describe_net(&g, "G", *text, BYTES)) < 0 ||
        (options.lambda_GAN > 0 && (err = describe_net(&d, "D", *text, BYTES)) < 0)) {
        free(*text);
        *text = NULL;
        return err;
    }
    for (int i = 0; p2p_options_stored(&options, i, &name, value, sizeof(value)); i++) {
        const size_t used = strlen(*text);
        snprintf(*text + used, BYTES - used, "  --%s %s\n", name, value);
    }
    return P2P_OK;
}
