/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-serve: models over HTTP, with a page to draw on. */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve.h"

const char cli_usage[] =
    "Usage: p2p-serve MODEL... [OPTION]...\n"
    "Translate pictures over HTTP: GET / is a page to draw on; POST /translate?model=NAME takes a\n"
    "picture's file of any kind and answers with PNG, JPEG or WebP, as Accept says; GET /models lists\n"
    "the models (a run's folder has its name, a file its own without suffix), /healthz is for\n"
    "watching, /metrics for Prometheus. --dataroot is a set whose inputs the page offers as samples.\n"
    "--max_pixels is 16777216 here where it is not given.\n"
    "Each request is a line on standard output. SIGINT and SIGTERM end it when all that wait are\n"
    "answered, again at once.\n"
    "Example: p2p-serve checkpoints/facades --dataroot facades --phase test\n";

static const char program[] = "p2p-serve";

enum {
    BACKLOG = 64,
    NAME_BYTES = 100,     /* of a model's; leaves room for a number */
    MAX_PIXELS = 1 << 24, /* of pictures of strangers, where nothing else is asked for */
};

typedef struct Served {
    ServeModel *models;
    size_t count;
} Served;

/* The folder of checkpoints/facades/latest.safetensors, the file's own name of others. */
static void name_model(ServeModel *m, const char *path)
{
    char text[4096];

    snprintf(text, sizeof(text), "%.4000s", path);
    for (size_t n = strlen(text); n > 1 && text[n - 1] == '/'; n--)
        text[n - 1] = 0;
    char *last = strrchr(text, '/');
    if (last && last > text && strcmp(last, "/latest.safetensors") == 0) {
        *last = 0;
        last = strrchr(text, '/');
    }
    char *name = last ? last + 1 : text, *dot = strrchr(name, '.');
    if (dot && dot > name)
        *dot = 0;
    snprintf(m->name, sizeof(m->name), "%.*s", NAME_BYTES, name);
}

/* Names of two models that would be equal. */
static void tell_apart(Served *all)
{
    ServeModel *last = &all->models[all->count - 1];
    const size_t length = strlen(last->name);
    unsigned number = 1;

    for (size_t i = 0; i + 1 < all->count; i++)
        if (strcmp(all->models[i].name, last->name) == 0) {
            snprintf(last->name + length, sizeof(last->name) - length, "-%u", ++number);
            i = (size_t)-1;
        }
}

static int open_samples(ServeModel *m, const P2pOptions *o, const P2pLog *log)
{
    const char *phase = cli_text(o, "phase");
    const bool back = !strcmp(cli_text(p2p_model_options(m->model), "direction"), "BtoA");
    const P2pDatasetSettings settings = {.phase = phase[0] ? phase : "test",
                                         .direction =
                                             back ? P2P_DIRECTION_BTOA : P2P_DIRECTION_ATOB,
                                         .max_pixels = cli_size(o, "max_pixels"),
                                         .no_exif = cli_flag(o, "no_exif"),
                                         .log = log};

    return p2p_dataset_create(&m->samples, cli_text(o, "dataroot"), &settings);
}

/* An exit code, with the message printed. */
static int open_model(Served *all, P2pDevice *device, const char *model, const P2pOptions *o,
                      const P2pLog *log)
{
    const P2pModelSettings settings = {.eval = cli_flag(o, "eval"),
                                       .no_dropout = cli_flag(o, "no_dropout"),
                                       .keep_alpha = !cli_flag(o, "no_alpha"),
                                       .options = o,
                                       .variants = cli_text(o, "variant")};
    ServeModel *m = &all->models[all->count];
    char path[4096];

    if (!cli_find_model(path, sizeof(path), program, model, o))
        return CLI_USAGE;
    int err = p2p_model_open(&m->model, device, path, &settings);
    if (err)
        return cli_fail(program, err);
    all->count++;
    name_model(m, model);
    tell_apart(all);
    err = cli_text(o, "dataroot")[0] ? open_samples(m, o, log) : P2P_OK;
    return err ? cli_fail(program, err) : CLI_OK;
}

/* ---- The socket ---------------------------------------------------------------------------- */

static int report_socket(const char *address, const char *port, const char *why)
{
    cli_say(stderr, "%s: cannot listen on --listen %s --port %s: %s", program, address, port, why);
    return -1;
}

static int open_socket(const P2pOptions *o)
{
    const struct addrinfo want = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE,
                                  .ai_socktype = SOCK_STREAM};
    const char *address = cli_text(o, "listen");
    struct addrinfo *found = NULL;
    const int on = 1;
    char port[16];

    snprintf(port, sizeof(port), "%d", cli_int(o, "port"));
    if (getaddrinfo(address, port, &want, &found) != 0)
        return report_socket(address, port, "this is no IP address");
    const int fd = socket(found->ai_family, SOCK_STREAM, 0);
    int failed = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
                 bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0;
    const int why = errno;
    freeaddrinfo(found);
    if (!failed)
        return fd;
    if (fd >= 0)
        close(fd);
    return report_socket(address, port, strerror(why));
}

/* Where to look, and a warning where others can. */
static void tell_address(int fd, const Served *all, const P2pOptions *o, bool token)
{
    struct sockaddr_storage bound;
    socklen_t bytes = sizeof(bound);
    char address[64] = "", port[16] = "";

    if (getsockname(fd, (struct sockaddr *)&bound, &bytes) == 0)
        getnameinfo((struct sockaddr *)&bound, bytes, address, sizeof(address), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV);
    if (strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0 && !cli_flag(o, "quiet"))
        cli_say(stderr, "warning: %s listens to other machines, without encryption%s", program,
                token ? "" : "; and everybody may use it: --token FILE");
    const bool six = strchr(address, ':') != NULL;
    if (!cli_flag(o, "quiet"))
        cli_say(stderr, "%zu model%s at http://%s%s%s:%s/%s", all->count,
                all->count == 1 ? "" : "s", six ? "[" : "", address, six ? "]" : "", port,
                token ? "#token=TOKEN" : "");
}

/* ---- Serving ------------------------------------------------------------------------------- */

/* Signals wait for sigwait(): in all threads, that of the driver among them. */
static void hold_signals(sigset_t *stop)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(stop);
    sigaddset(stop, SIGINT);
    sigaddset(stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, stop, NULL);
}

static int serve(const Served *all, const P2pOptions *o, int fd, const char *token,
                 const sigset_t *stop)
{
    ServeSettings s = {.options = o,
                       .models = all->models,
                       .model_count = all->count,
                       .metrics = serve_metrics_create(),
                       .token = token,
                       .socket = fd};
    int code = CLI_FAILED, number;

    if (!s.metrics || serve_queue_create(&s.queue, o) < 0) {
        cli_say(stderr, "%s: out of memory", program);
        close(fd);
    } else {
        ServeServer *server = serve_start(program, &s);
        if (server) {
            tell_address(fd, all, o, token[0]);
            sigwait(stop, &number);
            pthread_sigmask(SIG_UNBLOCK, stop, NULL); /* again: at once */
            serve_quiesce(server);
            serve_queue_end(s.queue);
            serve_stop(&server);
            code = CLI_OK;
        }
    }
    serve_queue_destroy(&s.queue);
    serve_metrics_destroy(s.metrics);
    return code;
}

static int open_all(Served *all, P2pDevice *device, const P2pArguments *models, const P2pOptions *o,
                    const P2pLog *log)
{
    int code = CLI_OK;

    for (int i = 0; !code && i < models->argc; i++)
        code = open_model(all, device, models->argv[i], o, log);
    return code;
}

int main(int argc, char **argv)
{
    P2pOptions *o;
    P2pArguments models;
    P2pLog log;
    P2pDevice *device = NULL;
    Served all = {0};
    char token[512] = "";
    sigset_t stop;
    int code = cli_parse(&o, P2P_PROGRAM_SERVE, program, argc, argv, &models), fd = -1, err;

    if (code >= 0)
        return code;
    if (!models.argc) {
        cli_say(stderr, "%s: needs at least one MODEL; see --help", program);
        return CLI_USAGE;
    }
    if (!p2p_options_given(o, "max_pixels"))
        p2p_options_set_int(o, "max_pixels", MAX_PIXELS);
    if (cli_text(o, "token")[0] &&
        !serve_text_read_token(program, cli_text(o, "token"), token, sizeof(token)))
        return CLI_FAILED;
    cli_log_init(&log, o);
    if (!strcmp(cli_text(o, "tune"), "auto")) /* no client waits for measurements */
        p2p_options_set(o, "tune", "known");
    hold_signals(&stop);
    if (!(all.models = calloc((size_t)models.argc, sizeof(*all.models))) ||
        (fd = open_socket(o)) < 0)
        code = CLI_FAILED;
    else if ((err = cli_open_device(&device, o, &log)) < 0)
        code = cli_fail(program, err);
    else
        code = open_all(&all, device, &models, o, &log);
    if (code == CLI_OK)
        code = serve(&all, o, fd, token, &stop);
    for (size_t i = 0; i < all.count; i++) {
        p2p_dataset_destroy(&all.models[i].samples);
        p2p_model_close(&all.models[i].model);
    }
    p2p_device_close(&device);
    free(all.models);
    return code;
}
