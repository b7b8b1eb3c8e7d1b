/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-translate: translate pictures, files or folders, with a model file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-translate -m MODEL INPUT... -o OUTPUT [OPTION]...\n"
    "Translate pictures. INPUT: files or one folder; OUTPUT: a file (.png, .jpg) for one input,\n"
    "else a folder, where each output has its input's name as .png. - is standard input or\n"
    "output (PNG). MODEL: any that pix2pix-cl reads; a program made by p2p-export --standalone has\n"
    "its own. Needs an OpenCL driver and the libraries libOpenCL, libjpeg, libpng16,\n"
    "libjansson, libzip, libnettle and libz.\n";

static const char program[] = "p2p-translate";

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

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

static int write_output(const P2pImage *image, const char *path, const P2pOptions *o)
{
    unsigned char *data;
    size_t bytes;

    if (strcmp(path, "-") != 0)
        return p2p_image_write(image, path, cli_int(o, "jpeg_quality"));
    const int err = p2p_image_encode(image, P2P_IMAGE_PNG, 0, &data, &bytes);
    /* A failure is told when the program ends. */
    const bool bad = !err && (fwrite(data, 1, bytes, stdout) != bytes || fflush(stdout) != 0);
    free(data);
    return bad ? CLI_FAILED : err;
}

/* 0, or an exit code with the message printed. */
static int translate(P2pModel *model, const char *from, const char *to, const P2pOptions *o)
{
    P2pImage in = {0}, out = {0};
    int err = read_input(&in, from, o);

    const bool read = !err;

    if (!err)
        err = p2p_model_translate(model, &in, &out);
    const char *subject = read && err ? from : NULL; /* else the message names the file */
    if (!err)
        err = write_output(&out, to, o);
    p2p_image_finish(&in);
    p2p_image_finish(&out);
    if (!err && cli_flag(o, "verbose"))
        cli_say(stderr, "%s -> %s", from, to);
    return err < 0 ? cli_fail_at(program, subject, err) : err;
}

/* FOLDER/STEM.png in fresh memory. */
static char *output_path(const char *folder, const char *input)
{
    const char *name = strrchr(input, '/') ? strrchr(input, '/') + 1 : input;
    const char *dot = strrchr(name, '.');
    const int stem = (int)(dot && dot != name ? (size_t)(dot - name) : strlen(name));
    const size_t bytes = strlen(folder) + (size_t)stem + 8;
    char *path = malloc(bytes);

    if (path)
        snprintf(path, bytes, "%s/%.*s.png", folder, stem, name);
    return path;
}

static int translate_into(P2pModel *model, const char *input, const P2pOptions *o)
{
    char *path = output_path(cli_text(o, "output"), input);
    const int code = path ? translate(model, input, path, o) : CLI_FAILED;

    free(path);
    return code;
}

static int translate_folder(P2pModel *model, const char *folder, const P2pOptions *o)
{
    char **names;
    size_t count;
    int code = CLI_OK;

    if (p2p_folder_pictures(folder, &names, &count) < 0)
        return cli_fail(program, P2P_EIO);
    if (!count) {
        cli_say(stderr, "%s: %s: no pictures (.png, .jpg, .jpeg) in this folder", program, folder);
        code = CLI_FAILED;
    }
    for (size_t i = 0; !code && i < count; i++) {
        const size_t bytes = strlen(folder) + strlen(names[i]) + 2;
        char *path = malloc(bytes);
        if (path)
            snprintf(path, bytes, "%s/%s", folder, names[i]);
        code = path ? translate_into(model, path, o) : CLI_FAILED;
        free(path);
    }
    p2p_names_free(names, count);
    return code;
}

static int translate_all(P2pModel *model, const P2pArguments *inputs, const P2pOptions *o)
{
    const bool one = inputs->argc == 1 && !is_folder(inputs->argv[0]);
    int code = CLI_OK;

    if (one && !is_folder(cli_text(o, "output")))
        return translate(model, inputs->argv[0], cli_text(o, "output"), o);
    if (mkdir(cli_text(o, "output"), 0777) != 0 && !is_folder(cli_text(o, "output"))) {
        cli_say(stderr, "%s: %s: the output folder cannot be made", program, cli_text(o, "output"));
        return CLI_FAILED;
    }
    for (int i = 0; !code && i < inputs->argc; i++)
        code = is_folder(inputs->argv[i]) ? translate_folder(model, inputs->argv[i], o)
                                          : translate_into(model, inputs->argv[i], o);
    return code;
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
    int err = cli_open_device(&device, o, &log);
    if (!err)
        err = open_model(&model, device, o, embedded, bytes);
    code = err ? cli_fail(program, err) : translate_all(model, &inputs, o);
    p2p_model_close(&model);
    p2p_device_close(&device);
    return code;
}
