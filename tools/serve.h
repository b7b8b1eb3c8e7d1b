/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of p2p-serve. */
#ifndef P2P_TOOLS_SERVE_H
#define P2P_TOOLS_SERVE_H

#include "cli.h"

/** A model that is served, and the inputs of --dataroot that its page offers; NULL: none. */
typedef struct ServeModel {
    char name[128];
    P2pModel *model;
    P2pDataset *samples;
} ServeModel;

/* ---- Text from clients (serve_text.c) ------------------------------------------------------ */

/** HTTP's status codes, and one that other servers log when the client went away. */
enum {
    SERVE_DONE = 200,
    SERVE_BAD = 400,
    SERVE_NO_TOKEN = 401,
    SERVE_FOREIGN = 403,
    SERVE_NOT_FOUND = 404,
    SERVE_NO_METHOD = 405,
    SERVE_NOT_ACCEPTED = 406,
    SERVE_TOO_SLOW = 408,
    SERVE_TOO_LARGE = 413,
    SERVE_GONE = 499,
    SERVE_BROKEN = 500,
    SERVE_FULL = 503,
};

/**
 * The format that an Accept header likes best of PNG, JPEG and WebP, of equals the first.
 *
 * @param accept  NULL: anything.
 * @return False: none of them.
 */
bool serve_text_format(const char *accept, P2pImageFormat *format);
const char *serve_text_type(P2pImageFormat format);

/**
 * Whether a Host header is an address or localhost. Pages of others reach this machine only by names of
 * theirs that they let point to it.
 */
bool serve_text_is_address(const char *host);

/** Whether an Origin header is of the page at this host. */
bool serve_text_is_own(const char *origin, const char *host);

/** Whether an Authorization header shows the token; takes as long for any text of a length. */
bool serve_text_has_token(const char *authorization, const char *token);

/** The first line of a file, at least 8 characters without blanks; P2P_EIO, P2P_EFORMAT reported. */
bool serve_text_read_token(const char *program, const char *path, char *token, size_t bytes);

/* ---- Numbers of what was done (serve_metrics.c) -------------------------------------------- */

typedef struct ServeMetrics ServeMetrics;

/** Seconds of a clock that nobody sets. */
double serve_now(void);

/** NULL: no memory. */
ServeMetrics *serve_metrics_create(void);
void serve_metrics_destroy(ServeMetrics *metrics);
void serve_metrics_count(ServeMetrics *metrics, int code);
/** Of a picture that was translated: from its arrival to its answer. */
void serve_metrics_time(ServeMetrics *metrics, double seconds);
/** In the text format of Prometheus. */
void serve_metrics_write(ServeMetrics *metrics, FILE *out);

/* ---- Pictures that wait, and the threads that translate them (serve_queue.c) --------------- */

typedef struct ServeQueue ServeQueue;

/** A picture to make. The caller's until it is added, and again when done was called. */
typedef struct ServeJob {
    struct ServeJob *next;
    const ServeModel *model;
    const unsigned char *body; /* a picture's file to translate; NULL: show a sample */
    size_t body_bytes, sample;
    P2pImageFormat format;
    int socket; /* of the client, to see whether it is still there */
    void (*done)(struct ServeJob *job);
    void *user;
    /* What came of it: */
    int code;           /* SERVE_DONE with out, or another with a message */
    unsigned char *out; /* free() it */
    size_t out_bytes;
    char message[512];
    double read_s, run_s, write_s;
} ServeJob;

/** threads beside each other: while the device works for one the others decode and encode. */
int serve_queue_create(ServeQueue **out, const P2pOptions *options);
/** Take no more, and wait for all that were added. */
void serve_queue_end(ServeQueue *queue);
void serve_queue_destroy(ServeQueue **queue);
/** False: it is full. */
bool serve_queue_add(ServeQueue *queue, ServeJob *job);
size_t serve_queue_length(ServeQueue *queue);
/** Whether the device failed, so that later pictures will fail too. */
bool serve_queue_is_broken(ServeQueue *queue);

/* ---- HTTP (serve_http.c, serve_answers.c) -------------------------------------------------- */

typedef struct ServeSettings {
    const P2pOptions *options;
    const ServeModel *models;
    size_t model_count;
    ServeQueue *queue;
    ServeMetrics *metrics;
    const char *token; /* "": none */
    int socket;        /* that listens; the server closes it */
} ServeSettings;

typedef struct ServeServer ServeServer;

/** Answer requests in a thread of its own; all that settings name must outlive the server. NULL: reported. */
ServeServer *serve_start(const char *program, const ServeSettings *settings);
/** Take no more connections. */
void serve_quiesce(ServeServer *server);
/** Wait a little for the last answers to be read, and end. The queue must have ended. */
void serve_stop(ServeServer **server);

/** What GET answers without a queue, in fresh memory; NULL: no memory. */
typedef struct ServeText {
    const char *path, *type;
    bool guarded; /* by the token */
    char *(*write)(const ServeSettings *settings, size_t *bytes);
} ServeText;

extern const ServeText serve_texts[];
extern const size_t serve_text_count;

#endif
