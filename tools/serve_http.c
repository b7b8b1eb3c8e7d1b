/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests and answers, over libmicrohttpd: one thread moves bytes, pictures are made by the queue's
 * threads while their connection is suspended. No text from a client names a file.
 */
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "serve.h"

enum {
    CONNECTIONS = 128,
    HEADER_BYTES = 32768,
    FIRST_BYTES = 65536, /* of a body; doubled as it grows */
    LAST_ANSWERS_MS = 3000,
};

struct ServeServer {
    ServeSettings s;
    struct MHD_Daemon *daemon;
    int quiet_socket;  /* after serve_quiesce() */
    size_t body_bytes; /* of all requests; the daemon's thread alone */
    pthread_mutex_t lock;
    size_t active; /* requests */
    atomic_bool stopping;
};

typedef struct Request {
    ServeServer *server;
    struct MHD_Connection *connection;
    char address[64], method[8], uri[160]; /* for the log; cut */
    double began, arrived;                 /* the request; its body */
    bool seen, too_large, queued;
    size_t room; /* of the body */
    unsigned char *body;
    ServeJob job;
    int code;
    size_t sent;
} Request;

/* ---- Answers ------------------------------------------------------------------------------- */

/* The page may load and call what comes from here alone, and nobody else may show or read it. */
static const struct {
    const char *name, *value;
} guards[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(self), microphone=(), geolocation=()"},
    {"Cache-Control", "no-store"},
};

static enum MHD_Result answer(Request *r, int code, struct MHD_Response *response, size_t bytes,
                              const char *type)
{
    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
        MHD_add_response_header(response, guards[i].name, guards[i].value);
    MHD_add_response_header(response, "Content-Type", type);
    if (code == SERVE_FULL)
        MHD_add_response_header(response, "Retry-After", "1");
    if (code == SERVE_NO_TOKEN)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (r->server->stopping)
        MHD_add_response_header(response, "Connection", "close");
    const enum MHD_Result result = MHD_queue_response(r->connection, (unsigned)code, response);
    MHD_destroy_response(response);
    r->code = code;
    r->sent = bytes;
    return result;
}

/* A line for people. */
static enum MHD_Result refuse(Request *r, int code, const char *text)
{
    char shown[600], line[640];

    const int n = snprintf(line, sizeof(line), "%s\n", p2p_show(shown, sizeof(shown), text));
    return answer(r, code, MHD_create_response_from_buffer((size_t)n, line, MHD_RESPMEM_MUST_COPY),
                  (size_t)n, "text/plain; charset=utf-8");
}

static enum MHD_Result refuse_method(Request *r, const char *allowed)
{
    const char text[] = "this address takes another method\n";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof(text) - 1, (void *)text, MHD_RESPMEM_MUST_COPY);

    if (response)
        MHD_add_response_header(response, "Allow", allowed);
    return answer(r, SERVE_NO_METHOD, response, sizeof(text) - 1, "text/plain; charset=utf-8");
}

static enum MHD_Result answer_text(Request *r, const ServeText *text)
{
    size_t bytes = 0;
    char *data = text->write(&r->server->s, &bytes);

    if (!data)
        return refuse(r, SERVE_FULL, "out of memory");
    return answer(r, SERVE_DONE,
                  MHD_create_response_from_buffer(bytes, data, MHD_RESPMEM_MUST_FREE), bytes,
                  text->type);
}

/* The picture that the queue made. */
static enum MHD_Result answer_job(Request *r)
{
    ServeJob *job = &r->job;
    char timing[160];

    if (job->code == SERVE_GONE) {
        r->code = SERVE_GONE;
        return MHD_NO;
    }
    if (job->code != SERVE_DONE)
        return refuse(r, job->code, job->message);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(job->out_bytes, job->out, MHD_RESPMEM_MUST_FREE);
    if (!response)
        return MHD_NO;
    job->out = NULL;
    snprintf(timing, sizeof(timing), "read;dur=%.2f, run;dur=%.2f, write;dur=%.2f",
             1e3 * job->read_s, 1e3 * job->run_s, 1e3 * job->write_s);
    MHD_add_response_header(response, "Server-Timing", timing);
    MHD_add_response_header(response, "Vary", "Accept");
    if (job->body)
        serve_metrics_time(r->server->s.metrics, serve_now() - r->arrived);
    return answer(r, SERVE_DONE, response, job->out_bytes, serve_text_type(job->format));
}

/* ---- Requests ------------------------------------------------------------------------------ */

static const char *header(const Request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static const char *argument(const Request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

static const char full[] = "too many pictures wait; come again";

/* From a thread of the queue. */
static void job_done(ServeJob *job)
{
    Request *r = job->user;

    MHD_resume_connection(r->connection);
}

static enum MHD_Result add_job(Request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    r->job.socket = info ? info->connect_fd : -1;
    r->job.done = job_done;
    r->job.user = r;
    r->queued = true;
    MHD_suspend_connection(r->connection);
    if (!serve_queue_add(r->server->s.queue, &r->job)) {
        r->job.code = SERVE_FULL;
        snprintf(r->job.message, sizeof(r->job.message), "%s", full);
        MHD_resume_connection(r->connection);
    }
    return MHD_YES;
}

/* The model that is asked for, else the first. */
static bool find_model(Request *r)
{
    const ServeSettings *s = &r->server->s;
    const char *name = argument(r, "model");

    for (size_t i = 0; i < s->model_count; i++)
        if (!name || strcmp(name, s->models[i].name) == 0) {
            r->job.model = &s->models[i];
            return true;
        }
    return false;
}

static bool keep(Request *r, const char *data, size_t bytes)
{
    ServeServer *server = r->server;
    const size_t most = cli_size(server->s.options, "max_body") << 20;
    const size_t all = most * (cli_size(server->s.options, "queue") + 2);

    if (bytes > most - r->job.body_bytes || bytes > all - server->body_bytes)
        return false;
    if (r->job.body_bytes + bytes > r->room) {
        size_t room = r->room ? 2 * r->room : FIRST_BYTES;
        while (room < r->job.body_bytes + bytes)
            room *= 2;
        unsigned char *more = realloc(r->body, room);
        if (!more)
            return false;
        r->body = more;
        r->room = room;
    }
    memcpy(r->body + r->job.body_bytes, data, bytes);
    r->job.body_bytes += bytes;
    server->body_bytes += bytes;
    return true;
}

/* A piece of the body. What is too much is read and forgotten, so that the client hears why. */
static enum MHD_Result take_piece(Request *r, const char *data, size_t *bytes)
{
    if (serve_now() - r->began > cli_int(r->server->s.options, "timeout")) {
        r->code = SERVE_TOO_SLOW;
        return MHD_NO;
    }
    if (!r->too_large && !keep(r, data, *bytes))
        r->too_large = true;
    *bytes = 0;
    return MHD_YES;
}

/* Before the body: what needs no look at it. MHD_YES with r->code: refused. */
static enum MHD_Result begin_translation(Request *r)
{
    const char *length = header(r, "Content-Length");
    const ServeSettings *s = &r->server->s;

    if (!find_model(r))
        return refuse(r, SERVE_NOT_FOUND, "there is no such model; GET /models lists them");
    if (!serve_text_format(header(r, "Accept"), &r->job.format))
        return refuse(r, SERVE_NOT_ACCEPTED, "answers are image/png, image/jpeg or image/webp");
    if (length && strtoull(length, NULL, 10) > (unsigned long long)cli_size(s->options, "max_body")
                                                   << 20)
        return refuse(r, SERVE_TOO_LARGE, "the picture's file is larger than --max_body");
    if (serve_queue_length(s->queue) >= cli_size(s->options, "queue"))
        return refuse(r, SERVE_FULL, full);
    return MHD_YES;
}

static enum MHD_Result translate(Request *r)
{
    if (r->too_large)
        return refuse(r, SERVE_TOO_LARGE, "the picture's file is larger than --max_body");
    if (!r->job.body_bytes)
        return refuse(r, SERVE_BAD, "a picture's file must come with the request");
    r->job.body = r->body;
    r->arrived = serve_now();
    return add_job(r);
}

static enum MHD_Result show_sample(Request *r)
{
    const char *index = argument(r, "index");
    char more;

    if (!find_model(r) || !r->job.model->samples)
        return refuse(r, SERVE_NOT_FOUND, "there are no samples; p2p-serve --dataroot has some");
    if ((index && sscanf(index, "%9zu%c", &r->job.sample, &more) != 1) ||
        r->job.sample >= p2p_dataset_count(r->job.model->samples))
        return refuse(r, SERVE_NOT_FOUND, "there is no such sample");
    r->job.format = P2P_IMAGE_PNG;
    return add_job(r);
}

static enum MHD_Result tell_health(Request *r)
{
    if (serve_queue_is_broken(r->server->s.queue))
        return refuse(r, SERVE_BROKEN, "the device failed");
    return r->server->stopping ? refuse(r, SERVE_FULL, "stopping") : refuse(r, SERVE_DONE, "ok");
}

/* Pages of others must not call this server by a visitor's browser; the token guards the rest. */
static enum MHD_Result check_client(Request *r, bool guarded)
{
    const char *token = r->server->s.token, *host = header(r, "Host");

    if (!serve_text_is_own(header(r, "Origin"), host))
        return refuse(r, SERVE_FOREIGN, "this page belongs to another server");
    if (!token[0] && !serve_text_is_address(host))
        return refuse(r, SERVE_FOREIGN,
                      "without --token this server is called by its address or localhost");
    if (token[0] && guarded && !serve_text_has_token(header(r, "Authorization"), token))
        return refuse(r, SERVE_NO_TOKEN, "Authorization: Bearer TOKEN is missing or wrong");
    return MHD_YES;
}

static enum MHD_Result get(Request *r, const char *path)
{
    const ServeText *text = NULL;

    for (size_t i = 0; i < serve_text_count; i++)
        if (strcmp(path, serve_texts[i].path) == 0)
            text = &serve_texts[i];
    const bool sample = strcmp(path, "/sample") == 0, health = strcmp(path, "/healthz") == 0;
    const enum MHD_Result checked = check_client(r, sample || (text && text->guarded));
    if (r->code || !checked)
        return checked;
    if (sample)
        return show_sample(r);
    if (health)
        return tell_health(r);
    return text ? answer_text(r, text) : refuse(r, SERVE_NOT_FOUND, "there is nothing here");
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *bytes, void **state)
{
    Request *r = *state;
    const bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    const bool translation = strcmp(path, "/translate") == 0;

    (void)user;
    (void)version;
    if (!r)
        return MHD_NO;
    r->connection = connection;
    if (r->queued) /* the queue is done with it */
        return answer_job(r);
    if (!r->seen) {
        r->seen = true;
        snprintf(r->method, sizeof(r->method), "%s", method);
        if (!translation &&
            (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0))
            return MHD_YES; /* wants to be called again */
        if (!translation || !post)
            return refuse_method(r, translation ? "POST" : "GET, HEAD");
        const enum MHD_Result checked = check_client(r, true);
        return r->code || !checked ? checked : begin_translation(r);
    }
    if (*bytes)
        return take_piece(r, data, bytes);
    return post ? translate(r) : get(r, path);
}

/* ---- Their beginning and end --------------------------------------------------------------- */

static void count_active(ServeServer *server, int change)
{
    pthread_mutex_lock(&server->lock);
    server->active += (size_t)change;
    pthread_mutex_unlock(&server->lock);
}

static void *begin(void *user, const char *uri, struct MHD_Connection *connection)
{
    ServeServer *server = user;
    Request *r = calloc(1, sizeof(*r));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    if (!r)
        return NULL;
    r->server = server;
    r->began = serve_now();
    snprintf(r->uri, sizeof(r->uri), "%s", uri);
    if (!info || getnameinfo(info->client_addr,
                             info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                      : sizeof(struct sockaddr_in),
                             r->address, sizeof(r->address), NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(r->address, sizeof(r->address), "-");
    count_active(server, 1);
    return r;
}

static void write_access(const Request *r)
{
    char date[64];
    const time_t t = time(NULL);
    struct tm local;

    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S%z", localtime_r(&t, &local));
    cli_say(stdout, "%s %s \"%s %s\" %d %zu %.1f ms", r->address, date, r->method, r->uri, r->code,
            r->sent, 1e3 * (serve_now() - r->began));
    fflush(stdout);
}

static void end(void *user, struct MHD_Connection *connection, void **state,
                enum MHD_RequestTerminationCode how)
{
    ServeServer *server = user;
    Request *r = *state;

    (void)connection;
    if (!r)
        return;
    if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK && r->code != SERVE_TOO_SLOW)
        r->code = how == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED ? SERVE_TOO_SLOW : SERVE_GONE;
    serve_metrics_count(server->s.metrics, r->code);
    if (!cli_flag(server->s.options, "quiet"))
        write_access(r);
    server->body_bytes -= r->job.body_bytes;
    free(r->job.out);
    free(r->body);
    free(r);
    *state = NULL;
    count_active(server, -1);
}

ServeServer *serve_start(const char *program, const ServeSettings *settings)
{
    ServeServer *server = calloc(1, sizeof(*server));

    if (!server)
        return NULL;
    server->s = *settings;
    server->quiet_socket = -1;
    pthread_mutex_init(&server->lock, NULL);
    server->daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, server,
        MHD_OPTION_LISTEN_SOCKET, settings->socket, MHD_OPTION_URI_LOG_CALLBACK, begin, server,
        MHD_OPTION_NOTIFY_COMPLETED, end, server, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)cli_int(settings->options, "timeout"),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_END);
    if (server->daemon)
        return server;
    cli_say(stderr, "%s: the HTTP server cannot be started: %s", program, strerror(errno));
    serve_stop(&server);
    return NULL;
}

void serve_quiesce(ServeServer *server)
{
    server->stopping = true;
    server->quiet_socket = MHD_quiesce_daemon(server->daemon);
}

void serve_stop(ServeServer **server)
{
    ServeServer *s = *server;
    bool active = s->daemon != NULL;

    for (int ms = 0; active && ms < LAST_ANSWERS_MS; ms += 10) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        pthread_mutex_lock(&s->lock);
        active = s->active > 0;
        pthread_mutex_unlock(&s->lock);
    }
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    if (s->quiet_socket >= 0)
        close(s->quiet_socket);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *server = NULL;
}
