/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One device for two models in two threads, one model for pictures of many sizes: each gives what a
 * model of its own for each size gives, bit for bit; no size that is in use is planned twice.
 *
 * Usage: sharing MODEL PICTURE          (the model takes sides that are multiples of 32)
 */
#include <p2p/p2p.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, SIZES = 6, IN_TURN = 3, ROUNDS = 3 };

static const int sizes[SIZES][2] = {{64, 64}, {96, 64}, {64, 96}, {128, 64}, {32, 32}, {160, 32}};
static P2pImage inputs[SIZES], expected[SIZES];
static const char *model_path;
static atomic_int plans; /* made so far, by the log */
static int failed;

static void count_plans(void *user, P2pLogLevel level, const char *text)
{
    (void)user;
    (void)level;
    if (!strncmp(text, "plan: ", 6))
        atomic_fetch_add(&plans, 1);
}

static void check(const char *name, int good)
{
    printf("%-7s %s%s%s\n", good ? "ok" : "FAILED", name, good ? "" : ": ",
           good ? "" : p2p_error());
    failed += !good;
}

static P2pDevice *open_device(size_t memory_bytes)
{
    static const P2pLog log = {.write = count_plans, .level = P2P_LOG_DEBUG};
    P2pDevice *device = NULL;

    if (p2p_device_open(
            &device,
            &(P2pDeviceSettings){.device = "cpu", .log = &log, .memory_bytes = memory_bytes}) < 0)
        fprintf(stderr, "sharing: %s\n", p2p_error()), exit(2);
    return device;
}

static P2pModel *open_model(P2pDevice *device)
{
    P2pModel *model = NULL;

    if (p2p_model_open(&model, device, model_path, NULL) < 0)
        fprintf(stderr, "sharing: %s\n", p2p_error()), exit(2);
    return model;
}

/* Whether the model gives what is expected of input i. */
static int gives(P2pModel *model, int i)
{
    P2pImage out = {0};
    const int good = p2p_model_translate(model, &inputs[i], &out) == P2P_OK &&
                     p2p_image_bytes(&out) == p2p_image_bytes(&expected[i]) &&
                     !memcmp(out.data, expected[i].data, p2p_image_bytes(&out));

    p2p_image_finish(&out);
    return good;
}

/* `count` sizes in turn, several times. */
static int gives_in_turn(P2pModel *model, int count)
{
    int good = 1;

    for (int i = 0; i < ROUNDS * count; i++)
        good &= gives(model, i % count);
    return good;
}

/* What each size gives when nothing is shared. */
static void expect(const P2pImage *picture)
{
    for (int i = 0; i < SIZES; i++) {
        P2pDevice *device = open_device(0);
        P2pModel *model = open_model(device);
        if (p2p_image_resize(picture, sizes[i][0], sizes[i][1], P2P_FILTER_BICUBIC, &inputs[i]) <
                0 ||
            p2p_model_translate(model, &inputs[i], &expected[i]) < 0)
            fprintf(stderr, "sharing: %s\n", p2p_error()), exit(2);
        p2p_model_close(&model);
        p2p_device_close(&device);
    }
}

/* A thread with a model of its own on the device of all. */
typedef struct Worker {
    pthread_t thread;
    P2pDevice *device;
    int good;
} Worker;

static void *work(void *user)
{
    Worker *w = user;
    P2pModel *model = open_model(w->device);

    w->good = gives_in_turn(model, IN_TURN);
    p2p_model_close(&model);
    return NULL;
}

static void share_device(void)
{
    P2pDevice *device = open_device(0);
    Worker workers[THREADS];
    int good = 1;

    for (int k = 0; k < THREADS; k++) {
        workers[k].device = device;
        if (pthread_create(&workers[k].thread, NULL, work, &workers[k]) != 0)
            fprintf(stderr, "sharing: no thread\n"), exit(2);
    }
    for (int k = 0; k < THREADS; k++) {
        pthread_join(workers[k].thread, NULL);
        good &= workers[k].good;
    }
    check("two models on one device in two threads", good);
    p2p_device_close(&device);
}

static void share_model(void)
{
    P2pDevice *device = open_device(0);
    P2pModel *model = open_model(device);

    atomic_store(&plans, 0);
    check("one model, sizes in turn", gives_in_turn(model, IN_TURN));
    check("one plan a size", atomic_load(&plans) == IN_TURN);
    check("one model, more sizes than it keeps", gives_in_turn(model, SIZES));
    p2p_model_close(&model);
    p2p_device_close(&device);
}

/* Whether the device has room for the model and the plan of any one of the sizes in turn. */
static int has_room(size_t memory_bytes)
{
    P2pDevice *device = open_device(memory_bytes);
    int good = 1;

    for (int i = 0; good && i < IN_TURN; i++) {
        P2pModel *model = NULL;
        good = p2p_model_open(&model, device, model_path, NULL) == P2P_OK && gives(model, i);
        p2p_model_close(&model);
    }
    p2p_device_close(&device);
    return good;
}

/* Room for hardly more than one size beside the weights: plans that wait make room. */
static void share_little(void)
{
    size_t memory_bytes = 1 << 18;

    while (!has_room(memory_bytes))
        memory_bytes += memory_bytes / 16;
    P2pDevice *device = open_device(memory_bytes);
    P2pModel *model = open_model(device);
    atomic_store(&plans, 0);
    check("little memory, sizes in turn", gives_in_turn(model, IN_TURN));
    check("little memory, a plan at a time", atomic_load(&plans) >= ROUNDS * IN_TURN);
    p2p_model_close(&model);
    p2p_device_close(&device);
}

int main(int argc, char **argv)
{
    P2pImage picture;

    if (argc != 3)
        return 2;
    model_path = argv[1];
    if (p2p_image_read(&picture, argv[2], 0) < 0)
        return fprintf(stderr, "sharing: %s\n", p2p_error()), 2;
    expect(&picture);
    share_device();
    share_model();
    share_little();
    p2p_image_finish(&picture);
    for (int i = 0; i < SIZES; i++) {
        p2p_image_finish(&inputs[i]);
        p2p_image_finish(&expected[i]);
    }
    printf("%s\n", failed ? "FAILED" : "all passed");
    return failed != 0;
}
