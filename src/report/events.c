/* SPDX-License-Identifier: BSD-2-Clause */
/* A record: its length, the length's checksum, an Event, the Event's checksum. */
#include "src/report/events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/base/crc32c.h"
#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/formats/protobuf.h"

/* Numbers of fields, as the .proto files have them. */
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SESSION_STATUS = 1, SESSION_START = 1 };
enum { SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_NUMBER = 2, VALUE_IMAGE = 4, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum { IMAGE_HEIGHT = 1, IMAGE_WIDTH = 2, IMAGE_CHANNELS = 3, IMAGE_BYTES = 4 };
enum { TENSOR_TYPE = 1, TENSOR_SHAPE = 2, TENSOR_STRING = 8, TYPE_STRING = 7 };
enum { SHAPE_DIM = 2, DIM_SIZE = 1 };
enum { METADATA_PLUGIN = 1, PLUGIN_NAME = 1 };

struct P2pEvents {
    FILE *file;
    char *path;
};

static void put_le(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        out[i] = (unsigned char)(value >> 8 * i);
}

/* Releases the event. */
static int append(P2pEvents *e, P2pMessage *event)
{
    unsigned char head[12], tail[4];
    int err = event->err;

    if (!err) {
        put_le(head, event->used, 8);
        put_le(head + 8, p2p_crc32c_masked(head, 8), 4);
        put_le(tail, p2p_crc32c_masked(event->data, event->used), 4);
        if (fwrite(head, sizeof(head), 1, e->file) != 1 ||
            fwrite(event->data, event->used, 1, e->file) != 1 ||
            fwrite(tail, sizeof(tail), 1, e->file) != 1 || fflush(e->file) != 0)
            err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", e->path);
    }
    free(event->data);
    return err;
}

static P2pMessage begin(long step)
{
    P2pMessage event = {0};
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    p2p_message_double(&event, EVENT_TIME, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
    p2p_message_int(&event, EVENT_STEP, step);
    return event;
}

/* An event with one summary. */
static int append_summary(P2pEvents *e, long step, P2pMessage *summary)
{
    P2pMessage event = begin(step);

    p2p_message_nest(&event, EVENT_SUMMARY, summary);
    return append(e, &event);
}

/* The first two events: which format it is, and from where on it counts. */
static int append_begin(P2pEvents *e, long step)
{
    P2pMessage event = begin(0), session = {0};

    p2p_message_text(&event, EVENT_VERSION, "brain.Event:2");
    const int err = append(e, &event);
    if (err)
        return err;
    event = begin(step + 1);
    p2p_message_int(&session, SESSION_STATUS, SESSION_START);
    p2p_message_nest(&event, EVENT_SESSION, &session);
    return append(e, &event);
}

int p2p_events_open(P2pEvents **out, const char *folder, long step)
{
    P2pEvents *e = *out = p2p_alloc(1, sizeof(*e));
    int err = e ? p2p_folder_make(folder) : P2P_ENOMEM;

    /* TensorBoard reads files in the order of their names: time, and what makes them unique. */
    if (!err && !(e->path = p2p_format("%s/events.out.tfevents.%010lld.pix2pix-cl.%ld.%ld", folder,
                                       (long long)time(NULL), step, (long)getpid())))
        err = P2P_ENOMEM;
    if (!err && !(e->file = fopen(e->path, "wb")))
        err = p2p_fail_errno(P2P_EIO, "%s: cannot be written", e->path);
    if (!err)
        err = append_begin(e, step);
    if (err)
        p2p_events_close(out);
    return err;
}

void p2p_events_close(P2pEvents **events)
{
    P2pEvents *e = *events;

    if (!e)
        return;
    if (e->file)
        fclose(e->file); /* all of it has been flushed */
    free(e->path);
    free(e);
    *events = NULL;
}

int p2p_events_scalars(P2pEvents *e, long step, const char *const *names, const double *values,
                       int count)
{
    P2pMessage summary = {0};

    if (!e)
        return P2P_OK;
    for (int i = 0; i < count; i++) {
        P2pMessage value = {0};
        if (!isfinite(values[i]))
            continue;
        p2p_message_text(&value, VALUE_TAG, names[i]);
        p2p_message_float(&value, VALUE_NUMBER, (float)values[i]);
        p2p_message_nest(&summary, SUMMARY_VALUE, &value);
    }
    return append_summary(e, step, &summary);
}

int p2p_events_image(P2pEvents *e, long step, const char *name, const P2pImage *image)
{
    P2pMessage summary = {0}, value = {0}, picture = {0};
    P2pImage shown = {0};
    unsigned char *png = NULL;
    size_t bytes = 0;
    int err = e ? p2p_image_show(image, &shown) : P2P_OK;

    if (!e)
        return P2P_OK;
    if (!err)
        err = p2p_image_encode(&shown, P2P_IMAGE_PNG, 0, &png, &bytes);
    if (!err) {
        p2p_message_int(&picture, IMAGE_HEIGHT, shown.height);
        p2p_message_int(&picture, IMAGE_WIDTH, shown.width);
        p2p_message_int(&picture, IMAGE_CHANNELS, shown.channels);
        p2p_message_bytes(&picture, IMAGE_BYTES, png, bytes);
        p2p_message_text(&value, VALUE_TAG, name);
        p2p_message_nest(&value, VALUE_IMAGE, &picture);
        p2p_message_nest(&summary, SUMMARY_VALUE, &value);
        err = append_summary(e, step, &summary);
    }
    free(png);
    p2p_image_finish(&shown);
    return err;
}

/* A tensor of one string, for the plugin that shows such. */
int p2p_events_text(P2pEvents *e, long step, const char *name, const char *text)
{
    P2pMessage summary = {0}, value = {0}, tensor = {0}, shape = {0}, dim = {0}, plugin = {0},
               metadata = {0};

    if (!e)
        return P2P_OK;
    p2p_message_int(&dim, DIM_SIZE, 1);
    p2p_message_nest(&shape, SHAPE_DIM, &dim);
    p2p_message_int(&tensor, TENSOR_TYPE, TYPE_STRING);
    p2p_message_nest(&tensor, TENSOR_SHAPE, &shape);
    p2p_message_bytes(&tensor, TENSOR_STRING, text, strlen(text));
    p2p_message_text(&plugin, PLUGIN_NAME, "text");
    p2p_message_nest(&metadata, METADATA_PLUGIN, &plugin);
    p2p_message_text(&value, VALUE_TAG, name);
    p2p_message_nest(&value, VALUE_TENSOR, &tensor);
    p2p_message_nest(&value, VALUE_METADATA, &metadata);
    p2p_message_nest(&summary, SUMMARY_VALUE, &value);
    return append_summary(e, step, &summary);
}
