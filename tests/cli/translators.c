/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translators in threads give what one alone gives, bit for bit: each thread opens the device and
 * the model for itself and translates the pictures in an order of its own. The message of a failure
 * stays in its thread.
 *
 * Usage: translators MODEL PICTURE...
 */
#include <p2p/p2p.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, ROUNDS = 2, PICTURES = 8 };

typedef struct Translator {
    pthread_t thread;
    const char *model;
    P2pImage *inputs;
    int count, first;
    P2pImage outputs[PICTURES];
    char error[1024]; /* empty: all went well */
} Translator;

static int translate_all(Translator *t, P2pModel *model)
{
    int err = P2P_OK;

    for (int i = 0; !err && i < ROUNDS * t->count; i++) {
        const int k = (t->first + i) % t->count;
        p2p_image_finish(&t->outputs[k]);
        err = p2p_model_translate(model, &t->inputs[k], &t->outputs[k]);
    }
    return err;
}

/* A failure with a message of this thread's own, which must be here still. */
static void fail_once(Translator *t, P2pDevice *device)
{
    char path[32];
    P2pModel *model = NULL;

    snprintf(path, sizeof(path), "missing-%d.safetensors", t->first);
    if (p2p_model_open(&model, device, path, NULL) == P2P_OK || !strstr(p2p_error(), path))
        snprintf(t->error, sizeof(t->error), "%s gave: %.900s", path, p2p_error());
    p2p_model_close(&model);
}

static void *work(void *user)
{
    Translator *t = user;
    const P2pDeviceSettings settings = {.device = "cpu"};
    const P2pModelSettings how = {.no_dropout = true};
    P2pDevice *device = NULL;
    P2pModel *model = NULL;
    int err = p2p_device_open(&device, &settings);

    if (!err)
        err = p2p_model_open(&model, device, t->model, &how);
    if (!err)
        err = translate_all(t, model);
    if (err)
        snprintf(t->error, sizeof(t->error), "%s", p2p_error());
    else
        fail_once(t, device);
    p2p_model_close(&model);
    p2p_device_close(&device);
    return NULL;
}

/* How many outputs of b differ from a's. */
static int differing(const Translator *a, const Translator *b)
{
    int count = 0;

    for (int i = 0; i < a->count; i++)
        count +=
            !b->outputs[i].data || !a->outputs[i].data ||
            p2p_image_bytes(&a->outputs[i]) != p2p_image_bytes(&b->outputs[i]) ||
            memcmp(a->outputs[i].data, b->outputs[i].data, p2p_image_bytes(&a->outputs[i])) != 0;
    return count;
}

int main(int argc, char **argv)
{
    P2pImage inputs[PICTURES] = {{0}};
    Translator all[THREADS + 1] = {{0}}; /* the first runs alone */
    const int count = argc - 2;
    int failed = 0;

    if (count < 1 || count > PICTURES)
        return 2;
    for (int i = 0; i < count; i++)
        if (p2p_image_read(&inputs[i], argv[2 + i], 0) < 0)
            return fprintf(stderr, "translators: %s\n", p2p_error()), 2;
    for (int k = 0; k <= THREADS; k++)
        all[k] = (Translator){.model = argv[1], .inputs = inputs, .count = count, .first = k};
    work(&all[0]);
    for (int k = 1; k <= THREADS; k++)
        if (pthread_create(&all[k].thread, NULL, work, &all[k]) != 0)
            return fprintf(stderr, "translators: no thread\n"), 2;
    for (int k = 1; k <= THREADS; k++)
        pthread_join(all[k].thread, NULL);
    for (int k = 0; k <= THREADS; k++) {
        const int other = differing(&all[0], &all[k]);
        printf("thread %d: %d of %d pictures differ%s%s\n", k, other, count,
               all[k].error[0] ? "; " : "", all[k].error);
        failed += other || all[k].error[0];
    }
    for (int i = 0; i < count; i++) {
        p2p_image_finish(&inputs[i]);
        for (int k = 0; k <= THREADS; k++)
            p2p_image_finish(&all[k].outputs[i]);
    }
    return failed != 0;
}
