/* SPDX-License-Identifier: BSD-2-Clause */
/* Parsing, help, storing and checking of options, all from the table. Opens no file. */
#include "p2p/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/options/options_table.h"

static int find(const char *name)
{
    for (int i = 0; i < p2p_option_count; i++)
        if (p2p_option_table[i].name && !strcmp(p2p_option_table[i].name, name))
            return i;
    return -1;
}

/* ---- Nearest names ------------------------------------------------------------------------- */

/* Edit distance (Levenshtein), case ignored for letters of ASCII. */
static int distance(const char *a, const char *b)
{
    enum { MOST = 64 };
    int row[MOST + 1];
    const int n = (int)strlen(b);

    if (n > MOST || strlen(a) > MOST)
        return INT_MAX;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 0; a[i]; i++) {
        int diagonal = row[0];
        row[0] = i + 1;
        for (int j = 0; j < n; j++) {
            const int same = (a[i] | 32) == (b[j] | 32) ? 0 : 1;
            const int next = p2p_min(p2p_min(row[j + 1], row[j]) + 1, diagonal + same);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    return row[n];
}

static const char *nearest_option(const char *name, unsigned program)
{
    const char *best = "help";
    int least = INT_MAX;

    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOption *o = &p2p_option_table[i];
        const int d = o->name && o->programs & program ? distance(name, o->name) : INT_MAX;
        if (d < least) {
            least = d;
            best = o->name;
        }
    }
    return best;
}

/* Place of value among "a|b|c", or -1; *nearest is the most similar one (not terminated, *n long). */
static int find_choice(const char *choices, const char *value, const char **nearest, int *n)
{
    int least = INT_MAX, place = 0;

    for (const char *at = choices;; place++) {
        const int length = (int)strcspn(at, "|");
        char word[64];
        snprintf(word, sizeof(word), "%.*s", length, at);
        const int d = distance(value, word);
        if (!strcmp(word, value))
            return place;
        if (d < least) {
            least = d;
            *nearest = at;
            *n = length;
        }
        if (!at[length])
            return -1;
        at += length + 1;
    }
}

/* ---- Setting and getting ------------------------------------------------------------------- */

static int set_number(const P2pOption *o, void *field, const char *text)
{
    char *end;
    double value;

    value = strtod(text, &end); /* too large: infinite, which no range has */
    if (!*text || *end || value != value)
        return p2p_fail(P2P_EINVAL, "--%s takes a number, not '%.80s'", o->name, text);
    if (value < o->min || value > o->max)
        return p2p_fail(P2P_EINVAL, "--%s takes %.12g to %.12g, not %.80s", o->name, o->min, o->max,
                        text);
    if (o->type != P2P_OPTION_FLOAT && value != (double)(long long)value)
        return p2p_fail(P2P_EINVAL, "--%s takes a whole number, not '%.80s'", o->name, text);
    if (o->type == P2P_OPTION_INT)
        *(int *)field = (int)value;
    else if (o->type == P2P_OPTION_LONG)
        *(long *)field = (long)value;
    else
        *(double *)field = value;
    return P2P_OK;
}

static int set_text(const P2pOption *o, void *field, const char *text)
{
    const char *nearest = NULL;
    int n = 0, place = 0;

    if (o->choices && (place = find_choice(o->choices, text, &nearest, &n)) < 0)
        return p2p_fail(P2P_EINVAL, "--%s takes %s, not '%.80s'; did you mean %.*s?", o->name,
                        o->choices, text, n, nearest);
    if (o->type == P2P_OPTION_CHOICE)
        *(int *)field = place;
    else if (strlen(text) >= o->size)
        return p2p_fail(P2P_EINVAL, "--%s takes at most %zu bytes", o->name, o->size - 1);
    else
        memcpy(field, text, strlen(text) + 1);
    return P2P_OK;
}

static int set(P2pOptions *options, int i, const char *text)
{
    const P2pOption *o = &p2p_option_table[i];
    void *field = (char *)options + o->offset;

    switch (o->type) {
    case P2P_OPTION_FLAG:
        if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
            return p2p_fail(P2P_EINVAL, "--%s takes no value", o->name);
        *(bool *)field = text[0] == '1';
        return P2P_OK;
    case P2P_OPTION_STRING:
    case P2P_OPTION_CHOICE:
        return set_text(o, field, text);
    default:
        return set_number(o, field, text);
    }
}

void p2p_options_init(P2pOptions *options)
{
    *options = (P2pOptions){0};
    for (int i = 0; i < p2p_option_count; i++)
        if (p2p_option_table[i].name)
            P2P_ASSERT(set(options, i, p2p_option_table[i].initial) == P2P_OK);
}

int p2p_options_set(P2pOptions *options, const char *name, const char *value)
{
    const int i = find(name);
    const int err =
        i < 0 ? p2p_fail(P2P_EINVAL, "there is no option '%.80s'", name) : set(options, i, value);

    if (!err)
        options->given[i] = true;
    return err;
}

bool p2p_options_given(const P2pOptions *options, const char *name)
{
    const int i = find(name);

    return i >= 0 && options->given[i];
}

const char *p2p_options_choice(const char *name, int value)
{
    static _Thread_local char word[64];
    const int i = find(name);
    const char *at = i < 0 ? NULL : p2p_option_table[i].choices;

    for (int k = 0; at && k < value; k++)
        at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL;
    if (!at)
        return NULL;
    snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, "|"), at);
    return word;
}

bool p2p_options_stored(const P2pOptions *options, int i, const char **name, char *value,
                        size_t bytes)
{
    for (int k = 0; k < p2p_option_count; k++) {
        const P2pOption *o = &p2p_option_table[k];
        const void *field = (const char *)options + o->offset;
        if (!o->name || !o->stored || i-- > 0)
            continue;
        *name = o->name;
        switch (o->type) {
        case P2P_OPTION_FLAG:
            snprintf(value, bytes, "%d", *(const bool *)field);
            break;
        case P2P_OPTION_INT:
            snprintf(value, bytes, "%d", *(const int *)field);
            break;
        case P2P_OPTION_LONG:
            snprintf(value, bytes, "%ld", *(const long *)field);
            break;
        case P2P_OPTION_FLOAT:
            snprintf(value, bytes, "%.17g", *(const double *)field);
            break;
        case P2P_OPTION_STRING:
            snprintf(value, bytes, "%s", (const char *)field);
            break;
        case P2P_OPTION_CHOICE:
            snprintf(value, bytes, "%s", p2p_options_choice(o->name, *(const int *)field));
            break;
        }
        return true;
    }
    return false;
}

/* ---- Command line -------------------------------------------------------------------------- */

enum {
    HELP = 'h',
    VERSION = 'V',
    QUIET = 'q',
    VERBOSE = 'v',
    MODEL = 'm',
    OUTPUT = 'o',
    FIRST = 256,
    EXTRA = 3
};

/* getopt's own table: each option under its name; `-` in arguments was turned into `_` before. */
static void long_options(unsigned program, struct option *out)
{
    int n = 0;

    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOption *o = &p2p_option_table[i];
        if (o->name && o->programs & program)
            out[n++] = (struct option){o->name,
                                       o->type == P2P_OPTION_FLAG ? no_argument : required_argument,
                                       NULL, FIRST + i};
    }
    out[n++] = (struct option){"help", no_argument, NULL, HELP};
    out[n++] = (struct option){"version", no_argument, NULL, VERSION};
    out[n] = (struct option){0};
}

/* --n-layers-D=2 -> --n_layers_D=2; the value stays. */
static void fold_name(char *argument)
{
    for (char *at = argument + 2; *at && *at != '='; at++)
        if (*at == '-')
            *at = '_';
}

/* For getopt's '?': letter is 0 for an unknown name, a known option's code for a needless value. */
static int fail_unknown(const char *argument, int letter, unsigned program)
{
    char name[64];

    if (letter >= FIRST || ((letter == HELP || letter == VERSION) && argument[1] == '-'))
        return p2p_fail(P2P_EINVAL, "--%.*s takes no value", (int)strcspn(argument + 2, "="),
                        argument + 2);
    if (letter)
        return p2p_fail(P2P_EINVAL, "there is no option '-%c'; --help lists them", letter);
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
    return p2p_fail(P2P_EINVAL, "there is no option '--%s'; did you mean --%s? (--help lists them)",
                    name, nearest_option(name, program));
}

static int take(P2pOptions *options, int code, const char *value)
{
    const char *const by_letter = code == QUIET     ? "quiet"
                                  : code == VERBOSE ? "verbose"
                                  : code == MODEL   ? "model"
                                                    : "output";
    const int i = code >= FIRST ? code - FIRST : find(by_letter);
    const int err = set(options, i, value ? value : "1");

    if (!err)
        options->given[i] = true;
    return err;
}

static int leave_out_winograd(P2pOptions *o)
{
    const size_t used = strlen(o->variant);

    if (!o->no_winograd)
        return P2P_OK;
    if (used + sizeof(",-winograd") > sizeof(o->variant))
        return p2p_fail(P2P_EINVAL, "--variant is too long");
    snprintf(o->variant + used, sizeof(o->variant) - used, "%s-winograd", used ? "," : "");
    return P2P_OK;
}

int p2p_options_parse(P2pOptions *options, unsigned program, int argc, char **argv,
                      P2pArguments *rest, char *asked)
{
    const bool model = program & (P2P_PROGRAM_TRANSLATE | P2P_PROGRAM_TEST);
    const bool output = program & (P2P_PROGRAM_TRANSLATE | P2P_PROGRAM_EXPORT);
    char letters[16];
    struct option *table = p2p_alloc((size_t)p2p_option_count + EXTRA, sizeof(*table));
    int code, err = table ? P2P_OK : P2P_ENOMEM;

    *asked = 0;
    snprintf(letters, sizeof(letters), ":hVqv%s%s", model ? "m:" : "", output ? "o:" : "");
    for (int i = 1; !err && i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strncmp(argv[i], "--", 2))
            fold_name(argv[i]);
    if (!err)
        long_options(program, table);
    optind = 0; /* start anew, also on a second call */
    opterr = 0;
    while (!err && !*asked && (code = getopt_long(argc, argv, letters, table, NULL)) != -1) {
        if (code == '?')
            err = fail_unknown(argv[optind - 1], optopt, program);
        else if (code == ':')
            err = p2p_fail(P2P_EINVAL, "%.80s needs a value", argv[optind - 1]);
        else if (code == HELP || code == VERSION)
            *asked = (char)code;
        else
            err = take(options, code, optarg);
    }
    rest->argv = argv + optind;
    rest->argc = argc - optind;
    free(table);
    return err ? err : leave_out_winograd(options);
}

/* ---- Help ---------------------------------------------------------------------------------- */

static void append(char **text, size_t *used, size_t *room, const char *line)
{
    const size_t n = strlen(line);

    if (*text && p2p_grow((void **)text, room, *used + n + 1, 1) == P2P_OK) {
        memcpy(*text + *used, line, n + 1);
        *used += n;
    }
}

static void help_line(const P2pOption *o, char *line, size_t bytes)
{
    char left[64], right[256];

    if (o->type == P2P_OPTION_FLAG)
        snprintf(left, sizeof(left), "--%s", o->name);
    else
        snprintf(left, sizeof(left), "--%s %s", o->name,
                 o->type == P2P_OPTION_STRING && !o->choices ? "TEXT"
                 : o->choices                                ? "NAME"
                                                             : "N");
    if (o->choices)
        snprintf(right, sizeof(right), "%s: %s (default %s)", o->help, o->choices, o->initial);
    else if (o->type == P2P_OPTION_FLAG || !*o->initial)
        snprintf(right, sizeof(right), "%s", o->help);
    else if (o->type == P2P_OPTION_STRING)
        snprintf(right, sizeof(right), "%s (default %s)", o->help, o->initial);
    else
        snprintf(right, sizeof(right), "%s (%.9g to %.9g, default %s)", o->help, o->min, o->max,
                 o->initial);
    snprintf(line, bytes, "  %-24s %s\n", left, right);
}

char *p2p_options_help(unsigned program, const char *usage)
{
    size_t used = 0, room = 1;
    char *text = p2p_alloc(room, 1), line[512];
    const P2pOption *heading = NULL;

    append(&text, &used, &room, usage);
    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOption *o = &p2p_option_table[i];
        if (!o->name) {
            heading = o;
        } else if (o->programs & program) {
            if (heading) {
                snprintf(line, sizeof(line), "\n%s\n", heading->group);
                append(&text, &used, &room, line);
                heading = NULL;
            }
            help_line(o, line, sizeof(line));
            append(&text, &used, &room, line);
        }
    }
    append(&text, &used, &room,
           "  -h, --help               this text\n  -V, --version            the version\n\n"
           "Exit status: 0 done; 1 files, data or numbers; 2 usage; 3 device; 4 --device_timeout;\n"
           "128 + N stopped by signal N with everything saved.\n");
    return text;
}

/* ---- What options mean together ------------------------------------------------------------ */

int p2p_options_check(const P2pOptions *o, unsigned program)
{
    if (!(program & P2P_PROGRAM_TRAIN))
        return P2P_OK;
    if (o->continue_train && o->overwrite)
        return p2p_fail(P2P_EINVAL, "--continue_train and --overwrite exclude each other");
    if (o->preprocess == 0 && o->load_size < o->crop_size)
        return p2p_fail(P2P_EINVAL,
                        "--load_size %d is smaller than --crop_size %d; make it at "
                        "least as large",
                        o->load_size, o->crop_size);
    if (o->lambda_L1 == 0 && o->lambda_GAN == 0)
        return p2p_fail(P2P_EINVAL, "--lambda_L1 0 and --lambda_GAN 0 leave nothing to learn");
    if (o->given[find("n_layers_D")] && strcmp(o->netD, "n_layers") != 0)
        return p2p_fail(P2P_EINVAL, "--n_layers_D needs --netD n_layers");
    if (o->n_epochs + o->n_epochs_decay == 0)
        return p2p_fail(P2P_EINVAL, "--n_epochs 0 and --n_epochs_decay 0 leave nothing to do");
    if (o->quiet && o->verbose)
        return p2p_fail(P2P_EINVAL, "--quiet and --verbose exclude each other");
    if (strchr(o->name, '/') || !o->name[0] || o->name[0] == '.')
        return p2p_fail(P2P_EINVAL, "--name is the name of a folder, without / and leading dot");
    return P2P_OK;
}

void p2p_options_apply_preset(P2pOptions *o)
{
    static const struct {
        int preset;
        const char *name, *value;
    } choices[] = {
        {P2P_PRESET_PAPER, "adam_epsilon_hat", "1"},
        {P2P_PRESET_TORCH, "adam_epsilon_hat", "1"},
        {P2P_PRESET_TENSORFLOW, "adam_epsilon_hat", "1"},
        {P2P_PRESET_PAPER, "lr_policy", "constant"},
        {P2P_PRESET_TORCH, "lr_policy", "constant"},
        {P2P_PRESET_TENSORFLOW, "lr_policy", "constant"},
        {P2P_PRESET_MRZHU, "netG", "resnet_6blocks"},
        {P2P_PRESET_MRZHU, "lambda_L1", "10"},
        {P2P_PRESET_MRZHU, "gan_mode", "lsgan"},
        {P2P_PRESET_MRZHU, "no_dropout", "1"},
    };

    for (size_t i = 0; i < P2P_COUNT(choices); i++) {
        const int option = find(choices[i].name);
        if (choices[i].preset == o->preset && !o->given[option])
            P2P_ASSERT(set(o, option, choices[i].value) == P2P_OK);
    }
}
