/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many pictures through p2p_model_translate_all(): each gives what it gives alone, bit for bit and in
 * order, whatever the threads; failures stay with their picture; reading goes on beside, bounded.
 *
 * Usage: stream MODEL PICTURE...        (at least three pictures)
 */
#include <p2p/p2p.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COUNT = 24, NONE = -1, PATIENCE_MS = 20000 };

static char **paths;
static int path_count;
static P2pImage *expected;
static int failed;

/* What one run does, and what was seen of it. */
typedef struct Run {
    int threads;
    int bad_read, bad_next, stop_at; /* indices, or NONE */
    bool meet;                       /* the first is read while the second is */
    atomic_int begun, reading, most_reading, open, most_open;
    size_t told;
    bool in_order, equal, named;
} Run;

static void check(const char *name, int threads, int good)
{
    printf("%-7s %s, %d threads\n", good ? "ok" : "FAILED", name, threads);
    failed += !good;
}

static void raise_to(atomic_int *most, int value)
{
    int old = atomic_load(most);

    while (old < value && !atomic_compare_exchange_weak(most, &old, value))
        ;
}

static int fail(void)
{
    P2pImage image;

    return p2p_image_read(&image, "no-such-picture.png", 0);
}

static int next(void *user, P2pTranslation *picture)
{
    Run *r = user;

    if ((int)picture->index == r->bad_next)
        return fail();
    if (picture->index >= COUNT)
        return 0;
    raise_to(&r->most_open, 1 + atomic_fetch_add(&r->open, 1));
    return 1;
}

static int read_picture(void *user, P2pTranslation *picture)
{
    Run *r = user;
    const struct timespec nap = {.tv_nsec = 1000000};

    atomic_fetch_add(&r->begun, 1);
    raise_to(&r->most_reading, 1 + atomic_fetch_add(&r->reading, 1));
    for (int i = 0; r->meet && atomic_load(&r->begun) < 2 && i < PATIENCE_MS; i++)
        nanosleep(&nap, NULL);
    if ((int)picture->index == r->bad_read) {
        atomic_fetch_sub(&r->reading, 1);
        return fail();
    }
    return p2p_image_read(&picture->in, paths[picture->index % (size_t)path_count], 0);
}

static int write_picture(void *user, P2pTranslation *picture)
{
    Run *r = user;

    atomic_fetch_sub(&r->reading, 1);
    picture->bytes = p2p_image_bytes(&picture->out);
    if (!(picture->data = malloc(picture->bytes)))
        abort();
    memcpy(picture->data, picture->out.data, picture->bytes);
    return 0;
}

static int done(void *user, P2pTranslation *picture)
{
    Run *r = user;
    const P2pImage *wanted = &expected[picture->index % (size_t)path_count];
    const bool bad = (int)picture->index == r->bad_read || (int)picture->index == r->bad_next;

    r->in_order &= picture->index == r->told++;
    atomic_fetch_sub(&r->open, 1);
    if (bad)
        r->named &= picture->status == P2P_EIO && strstr(p2p_error(), "no-such-picture") != NULL;
    else
        r->equal &= !picture->status && picture->bytes == p2p_image_bytes(wanted) &&
                    !memcmp(picture->data, wanted->data, picture->bytes);
    return (int)picture->index == r->stop_at ? 77 : 0;
}

static int run(P2pModel *model, Run *r)
{
    static const P2pTranslateCalls calls = {next, read_picture, write_picture, done};

    r->in_order = r->equal = r->named = true;
    return p2p_model_translate_all(model, &calls, r->threads, r);
}

static void check_threads(P2pModel *model, int threads)
{
    Run whole = {threads, NONE, NONE, NONE, .meet = threads > 0};
    Run skip = {threads, 5, NONE, NONE}, end = {threads, NONE, 7, NONE};
    Run stop = {threads, NONE, NONE, 6};

    check("all pictures", threads, run(model, &whole) == 0 && whole.told == COUNT);
    check("each what it is alone", threads, whole.equal);
    check("in order", threads, whole.in_order);
    check("reading goes on beside", threads, !threads || whole.most_reading >= 2);
    check("within bounds", threads,
          whole.most_reading <= threads + 1 && whole.most_open <= 2 * (threads + 1));
    check("a bad one is told in its turn", threads,
          run(model, &skip) == 0 && skip.told == COUNT && skip.in_order && skip.named);
    check("the others are good", threads, skip.equal);
    check("a source that fails ends it behind all before", threads,
          run(model, &end) == 0 && end.told == 8 && end.in_order && end.named && end.equal);
    check("whoever is told may end it", threads,
          run(model, &stop) == 77 && stop.told == 7 && stop.in_order && stop.equal);
}

int main(int argc, char **argv)
{
    static const int threads[] = {0, 1, 2, 5};
    P2pDevice *device = NULL;
    P2pModel *model = NULL;

    if (argc < 5)
        return 2;
    paths = argv + 2;
    path_count = argc - 2;
    expected = calloc((size_t)path_count, sizeof(*expected));
    int err = p2p_device_open(&device, &(P2pDeviceSettings){.device = "cpu"});
    if (!err)
        err = p2p_model_open(&model, device, argv[1], NULL);
    for (int i = 0; !err && i < path_count; i++) {
        P2pImage in = {0};
        err = p2p_image_read(&in, paths[i], 0);
        if (!err)
            err = p2p_model_translate(model, &in, &expected[i]);
        p2p_image_finish(&in);
    }
    if (err)
        return fprintf(stderr, "stream: %s\n", p2p_error()), 2;
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        check_threads(model, threads[i]);
    p2p_model_close(&model);
    p2p_device_close(&device);
    for (int i = 0; i < path_count; i++)
        p2p_image_finish(&expected[i]);
    free(expected);
    printf("%s\n", failed ? "FAILED" : "all passed");
    return failed != 0;
}
