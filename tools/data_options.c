/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of p2p-data: its options, which command takes which, and other programs' ways to say it. */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

static const char help[] =
    "Usage: p2p-data demo DIR [--count N] [--seed N] [--size N]\n"
    "       p2p-data combine FOLDER_A FOLDER_B FOLDER_AB\n"
    "       p2p-data resize IN OUT --size N|WxH [--pad | --stretch]\n"
    "       p2p-data crop IN OUT --size N|WxH\n"
    "       p2p-data gray IN OUT\n"
    "       p2p-data blank IN OUT [--share F]\n"
    "       p2p-data edges IN OUT [--sigma F] [--low F] [--high F] [--least N] [--hed]\n"
    "       p2p-data labels IN OUT --table FILE [--back]\n"
    "       p2p-data cityscapes GTFINE LEFTIMG8BIT OUT [--size N]\n"
    "       p2p-data split IN OUT [--val F] [--test F] [--seed N]\n"
    "       p2p-data check DIR [--json]\n"
    "       p2p-data stats DIR [--json] [--svg FILE]\n\n"
    "Folders of pictures, with their subfolders; no picture that is read is written over.\n"
    "demo        draw pairs of facades and their label maps into DIR/train, DIR/val and DIR/test\n"
    "combine     join pictures of equal names side by side\n"
    "resize      to a size: cut to its shape in the middle (--pad: black around; --stretch: as is)\n"
    "crop        cut the middle out\n"
    "gray        one channel\n"
    "blank       a white hole in the middle, for inpainting\n"
    "edges       black lines on white (Canny); of HED's results: thresholded and thinned\n"
    "labels      colours of a table to indices; --back: indices to colours\n"
    "cityscapes  its photographs and label maps to A|B pictures\n"
    "split       copy into OUT/train, OUT/val and OUT/test; pairs of A/ and B/ stay together\n"
    "check       read every picture: unusable ones, partners that are missing or of another size,\n"
    "            the same picture twice\n"
    "stats       sizes, mean and spread of the samples\n\n"
    "      --count N        pairs for training (default 100); a tenth more for val and test each\n"
    "      --seed N         of the demonstration set and of split (default 0)\n"
    "      --size SIZE      pixels, N or WxH; demo: 32 to 4096 (default 256)\n"
    "      --pad            resize: black around, nothing is cut\n"
    "      --stretch        resize: both sides as they come\n"
    "      --back           labels: indices to colours\n"
    "      --format NAME    of the results: png, jpg, tif, webp, pam, npy (default png)\n"
    "      --quality N      of jpg, 1 to 100 (default 95)\n"
    "      --share F        of both sides (default 0.3)\n"
    "      --sigma F        smoothing before edges are looked for, pixels (default 1.4)\n"
    "      --high F         an edge begins above it, 0 to 255 (default 12, of HED 25)\n"
    "      --low F          and goes on above it (default 5, of HED as --high)\n"
    "      --least N        smaller edges vanish, pixels (default 5)\n"
    "      --hed            the pictures tell how surely each pixel is an edge\n"
    "      --table FILE     lines RED GREEN BLUE [NAME] of the classes from 0 on, or a GIMP palette\n"
    "      --val F          share for validation (default 0.1)\n"
    "      --test F         share for testing (default 0.1)\n"
    "      --svg FILE       draw the sizes\n"
    "      --json           print one JSON object\n"
    "      --dry_run        tell what would be written, write nothing\n"
    "      --skip_bad       what cannot be used is no failure\n"
    "      --no_exif        take pictures as they are stored, not turned as EXIF says\n"
    "      --max_pixels N   refuse larger pictures (default 178956970)\n"
    "      --num_threads N  (default: as many as processors)\n"
    "  -q, --quiet          errors only\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n\n"
    "Folders may be named as other programs do it:\n"
    "      --fold_A DIR  A, of combine as in pytorch-CycleGAN-and-pix2pix\n"
    "      --fold_B DIR  B\n"
    "      --fold_AB DIR  where to\n"
    "      --no_multiprocessing  changes nothing\n"
    "      --gtFine_dir DIR  label maps, of cityscapes as there\n"
    "      --leftImg8bit_dir DIR  photographs\n"
    "      --operation NAME  the command, as in pix2pix-tensorflow\n"
    "      --input_dir DIR  where from\n"
    "      --b_dir DIR  the second folder of combine\n"
    "      --output_dir DIR  where to\n\n"
    "Exit status: 0 done; 1 files or data, also what check found; 2 usage.\n";

const char data_program[] = "p2p-data";

typedef enum Kind { FLAG, WHOLE, NUMBER, TEXT, NOTHING } Kind;

typedef struct Option {
    const char *name;
    Kind kind;
    size_t offset;
    double least, most;
    const char *commands; /* those that take it; NULL: all */
} Option;

#define AT(field) offsetof(DataChoices, field)
#define CHANGES "combine resize crop gray blank edges labels cityscapes split "

/* clang-format off */
static const Option options[] = {
    {"count", WHOLE, AT(count), 1, 1000000, "demo "},
    {"seed", WHOLE, AT(seed), 0, 1073741823, "demo split "},
    {"size", TEXT, AT(size), 0, 0, "demo resize crop cityscapes "},
    {"format", TEXT, AT(format_name), 0, 0, "demo " CHANGES},
    {"quality", WHOLE, AT(quality), 1, 100, CHANGES},
    {"pad", FLAG, AT(pad), 0, 0, "resize "},
    {"stretch", FLAG, AT(stretch), 0, 0, "resize "},
    {"share", NUMBER, AT(share), 0.001, 1, "blank "},
    {"sigma", NUMBER, AT(sigma), 0.3, 30, "edges "},
    {"low", NUMBER, AT(low), 0.01, 255, "edges "},
    {"high", NUMBER, AT(high), 0.01, 255, "edges "},
    {"least", WHOLE, AT(least), 1, 1000000, "edges "},
    {"hed", FLAG, AT(hed), 0, 0, "edges "},
    {"table", TEXT, AT(table), 0, 0, "labels "},
    {"back", FLAG, AT(back), 0, 0, "labels "},
    {"val", NUMBER, AT(val), 0, 1, "split "},
    {"test", NUMBER, AT(test), 0, 1, "split "},
    {"svg", TEXT, AT(svg), 0, 0, "stats "},
    {"json", FLAG, AT(json), 0, 0, "check stats "},
    {"dry_run", FLAG, AT(dry_run), 0, 0, CHANGES},
    {"skip_bad", FLAG, AT(skip_bad), 0, 0, CHANGES},
    {"no_exif", FLAG, AT(no_exif), 0, 0, CHANGES "check stats "},
    {"max_pixels", WHOLE, AT(max_pixels), 1, 1e12, CHANGES "check stats "},
    {"num_threads", WHOLE, AT(threads), 0, 256, CHANGES "check stats "},
    {"fold_A", TEXT, AT(fold_A), 0, 0, "combine "},
    {"fold_B", TEXT, AT(fold_B), 0, 0, "combine "},
    {"fold_AB", TEXT, AT(fold_AB), 0, 0, "combine "},
    {"no_multiprocessing", NOTHING, 0, 0, 0, "combine "},
    {"gtFine_dir", TEXT, AT(gtFine_dir), 0, 0, "cityscapes "},
    {"leftImg8bit_dir", TEXT, AT(leftImg8bit_dir), 0, 0, "cityscapes "},
    {"operation", TEXT, AT(operation), 0, 0, NULL},
    {"input_dir", TEXT, AT(input_dir), 0, 0, NULL},
    {"b_dir", TEXT, AT(b_dir), 0, 0, "combine "},
    {"output_dir", TEXT, AT(output_dir), 0, 0, NULL},
    {"quiet", FLAG, AT(quiet), 0, 0, NULL},
};
/* clang-format on */

enum {
    COUNT = sizeof(options) / sizeof(options[0]),
    FIRST = 256, /* code of the first option in getopt's table */
};

static bool take_number(const Option *o, const char *text, double *out)
{
    return cli_number(text, o->kind == WHOLE, o->least, o->most, out);
}

/* False: the value is impossible. */
static bool take(const Option *o, const char *value, DataChoices *c)
{
    void *field = (char *)c + o->offset;
    double number = 0;

    switch (o->kind) {
    case FLAG:
        *(bool *)field = true;
        return true;
    case WHOLE:
        if (!take_number(o, value, &number))
            return false;
        *(long *)field = (long)number;
        return true;
    case NUMBER:
        return take_number(o, value, field);
    case TEXT:
        *(const char **)field = value;
        return *value;
    default:
        return true;
    }
}

/* N or WxH. */
static bool take_size(DataChoices *c)
{
    const Option side = {.kind = WHOLE, .least = 1, .most = 65536};
    char text[32];
    double w, h;

    if (!c->size)
        return true;
    if (strlen(c->size) >= sizeof(text))
        return false;
    strcpy(text, c->size);
    char *x = strchr(text, 'x');
    if (x)
        *x = '\0';
    if (!take_number(&side, text, &w) || (x && !take_number(&side, x + 1, &h)))
        return false;
    c->width = (long)w;
    c->height = x ? (long)h : (long)w;
    return true;
}

static int fail(const char *format, const char *a, const char *b)
{
    char text[512];

    snprintf(text, sizeof(text), format, a, b);
    cli_say(stderr, "%s: %s; see --help", data_program, text);
    return CLI_USAGE;
}

/* Folders given by options stand for those after the command. */
static int folders_by_options(const DataChoices *c, char **out)
{
    const char *const combine[] = {c->fold_A, c->fold_B, c->fold_AB};
    const char *const cities[] = {c->gtFine_dir, c->leftImg8bit_dir, c->output_dir};
    const char *const one[] = {c->input_dir, c->output_dir, NULL};
    const char *const two[] = {c->input_dir, c->b_dir, c->output_dir};
    const char *const *from = c->fold_A || c->fold_B || c->fold_AB  ? combine
                              : c->gtFine_dir || c->leftImg8bit_dir ? cities
                              : c->b_dir                            ? two
                                                                    : one;
    int count = 0;

    while (count < 3 && from[count]) {
        out[count] = (char *)from[count];
        count++;
    }
    return count;
}

static int check_options(const DataCommand *command, const bool *given)
{
    for (int i = 0; i < COUNT; i++) {
        const char *commands = options[i].commands;
        char word[32];
        snprintf(word, sizeof(word), "%s ", command->name);
        const char *at = commands ? strstr(commands, word) : NULL;
        if (given[i] && commands && !(at && (at == commands || at[-1] == ' ')))
            return fail("--%s has no meaning for %s", options[i].name, command->name);
    }
    return -1;
}

static int find_command(int argc, char **argv, DataChoices *c, const DataCommand **command,
                        char ***folders)
{
    static char *by_options[3];
    const char *name = c->operation ? c->operation : optind < argc ? argv[optind++] : "";
    int count = argc - optind;
    char needs[64];

    *command = data_command(strcmp(name, "grayscale") ? name : "gray");
    if (!*command)
        return *name ? fail("%s is no command%s", name, "")
                     : fail("name a command, such as combine or check%s%s", "", "");
    *folders = argv + optind;
    if (!count) {
        *folders = by_options;
        count = folders_by_options(c, by_options);
    }
    snprintf(needs, sizeof(needs), "%d folder%s", (*command)->folders,
             (*command)->folders == 1 ? "" : "s");
    if (count != (*command)->folders)
        return fail("%s needs %s", (*command)->name, needs);
    return -1;
}

static int parse_options(int argc, char **argv, DataChoices *c, bool *given)
{
    struct option table[COUNT + 3] = {{0}};
    int code;

    for (int i = 0; i < COUNT; i++)
        table[i] = (struct option){
            options[i].name,
            options[i].kind == FLAG || options[i].kind == NOTHING ? no_argument : required_argument,
            NULL, FIRST + i};
    table[COUNT] = (struct option){"help", no_argument, NULL, 'h'};
    table[COUNT + 1] = (struct option){"version", no_argument, NULL, 'V'};
    opterr = 0; /* its messages would begin with the program's path */
    while ((code = getopt_long(argc, argv, ":qhV", table, NULL)) != -1) {
        if (code == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (code == 'V') {
            printf("%s (pix2pix-cl) %s\n", data_program, p2p_version());
            return CLI_OK;
        }
        if (code == ':' || code == '?')
            return fail("%s %s", argv[optind - (optind > 1)],
                        code == ':' ? "needs a value" : "is no option");
        const int i = code == 'q' ? COUNT - 1 : code - FIRST;
        given[i] = true;
        if (!take(&options[i], optarg, c))
            return fail("--%s: '%s' is out of range", options[i].name, optarg);
    }
    return -1;
}

int data_parse(int argc, char **argv, DataChoices *c, const DataCommand **command, char ***folders)
{
    bool given[COUNT] = {false};
    int code;

    *c = (DataChoices){
        .count = 100, .threads = cli_processors(), .val = .1, .test = .1, .share = .3};
    if ((code = parse_options(argc, argv, c, given)) >= 0)
        return code;
    if (!take_size(c))
        return fail("--size: '%s' is out of range%s", c->size, "");
    if (c->format_name && p2p_image_format_named(c->format_name, &c->format) < 0)
        return cli_fail(data_program, P2P_EINVAL);
    if ((code = find_command(argc, argv, c, command, folders)) >= 0)
        return code;
    return check_options(*command, given);
}
