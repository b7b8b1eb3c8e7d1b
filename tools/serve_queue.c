/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures in the order of their arrival, and the threads that make them. Knows HTTP's status codes,
 * not how they travel.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "serve.h"

struct ServeQueue {
    size_t max_pixels, most;
    int quality;
    bool no_exif;
    pthread_t *threads;
    size_t thread_count;

    pthread_mutex_t lock; /* over all below */
    pthread_cond_t changed;
    ServeJob *first, **last;
    size_t length; /* that wait */
    bool ending, broken;
};

/* A client that only closed its own direction counts as gone too: none that speaks HTTP does. */
static bool is_gone(int socket)
{
    char byte;
    const ssize_t n = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static int code_of(int err)
{
    switch (err) {
    case P2P_EFORMAT:
    case P2P_EINVAL:
        return SERVE_BAD;
    case P2P_ENOMEM:
    case P2P_EDEVMEM:
        return SERVE_FULL;
    default:
        return SERVE_BROKEN;
    }
}

static int read_input(const ServeQueue *q, const ServeJob *job, P2pImage *in)
{
    const int err =
        p2p_image_read_memory(in, job->body, job->body_bytes, "the picture", q->max_pixels);

    return err || q->no_exif ? err : p2p_image_upright(in);
}

static int read_sample(const ServeJob *job, P2pImage *out)
{
    P2pImage target = {0};
    const int err = p2p_dataset_read(job->model->samples, job->sample, out, &target);

    p2p_image_finish(&target);
    return err;
}

/* The picture of a job; -1: its client went away. */
static int make(const ServeQueue *q, ServeJob *job)
{
    P2pImage in = {0}, out = {0};
    const double begin = serve_now();
    int err = job->body ? read_input(q, job, &in) : read_sample(job, &out);
    const double read = serve_now();
    bool gone = false;

    if (!err && job->body && !(gone = is_gone(job->socket)))
        err = p2p_model_translate(job->model->model, &in, &out);
    p2p_image_finish(&in);
    const double run = serve_now();
    if (!err && !gone)
        err = p2p_image_encode(&out, job->format, q->quality, &job->out, &job->out_bytes);
    p2p_image_finish(&out);
    job->read_s = read - begin;
    job->run_s = run - read;
    job->write_s = serve_now() - run;
    job->code = gone ? SERVE_GONE : err ? code_of(err) : SERVE_DONE;
    if (err)
        snprintf(job->message, sizeof(job->message), "%.500s", p2p_error());
    return err;
}

/* Called and returns locked. */
static ServeJob *take(ServeQueue *q)
{
    while (!q->first && !q->ending)
        pthread_cond_wait(&q->changed, &q->lock);
    ServeJob *job = q->first;
    if (job) {
        if (!(q->first = job->next))
            q->last = &q->first;
        q->length--;
    }
    return job;
}

static void *work(void *user)
{
    ServeQueue *q = user;
    ServeJob *job;

    pthread_mutex_lock(&q->lock);
    while ((job = take(q))) {
        pthread_mutex_unlock(&q->lock);
        int err = P2P_OK;
        if (is_gone(job->socket))
            job->code = SERVE_GONE;
        else
            err = make(q, job);
        job->done(job);
        pthread_mutex_lock(&q->lock);
        q->broken |= err == P2P_EDEVICE || err == P2P_ETIMEOUT;
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

int serve_queue_create(ServeQueue **out, const P2pOptions *o)
{
    const size_t threads = (size_t)p2p_threads(cli_int(o, "num_threads")) + 1;
    ServeQueue *q = *out = calloc(1, sizeof(*q));

    if (!q || !(q->threads = calloc(threads, sizeof(*q->threads)))) {
        free(q);
        *out = NULL;
        return P2P_ENOMEM;
    }
    q->max_pixels = cli_size(o, "max_pixels");
    q->most = cli_size(o, "queue");
    q->quality = cli_int(o, "quality");
    q->no_exif = cli_flag(o, "no_exif");
    q->last = &q->first;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    while (q->thread_count < threads &&
           pthread_create(&q->threads[q->thread_count], NULL, work, q) == 0)
        q->thread_count++;
    if (q->thread_count)
        return P2P_OK;
    serve_queue_destroy(out);
    return P2P_ENOMEM;
}

void serve_queue_end(ServeQueue *q)
{
    pthread_mutex_lock(&q->lock);
    q->ending = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    for (; q->thread_count; q->thread_count--)
        pthread_join(q->threads[q->thread_count - 1], NULL);
}

void serve_queue_destroy(ServeQueue **queue)
{
    ServeQueue *q = *queue;

    if (!q)
        return;
    serve_queue_end(q);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q->threads);
    free(q);
    *queue = NULL;
}

bool serve_queue_add(ServeQueue *q, ServeJob *job)
{
    pthread_mutex_lock(&q->lock);
    const bool room = q->length < q->most && !q->ending;
    if (room) {
        job->next = NULL;
        *q->last = job;
        q->last = &job->next;
        q->length++;
        pthread_cond_signal(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    return room;
}

size_t serve_queue_length(ServeQueue *q)
{
    pthread_mutex_lock(&q->lock);
    const size_t length = q->length;
    pthread_mutex_unlock(&q->lock);
    return length;
}

bool serve_queue_is_broken(ServeQueue *q)
{
    pthread_mutex_lock(&q->lock);
    const bool broken = q->broken;
    pthread_mutex_unlock(&q->lock);
    return broken;
}
