/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-translate --raw: frames of a video on standard input and output, none lost, none repeated. */
#include <stdio.h>

#include "translate.h"

enum { CHANNELS = 3, MOST_SIDE = 65536 };

static const char program[] = "p2p-translate";

bool translate_frames_parse(TranslateFrames *frames, const P2pOptions *o)
{
    const char *text = cli_text(o, "raw");
    char more;
    long long width, height;

    if (sscanf(text, "%6lldx%6lld%c", &width, &height, &more) != 2 || width < 1 || height < 1 ||
        width > MOST_SIDE || height > MOST_SIDE ||
        (size_t)(width * height) > cli_size(o, "max_pixels")) {
        cli_say(stderr,
                "%s: --raw %s: needs the frames' size as WIDTHxHEIGHT, each 1 to %d, within "
                "--max_pixels",
                program, text, MOST_SIDE);
        return false;
    }
    *frames = (TranslateFrames){(int)width, (int)height};
    return true;
}

typedef struct Work {
    TranslateFrames size;
    size_t done;
    CliProgress progress;
} Work;

/* The next frame whole, or the end of all. A failure is told here. */
static int next(void *user, P2pTranslation *picture)
{
    const Work *w = user;
    int err = p2p_image_init(&picture->in, w->size.width, w->size.height, CHANNELS, 8);

    if (err) {
        cli_fail(program, err);
        return err;
    }
    const size_t bytes = p2p_image_bytes(&picture->in);
    const size_t got = fread(picture->in.data, 1, bytes, stdin);
    if (got == bytes)
        return 1;
    if (ferror(stdin))
        err = P2P_EIO;
    else if (got)
        err = P2P_EFORMAT;
    if (err)
        cli_say(
            stderr,
            "%s: standard input: %s in frame %zu after %zu of its %zu bytes; is --raw %dx%d the "
            "frames' size, and their format rgb24?",
            program, err == P2P_EIO ? "cannot be read" : "ends", picture->index + 1, got, bytes,
            w->size.width, w->size.height);
    p2p_image_finish(&picture->in);
    return err;
}

static int read_frame(void *user, P2pTranslation *picture)
{
    (void)user;
    (void)picture; /* next has */
    return P2P_OK;
}

static int write_frame(void *user, P2pTranslation *picture)
{
    P2pImage rgb;
    const int err = p2p_image_convert_channels(&picture->out, CHANNELS, &rgb);

    (void)user;
    if (err)
        return err;
    picture->bytes = p2p_image_bytes(&rgb);
    picture->data = rgb.data; /* has a new owner */
    return P2P_OK;
}

static int tell(void *user, P2pTranslation *picture)
{
    Work *w = user;

    if (picture->status)
        cli_progress_hide(&w->progress);
    if (picture->status && picture->failed == P2P_TRANSLATE_NEXT)
        return CLI_FAILED;
    if (picture->status) {
        char frame[48];
        snprintf(frame, sizeof(frame), "frame %zu", picture->index + 1);
        return cli_fail_at(program, frame, picture->status);
    }
    if (fwrite(picture->data, 1, picture->bytes, stdout) != picture->bytes || fflush(stdout) != 0)
        return CLI_FAILED; /* told when the program ends */
    w->done++;
    cli_progress_show(&w->progress, w->done);
    return CLI_OK;
}

/* Whoever takes the frames must know their size, which the model decides. */
static int tell_sizes(const P2pModel *model, const TranslateFrames *frames)
{
    P2pImage black, prepared = {0};
    int err = p2p_image_init(&black, frames->width, frames->height, CHANNELS, 8);

    if (!err)
        err = p2p_model_prepare(model, &black, CHANNELS, &prepared);
    if (!err)
        cli_say(stderr, "frames of %dx%d become frames of %dx%d, rgb24", frames->width,
                frames->height, prepared.width, prepared.height);
    p2p_image_finish(&black);
    p2p_image_finish(&prepared);
    return err;
}

int translate_frames(P2pModel *model, const TranslateFrames *frames, const P2pOptions *o)
{
    static const P2pTranslateCalls calls = {next, read_frame, write_frame, tell};
    Work w = {.size = *frames};
    const int err = cli_flag(o, "quiet") ? P2P_OK : tell_sizes(model, frames);

    if (err)
        return cli_fail(program, err);
    cli_progress_init(&w.progress, "frames", 0, o);
    const int code = p2p_model_translate_all(model, &calls, cli_int(o, "num_threads"), &w);
    cli_progress_hide(&w.progress);
    if (code)
        return code < 0 ? cli_fail(program, code) : code;
    if (!cli_flag(o, "quiet"))
        cli_say(stderr, "%zu frame%s", w.done, w.done == 1 ? "" : "s");
    return CLI_OK;
}
