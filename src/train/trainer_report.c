/* SPDX-License-Identifier: BSD-2-Clause */
/* What people look at while a run trains: samples, and the page of the run. */
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/data/classes.h"
#include "src/data/lab.h"
#include "src/train/trainer_parts.h"

/* Of a sample, from left to right; of a model with a way back each way's in turn. */
static void name_pictures(const P2pTrainer *t, const char *names[P2P_GAN_MAX_PICTURES + 1])
{
    static const char *const one_way[] = {"input", "output", "target"};
    static const char *const ways[2][4] = {{"real_A", "fake_B", "rec_A", "idt_B"},
                                           {"real_B", "fake_A", "rec_B", "idt_A"}};
    const int count = t->gan->picture_count, each = count / 2;
    const bool one = count == (int)P2P_COUNT(one_way);

    for (int i = 0; i < count; i++)
        names[i] = one ? one_way[i] : i / each < 2 && i % each < 4 ? ways[i / each][i % each] : "";
    names[count] = NULL;
}

/* ---- Samples ------------------------------------------------------------------------------- */

/* Picture i as the averaged generators make it of another, in place of the last step's. */
static int make_picture(P2pTrainer *t, int i, float *const *floats, P2pTensor *shape)
{
    const P2pGanPicture *p = &t->gan->picture[i];
    const P2pForward *f;
    const int err = p2p_generators_run(t->generators, p->made_by->role.back, floats[p->of],
                                       shape->w, shape->h, &f);

    if (!err)
        memcpy(floats[i], f->out, p2p_tensor_elements(&f->y) * sizeof(**floats));
    return err;
}

static int read_pictures(P2pTrainer *t, float **floats, P2pImage *images)
{
    int err = P2P_OK;

    for (int i = 0; !err && i < t->gan->picture_count; i++) {
        const P2pGanPicture *p = &t->gan->picture[i];
        P2pTensor shape;
        err = p2p_gan_picture(t->gan, i, &floats[i], &shape);
        if (!err && p->made_by && t->options.ema_decay > 0)
            err = make_picture(t, i, floats, &shape);
        if (!err)
            err = p2p_image_from_output(&images[i], floats[i], p->lab ? floats[p->of] : NULL,
                                        shape.w, shape.h, shape.c, 8);
    }
    return err;
}

/* The input, a channel for each class, in their colours. */
static int show_labels(const P2pTrainer *t, P2pImage *input)
{
    P2pClasses classes;
    P2pImage shown = {0};
    int err = p2p_classes_init(&classes, t->options.labels, t->options.label_colours);

    if (!err)
        err = p2p_classes_show(&classes, input, &shown);
    p2p_classes_finish(&classes);
    p2p_image_finish(input);
    *input = shown;
    return err;
}

int p2p_trainer_sample(P2pTrainer *t, int epoch)
{
    P2pImage images[P2P_GAN_MAX_PICTURES] = {{0}};
    float *floats[P2P_GAN_MAX_PICTURES] = {NULL};
    const char *names[P2P_GAN_MAX_PICTURES + 1];
    const int count = t->gan->picture_count;

    if (!p2p_trainer_leads(t))
        return P2P_OK;
    int err = read_pictures(t, floats, images);

    name_pictures(t, names);
    if (!err && t->options.labels)
        err = show_labels(t, &images[0]);
    if (!err)
        err = p2p_run_folder_sample(&t->folder, epoch, t->position.step, images, count);
    for (int i = 0; !err && i < count; i++)
        err = p2p_events_image(t->tensorboard, t->position.step, names[i], &images[i]);
    for (int i = 0; i < count; i++) {
        p2p_image_finish(&images[i]);
        free(floats[i]);
    }
    return err;
}

/* ---- The log ------------------------------------------------------------------------------- */

int p2p_trainer_log(P2pTrainer *t, const P2pTrainProgress *p)
{
    const char *names[P2P_GAN_MAX_LOSSES + 2];
    double values[P2P_GAN_MAX_LOSSES + 2];
    const int n = p->loss_count, err = p2p_run_folder_log(&t->folder, p);

    for (int i = 0; i < n; i++) {
        names[i] = p->loss_names[i];
        values[i] = (double)p->losses[i];
    }
    names[n] = "lr";
    values[n] = p->lr;
    names[n + 1] = "seconds_per_step";
    values[n + 1] = p->seconds_per_step;
    return err ? err : p2p_events_scalars(t->tensorboard, p->step, names, values, n + 2);
}

int p2p_trainer_log_validation(P2pTrainer *t, const P2pTrainValidation *v)
{
    static const char *const names[] = {"val_L1", "val_PSNR", "val_SSIM"};
    const double values[] = {v->metrics.l1, v->metrics.psnr, v->metrics.ssim};
    const int err = p2p_run_folder_log_validation(&t->folder, v);

    return err ? err
               : p2p_events_scalars(t->tensorboard, v->step, names, values, (int)P2P_COUNT(names));
}

/* A table, as Markdown has it. */
static char *put_options(const P2pOptions *o)
{
    const P2pOptionInfo *info;
    char value[P2P_OPTION_TEXT], shown[P2P_OPTION_TEXT];
    char *text = p2p_strdup("| option | value |\n|---|---|\n");

    for (int i = 0; text && (info = p2p_options_stored(o, P2P_ROLE_ANY, i, value, sizeof(value)));
         i++) {
        char *before = text;
        p2p_show(shown, sizeof(shown), value);
        for (char *at = shown; *at; at++)
            if (strchr("|`<>", *at))
                *at = '_'; /* they would end the cell */
        text = p2p_format("%s| %s | %s |\n", before, info->name, shown);
        free(before);
    }
    return text;
}

int p2p_trainer_open_reports(P2pTrainer *t)
{
    if (!t->options.tensorboard || t->tensorboard || !p2p_trainer_leads(t))
        return P2P_OK;
    char *folder = p2p_path_join(t->folder.path, "tensorboard"), *text = put_options(&t->options);
    int err =
        folder && text ? p2p_events_open(&t->tensorboard, folder, t->position.step) : P2P_ENOMEM;

    if (!err)
        err = p2p_events_text(t->tensorboard, t->position.step, "options", text);
    free(folder);
    free(text);
    return err;
}

/* ---- The page ------------------------------------------------------------------------------ */

int p2p_trainer_page(P2pTrainer *t, bool live)
{
    const P2pOptions *o = &t->options;
    const long epoch_steps = (long)p2p_loader_batches(t->loader) / o->accumulate;
    const long last = (long)(o->n_epochs + o->n_epochs_decay) * epoch_steps;
    const char *names[P2P_GAN_MAX_PICTURES + 1];
    P2pRunFacts facts = {.folder = t->folder.path,
                         .log = t->folder.log,
                         .samples = t->folder.samples,
                         .options = o,
                         .device = p2p_device_caps(t->device),
                         .step = t->position.step,
                         .last_step = o->max_steps && o->max_steps < last ? o->max_steps : last,
                         .epoch_steps = epoch_steps,
                         .pictures = names,
                         .live = live};

    if (o->no_html || !p2p_trainer_leads(t))
        return P2P_OK;
    name_pictures(t, names);
    p2p_trainer_memory(t, &facts.network_bytes, &facts.plan_bytes);
    return p2p_run_page_write(&t->log, &facts);
}

int p2p_trainer_show_step(P2pTrainer *t)
{
    const P2pOptions *o = &t->options;
    const long step = t->position.step;
    const bool sample = o->display_freq && step % o->display_freq == 0;
    int err = sample ? p2p_trainer_sample(t, 0) : P2P_OK;

    if (!err && (sample || (o->update_html_freq && step % o->update_html_freq == 0)))
        err = p2p_trainer_page(t, true);
    return err || !sample ? err : p2p_trainer_meet(t);
}
