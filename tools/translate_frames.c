/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-translate --raw: frames of a video on standard input and output, none lost, none repeated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "translate.h"

enum { CHANNELS = 3, MOST_SIDE = 65536 };

static const char program[] = "p2p-translate";

static bool parse_size(TranslateFrames *frames, const char *text, const P2pOptions *o)
{
    int width, height;
    const char *at = strchr(text, '@');
    char size[32];

    snprintf(size, sizeof(size), "%.*s", (int)strcspn(text, "@"), text);
    if (p2p_size_parse(size, MOST_SIDE, &width, &height) < 0 ||
        (size_t)width * (size_t)height > cli_size(o, "max_pixels"))
        return false;
    frames->y4m.width = width;
    frames->y4m.height = height;
    frames->y4m_out = at != NULL;
    return !at || y4m_rate(frames->y4m.rate, at + 1);
}

bool translate_frames_parse(TranslateFrames *frames, const P2pOptions *o)
{
    const char *text = cli_text(o, "raw");

    *frames = (TranslateFrames){.y4m = {.aspect = "1:1"}};
    frames->y4m_in = frames->y4m_out = !strcmp(text, "y4m");
    if (frames->y4m_in || parse_size(frames, text, o))
        return true;
    cli_say(stderr,
            "%s: --raw %s: needs y4m or the frames' size as WIDTHxHEIGHT[@RATE], each 1 to %d, "
            "within --max_pixels",
            program, text, MOST_SIDE);
    return false;
}

typedef struct Work {
    const TranslateFrames *frames;
    size_t done;
    CliProgress progress;
} Work;

static size_t frame_bytes(const TranslateFrames *f)
{
    return f->y4m_in ? y4m_bytes(&f->y4m) : (size_t)f->y4m.width * (size_t)f->y4m.height * CHANNELS;
}

static int tell_cut(const Work *w, size_t index, size_t got)
{
    const Y4m *y = &w->frames->y4m;
    const int err = ferror(stdin) ? P2P_EIO : P2P_EFORMAT;
    char advice[96] = "";

    if (!w->frames->y4m_in)
        snprintf(advice, sizeof(advice),
                 "; is --raw %dx%d the frames' size, and their format rgb24?", y->width, y->height);
    cli_say(stderr, "%s: standard input: %s in frame %zu after %zu of its %zu bytes%s", program,
            err == P2P_EIO ? "cannot be read" : "ends", index + 1, got, frame_bytes(w->frames),
            advice);
    return err;
}

/* The next frame's samples whole, or the end of all. A failure is told here. */
static int next(void *user, P2pTranslation *picture)
{
    const Work *w = user;
    const size_t bytes = frame_bytes(w->frames);
    const int more = w->frames->y4m_in ? y4m_read_frame_head(stdin) : 1;

    if (more < 0) {
        cli_say(stderr, "%s: standard input: no frame begins where frame %zu should", program,
                picture->index + 1);
        return P2P_EFORMAT;
    }
    if (!more)
        return 0;
    if (!(picture->data = malloc(bytes))) {
        cli_say(stderr, "%s: no memory for frame %zu", program, picture->index + 1);
        return P2P_ENOMEM;
    }
    const size_t got = fread(picture->data, 1, bytes, stdin);
    if (got == bytes)
        return 1;
    return got || ferror(stdin) || w->frames->y4m_in ? tell_cut(w, picture->index, got) : 0;
}

static int read_frame(void *user, P2pTranslation *picture)
{
    const TranslateFrames *f = ((const Work *)user)->frames;
    const int err = p2p_image_init(&picture->in, f->y4m.width, f->y4m.height, CHANNELS, 8);

    if (!err && f->y4m_in)
        y4m_to_rgb(&f->y4m, picture->data, picture->in.data);
    else if (!err)
        memcpy(picture->in.data, picture->data, p2p_image_bytes(&picture->in));
    free(picture->data);
    picture->data = NULL;
    return err;
}

static int write_frame(void *user, P2pTranslation *picture)
{
    const TranslateFrames *f = ((const Work *)user)->frames;
    P2pImage rgb = {0}, eight = {0};
    int err = p2p_image_show(&picture->out, &rgb);

    if (!err)
        err = p2p_image_convert_bits(&rgb, 8, &eight);
    if (!err && f->y4m_out) {
        picture->data = y4m_from_rgb(eight.data, eight.width, eight.height, &picture->bytes);
        err = picture->data ? P2P_OK : P2P_ENOMEM;
    } else if (!err) {
        picture->bytes = p2p_image_bytes(&eight);
        picture->data = eight.data; /* has a new owner */
        eight.data = NULL;
    }
    p2p_image_finish(&rgb);
    p2p_image_finish(&eight);
    return err;
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
static int begin(const P2pModel *model, const TranslateFrames *f, bool quiet)
{
    const Y4m *y = &f->y4m;
    P2pImage black, prepared = {0};
    char head[Y4M_HEAD] = "";
    int err = p2p_image_init(&black, y->width, y->height, CHANNELS, 8);

    if (!err)
        err = p2p_model_prepare(model, &black, P2P_MODEL_INPUT, &prepared);
    if (!err && !quiet)
        cli_say(stderr, "frames of %dx%d become frames of %dx%d, %s", y->width, y->height,
                prepared.width, prepared.height, f->y4m_out ? "y4m" : "rgb24");
    if (!err && f->y4m_out)
        y4m_head(y, prepared.width, prepared.height, head);
    fputs(head, stdout);
    p2p_image_finish(&black);
    p2p_image_finish(&prepared);
    return err;
}

/* False: it is no stream of frames that can be taken, reported. */
static bool open_stream(TranslateFrames *f, const P2pOptions *o)
{
    const char *wrong = f->y4m_in ? y4m_read_head(&f->y4m, stdin) : NULL;

    if (!wrong && (size_t)f->y4m.width * (size_t)f->y4m.height > cli_size(o, "max_pixels"))
        wrong = "has frames of more than --max_pixels";
    if (wrong)
        cli_say(stderr, "%s: standard input: %s", program, wrong);
    return !wrong;
}

int translate_frames(P2pModel *model, TranslateFrames *frames, const P2pOptions *o)
{
    static const P2pTranslateCalls calls = {next, read_frame, write_frame, tell};
    const bool quiet = cli_flag(o, "quiet");
    Work w = {.frames = frames};

    if (!open_stream(frames, o))
        return CLI_FAILED;
    const int err = begin(model, frames, quiet);
    if (err)
        return cli_fail(program, err);
    cli_progress_init(&w.progress, "frames", 0, cli_progress_hidden(o));
    const int code =
        p2p_model_translate_all(model, &calls, p2p_threads(cli_int(o, "num_threads")), &w);
    cli_progress_hide(&w.progress);
    if (code)
        return code < 0 ? cli_fail(program, code) : code;
    if (!quiet)
        cli_say(stderr, "%zu frame%s", w.done, w.done == 1 ? "" : "s");
    return CLI_OK;
}
