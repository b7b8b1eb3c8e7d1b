/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-translate: translate pictures, files or folders, with a model file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-translate -m MODEL INPUT... -o OUTPUT [OPTION]...\n"
    "Translate pictures. INPUT: files and folders (with their subfolders); OUTPUT: a file (.png,\n"
    ".jpg) for one file, else a folder, where each output has its input's name as .png; FOLDER/ with\n"
    "a slash is made for one file too. - is standard input or output (PNG). An input is never\n"
    "overwritten. MODEL: any that pix2pix-cl reads; a program made by p2p-export --standalone has\n"
    "its own. Needs an OpenCL driver and the libraries libOpenCL, libjpeg, libpng16,\n"
    "libjansson, libzip, libnettle and libz.\n";

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

static int read_input(P2pImage *image, const char *path, const P2pOptions *o)
{
    if (strcmp(path, "-") != 0)
        return p2p_image_read(image, path, cli_size(o, "max_pixels"));
    size_t bytes;
    unsigned char *data = read_stdin(&bytes);
    const int err = p2p_image_read_memory(image, data, data ? bytes : 0, "standard input",
                                          cli_size(o, "max_pixels"));
    free(data);
    return err;
}

/* What is done with all pictures. */
typedef struct Work {
    P2pModel *model;
    const P2pOptions *options;
    size_t done, bad;
    int code; /* of the first bad one */
} Work;

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

static int write_output(const P2pImage *image, const P2pOutput *output, bool single,
                        const P2pOptions *o)
{
    unsigned char *data;
    size_t bytes;
    int err;

    if (strcmp(output->to, "-") != 0) {
        err = single ? P2P_OK : p2p_output_make_folder(output);
        return err ? err : p2p_image_write(image, output->to, cli_int(o, "jpeg_quality"));
    }
    err = p2p_image_encode(image, P2P_IMAGE_PNG, 0, &data, &bytes);
    /* A failure is told when the program ends. */
    const bool bad = !err && (fwrite(data, 1, bytes, stdout) != bytes || fflush(stdout) != 0);
    free(data);
    return bad ? CLI_FAILED : err;
}

/* 0 to go on, or an exit code with the message printed. */
static int translate(Work *w, const P2pOutput *output, bool single)
{
    P2pImage in = {0}, out = {0};
    int err = read_input(&in, output->from, w->options), code;
    const char *subject = err ? NULL : output->from; /* else the message names the file */

    if (!err && !cli_flag(w->options, "no_exif"))
        err = p2p_image_upright(&in);
    if (!err)
        err = p2p_model_translate(w->model, &in, &out);
    if (err) {
        code = put_aside(w, subject, err);
    } else {
        err = write_output(&out, output, single, w->options);
        code = err < 0 ? cli_fail(program, err) : err;
        w->done += !err;
        if (!err && cli_flag(w->options, "verbose"))
            cli_say(stderr, "%s -> %s", output->from, output->to);
    }
    p2p_image_finish(&in);
    p2p_image_finish(&out);
    return code;
}

static int translate_all(P2pModel *model, const P2pOutputs *outputs, const P2pOptions *o)
{
    const bool skip = cli_flag(o, "skip_bad");
    Work w = {.model = model, .options = o};
    int code = CLI_OK;

    for (size_t i = 0; !code && i < outputs->count; i++)
        code = translate(&w, &outputs->items[i], outputs->single);
    if (code || outputs->single)
        return code ? code : w.code;
    if (!cli_flag(o, "quiet")) {
        char bad[64] = "";
        if (w.bad)
            snprintf(bad, sizeof(bad), ", %zu %s", w.bad, skip ? "skipped" : "failed");
        cli_say(stderr, "%zu picture%s in %s%s", w.done, w.done == 1 ? "" : "s",
                cli_text(o, "output"), bad);
    }
    return w.bad && (!skip || !w.done) ? CLI_FAILED : CLI_OK;
}

static int plan_outputs(P2pOutputs *outputs, const P2pArguments *inputs, const P2pOptions *o,
                        const P2pLog *log)
{
    const char *model = cli_text(o, "model_file");

    return p2p_outputs_init(outputs,
                            &(P2pOutputSettings){.inputs = inputs->argv,
                                                 .input_count = (size_t)inputs->argc,
                                                 .output = cli_text(o, "output"),
                                                 .model = model[0] ? model : "/proc/self/exe",
                                                 .keep_suffix = cli_flag(o, "keep_suffix"),
                                                 .log = log});
}

/* The model of -m, or else the one inside this program. */
static int open_model(P2pModel **model, P2pDevice *device, const P2pOptions *o,
                      const void *embedded, size_t bytes)
{
    const P2pModelSettings settings = {.eval = cli_flag(o, "eval"),
                                       .no_dropout = cli_flag(o, "no_dropout"),
                                       .options = o,
                                       .variants = cli_text(o, "variant"),
                                       .refs = cli_text(o, "ref")};

    return cli_text(o, "model_file")[0]
               ? p2p_model_open(model, device, cli_text(o, "model_file"), &settings)
               : p2p_model_open_memory(model, device, embedded, bytes, &settings);
}

int main(int argc, char **argv)
{
    P2pOptions *o;
    P2pArguments inputs;
    P2pLog log;
    P2pDevice *device = NULL;
    P2pModel *model = NULL;
    P2pOutputs outputs = {0};
    const void *embedded = NULL;
    size_t bytes = 0;
    int code = cli_parse(&o, P2P_PROGRAM_TRANSLATE, program, argc, argv, &inputs);

    if (code >= 0)
        return code;
    if (!cli_text(o, "model_file")[0] && p2p_embedded_model(&embedded, &bytes) < 0)
        return cli_fail(program, P2P_EIO);
    if ((!cli_text(o, "model_file")[0] && !embedded) || !cli_text(o, "output")[0] || !inputs.argc) {
        cli_say(stderr, "%s: needs -m MODEL, at least one INPUT and -o OUTPUT; see --help",
                program);
        return CLI_USAGE;
    }
    cli_log_init(&log, o);
    int err = plan_outputs(&outputs, &inputs, o, &log);
    if (!err)
        err = cli_open_device(&device, o, &log);
    if (!err)
        err = open_model(&model, device, o, embedded, bytes);
    code = err ? cli_fail(program, err) : translate_all(model, &outputs, o);
    p2p_outputs_finish(&outputs);
    p2p_model_close(&model);
    p2p_device_close(&device);
    return code;
}
