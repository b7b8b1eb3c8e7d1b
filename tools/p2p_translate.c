/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-translate: translate pictures, files or folders, with a model file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "translate.h"

const char cli_usage[] =
    "Usage: p2p-translate -m MODEL INPUT... -o OUTPUT [OPTION]...\n"
    "Translate pictures. INPUT: files and folders (with their subfolders); OUTPUT: a file (.png,\n"
    ".jpg, .tif, .webp, .ppm, .npy) for one file, else a folder, where each output has its input's\n"
    "name and the suffix of --format (png); FOLDER/ with a slash is made for one file too. - is\n"
    "standard input or output (PNG, or --format; with --raw WxH the frames of a video as ffmpeg's\n"
    "rawvideo in rgb24). An input is never overwritten. MODEL: any that pix2pix-cl reads; a program made by p2p-export --standalone has\n"
    "its own. Needs an OpenCL driver and the libraries libOpenCL, libjpeg, libpng16,\n"
    "libjansson, libzip, libnettle, libz and, where built with them, liblcms2,\n"
    "libtiff, libwebp and libwebpmux.\n";

static const char program[] = "p2p-translate";

/* All of standard input in fresh memory. */
static unsigned char *read_stdin(size_t *bytes)
{
    size_t room = 1 << 16;
    unsigned char *data = malloc(room);

    *bytes = 0;
    while (data && !feof(stdin) && !ferror(stdin)) {
        *bytes += fread(data + *bytes, 1, room - *bytes, stdin);
        if (*bytes == room) {
            unsigned char *more = realloc(data, room *= 2);
            if (!more)
                free(data);
            data = more;
        }
    }
    return data;
}

static int read_input(P2pImage *image, const P2pReadSettings *how)
{
    size_t bytes;
    unsigned char *data = read_stdin(&bytes);
    const int err =
        p2p_image_read_memory(image, data, data ? bytes : 0, "standard input", how->max_pixels);
    free(data);
    return err || how->no_exif ? err : p2p_image_upright(image);
}

/* What is done with all pictures. */
typedef struct Work {
    P2pModel *model;
    const P2pOutputs *outputs;
    const P2pOptions *options;
    P2pImageFormat format; /* on standard output */
    size_t done, bad;
    int code; /* of the first bad one */
    CliProgress progress;
} Work;

static const P2pOutput *output_of(const Work *w, const P2pTranslation *picture)
{
    return &w->outputs->items[picture->index];
}

static int next(void *user, P2pTranslation *picture)
{
    const Work *w = user;

    return picture->index < w->outputs->count;
}

/* A picture too large for memory goes from file to file. */
static int translate_rows(const Work *w, const P2pOutput *output, bool *done)
{
    const P2pRowsSettings settings = {.max_pixels = cli_size(w->options, "max_pixels"),
                                      .quality = cli_int(w->options, "quality"),
                                      .no_exif = cli_flag(w->options, "no_exif")};

    *done = false;
    if (!strcmp(output->from, "-") || !strcmp(output->to, "-") || output->more)
        return P2P_OK;
    const int err = w->outputs->single ? P2P_OK : p2p_output_make_folder(output);
    return err ? err
               : p2p_model_translate_rows(w->model, output->from, output->to, &settings, done);
}

static int read_picture(void *user, P2pTranslation *picture)
{
    const Work *w = user;
    const P2pReadSettings how = {.max_pixels = cli_size(w->options, "max_pixels"),
                                 .no_exif = cli_flag(w->options, "no_exif")};

    bool done;
    const int err = translate_rows(w, output_of(w, picture), &done);

    if (err || done)
        return err;
    return strcmp(output_of(w, picture)->from, "-")
               ? p2p_output_read(w->outputs, picture->index, &how, &picture->in)
               : read_input(&picture->in, &how);
}

/* Into its file; for standard output into memory. */
static int write_picture(void *user, P2pTranslation *picture)
{
    const Work *w = user;
    const P2pOutput *output = output_of(w, picture);

    const int quality = cli_int(w->options, "quality");

    if (strcmp(output->to, "-") == 0)
        return p2p_image_encode(&picture->out, w->format, quality, &picture->data, &picture->bytes);
    const int err = w->outputs->single ? P2P_OK : p2p_output_make_folder(output);
    return err ? err : p2p_image_write(&picture->out, output->to, quality);
}

/* Tell of a picture that cannot be translated. An exit code where all ends with it, or 0. */
static int put_aside(Work *w, const char *subject, int err)
{
    const bool skip = cli_flag(w->options, "skip_bad") && !cli_ends_all(err);
    int code = CLI_FAILED;

    if (!skip)
        code = cli_fail_at(program, subject, err);
    else if (!cli_flag(w->options, "quiet"))
        cli_say(stderr, "warning: skipped: %s%s%s", subject ? subject : "", subject ? ": " : "",
                p2p_error());
    if (!w->bad++)
        w->code = code;
    return cli_ends_all(err) ? code : CLI_OK;
}

/* 0 to go on, or an exit code with the message printed. */
static int tell(void *user, P2pTranslation *picture)
{
    Work *w = user;
    const P2pOutput *output = output_of(w, picture);
    int code = CLI_OK;

    if (picture->status)
        cli_progress_hide(&w->progress);
    if (picture->status && picture->failed == P2P_TRANSLATE_WRITE) {
        code = cli_fail(program, picture->status);
    } else if (picture->status) { /* that of reading names the file */
        code = put_aside(w, picture->failed == P2P_TRANSLATE_RUN ? output->from : NULL,
                         picture->status);
    } else if (picture->data &&
               (fwrite(picture->data, 1, picture->bytes, stdout) != picture->bytes ||
                fflush(stdout) != 0)) {
        code = CLI_FAILED; /* told when the program ends */
    } else {
        w->done++;
        if (cli_flag(w->options, "verbose"))
            cli_say(stderr, "%s -> %s", output->from, output->to);
    }
    cli_progress_show(&w->progress, picture->index + 1);
    return code;
}

static int translate_all(P2pModel *model, const P2pOutputs *outputs, P2pImageFormat format,
                         const P2pOptions *o)
{
    static const P2pTranslateCalls calls = {next, read_picture, write_picture, tell};
    const bool skip = cli_flag(o, "skip_bad");
    Work w = {.model = model, .outputs = outputs, .options = o, .format = format};

    if (!outputs->single)
        cli_progress_init(&w.progress, "pictures", outputs->count, cli_progress_hidden(o));
    const int code =
        p2p_model_translate_all(model, &calls, p2p_threads(cli_int(o, "num_threads")), &w);
    cli_progress_hide(&w.progress);
    if (code < 0)
        return cli_fail(program, code);
    if (code || outputs->single)
        return code ? code : w.code;
    if (!cli_flag(o, "quiet")) {
        char there[64] = "", bad[64] = "";
        if (outputs->existing)
            snprintf(there, sizeof(there), ", %zu already there", outputs->existing);
        if (w.bad)
            snprintf(bad, sizeof(bad), ", %zu %s", w.bad, skip ? "skipped" : "failed");
        cli_say(stderr, "%zu picture%s in %s%s%s", w.done, w.done == 1 ? "" : "s",
                cli_text(o, "output"), there, bad);
    }
    return w.bad && (!skip || !w.done) ? CLI_FAILED : CLI_OK;
}

static int plan_outputs(P2pOutputs *outputs, const P2pArguments *inputs, P2pImageFormat format,
                        const P2pOptions *o, const char *model, const P2pLog *log)
{
    return p2p_outputs_init(outputs,
                            &(P2pOutputSettings){.inputs = inputs->argv,
                                                 .input_count = (size_t)inputs->argc,
                                                 .output = cli_text(o, "output"),
                                                 .model = model[0] ? model : "/proc/self/exe",
                                                 .stack = cli_text(o, "stack"),
                                                 .keep_suffix = cli_flag(o, "keep_suffix"),
                                                 .skip_existing = cli_flag(o, "skip_existing"),
                                                 .format = format,
                                                 .log = log});
}

/* The model of -m, or else the one inside this program. */
static int open_model(P2pModel **model, P2pDevice *device, const P2pOptions *o, const char *path,
                      const void *embedded, size_t bytes)
{
    const P2pModelSettings settings = {.eval = cli_flag(o, "eval"),
                                       .no_dropout = cli_flag(o, "no_dropout"),
                                       .keep_alpha = !cli_flag(o, "no_alpha"),
                                       .keep_profile = cli_flag(o, "keep_profile"),
                                       .bits = atoi(cli_text(o, "bits")),
                                       .options = o,
                                       .variants = cli_text(o, "variant"),
                                       .refs = cli_text(o, "ref")};

    return path[0] ? p2p_model_open(model, device, path, &settings)
                   : p2p_model_open_memory(model, device, embedded, bytes, &settings);
}

/* Of results whose names do not tell it. */
static int find_format(const P2pOptions *o, P2pImageFormat *format)
{
    const char *name = cli_text(o, "format");

    *format = P2P_IMAGE_PNG;
    return strcmp(name, "auto") ? p2p_image_format_named(name, format) : P2P_OK;
}

static bool is_pipe(const P2pArguments *inputs, const P2pOptions *o)
{
    return inputs->argc == 1 && !strcmp(inputs->argv[0], "-") &&
           !strcmp(cli_text(o, "output"), "-");
}

int main(int argc, char **argv)
{
    P2pOptions *o;
    P2pArguments inputs;
    P2pLog log;
    P2pDevice *device = NULL;
    P2pModel *model = NULL;
    P2pOutputs outputs = {0};
    TranslateFrames frames;
    P2pImageFormat format;
    char path[4096] = "";
    const void *embedded = NULL;
    size_t bytes = 0;
    int code = cli_parse(&o, P2P_PROGRAM_TRANSLATE, program, argc, argv, &inputs);

    if (code >= 0)
        return code;
    const bool raw = cli_text(o, "raw")[0];
    if (cli_text(o, "model_file")[0] &&
        !cli_find_model(path, sizeof(path), program, cli_text(o, "model_file"), o))
        return CLI_USAGE;
    if (!path[0] && p2p_embedded_model(&embedded, &bytes) < 0)
        return cli_fail(program, P2P_EIO);
    if ((!path[0] && !embedded) || !cli_text(o, "output")[0] || !inputs.argc) {
        cli_say(stderr, "%s: needs -m MODEL, at least one INPUT and -o OUTPUT; see --help",
                program);
        return CLI_USAGE;
    }
    if (raw && !is_pipe(&inputs, o)) {
        cli_say(stderr, "%s: --raw takes frames from standard input to standard output: - -o -",
                program);
        return CLI_USAGE;
    }
    if (raw && !translate_frames_parse(&frames, o))
        return CLI_USAGE;
    cli_log_init(&log, o);
    int err = find_format(o, &format);
    if (!err)
        err = plan_outputs(&outputs, &inputs, format, o, path, &log);
    if (!err)
        err = cli_open_device(&device, o, &log);
    if (!err)
        err = open_model(&model, device, o, path, embedded, bytes);
    if (err)
        code = cli_fail(program, err);
    else
        code =
            raw ? translate_frames(model, &frames, o) : translate_all(model, &outputs, format, o);
    p2p_outputs_finish(&outputs);
    p2p_model_close(&model);
    p2p_device_close(&device);
    return code;
}
