/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines: getopt_long over the table of options. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/options/options_table.h"
#include "src/options/peers.h"

/* NULL: none is near. */
static const char *nearest_option(const char *name, unsigned program)
{
    const char *best = NULL;
    int least = 2 + (int)strlen(name) / 4;

    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOptionInfo *o = &p2p_option_table[i].info;
        const int d = o->programs & program ? p2p_option_distance(name, o->name) : INT_MAX;
        if (d < least) {
            least = d;
            best = o->name;
        }
    }
    return best;
}

enum {
    HELP = 'h',
    VERSION = 'V',
    QUIET = 'q',
    VERBOSE = 'v',
    MODEL = 'm',
    KIND_OR_MODEL = 'M', /* --model where files are used: no letter */
    OUTPUT = 'o',
    FIRST = 256,
    EXTRA = 4
};

static bool is_typed(const char *name, int argc, char **argv)
{
    const size_t n = strlen(name);

    for (int i = 1; i < argc; i++)
        if (!strncmp(argv[i], "--", 2) && !strncmp(argv[i] + 2, name, n) &&
            (!argv[i][2 + n] || argv[i][2 + n] == '='))
            return true;
    return false;
}

/*
 * Other programs' options, from out[n] on. Only those that are there: abbreviations of ours stay
 * what they are.
 */
static int peer_options(unsigned program, int argc, char **argv, struct option *out, int n)
{
    static const int value[] = {[P2P_PEER_FLAG] = no_argument,
                                [P2P_PEER_VALUE] = required_argument,
                                [P2P_PEER_GPUS] = required_argument,
                                [P2P_PEER_CALLED] = optional_argument};

    for (int i = 0; i < p2p_peer_option_count; i++) {
        const P2pPeerOption *o = &p2p_peer_options[i];
        if (o->programs & program && is_typed(o->name, argc, argv))
            out[n++] = (struct option){o->name, value[o->kind], NULL, FIRST + p2p_option_count + i};
    }
    return n;
}

/* getopt's own table: each option under its name; `-` in arguments was turned into `_` before. */
static void long_options(unsigned program, int argc, char **argv, struct option *out)
{
    int n = 0;

    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOptionInfo *o = &p2p_option_table[i].info;
        if (o->programs & program)
            out[n++] = (struct option){o->name,
                                       o->type == P2P_OPTION_FLAG ? no_argument : required_argument,
                                       NULL, FIRST + i};
    }
    if (program & (P2P_PROGRAM_TEST | P2P_PROGRAM_TRANSLATE))
        out[n++] = (struct option){"model", required_argument, NULL, KIND_OR_MODEL};
    n = peer_options(program, argc, argv, out, n);
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
    const char *near = nearest_option(name, program);
    return p2p_fail(P2P_EINVAL, "there is no option '--%s'%s%s%s", name,
                    near ? "; did you mean --" : "", near ? near : "",
                    near ? "? (--help lists them)" : "; --help lists them");
}

/* What --model means in pytorch-CycleGAN-and-pix2pix; a file says it itself. */
static bool is_kind_of_model(const char *value)
{
    const char *const *words = p2p_option_table[p2p_option_find("model")].info.choices;

    while (*words && strcmp(*words, value) != 0)
        words++;
    return (*words || !strcmp(value, "test")) && access(value, F_OK) != 0;
}

static int take(P2pOptions *options, int code, const char *value)
{
    const char *const by_letter = code == QUIET                            ? "quiet"
                                  : code == VERBOSE                        ? "verbose"
                                  : code == MODEL || code == KIND_OR_MODEL ? "model_file"
                                                                           : "output";
    if (code == KIND_OR_MODEL && is_kind_of_model(value))
        return strcmp(value, "test") ? P2P_OK : p2p_options_set(options, "dataset_mode", "single");
    if (code >= FIRST + p2p_option_count)
        return p2p_peer_option_take(options, &p2p_peer_options[code - FIRST - p2p_option_count],
                                    value);
    const int i = code >= FIRST ? code - FIRST : p2p_option_find(by_letter);
    const int err = p2p_option_set(options, i, value ? value : "1");

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
    P2P_NEED(options);
    P2P_NEED(argv);
    P2P_NEED(rest);
    P2P_NEED(asked);

    const bool model = program & (P2P_PROGRAM_TRANSLATE | P2P_PROGRAM_TEST);
    const bool output = program & (P2P_PROGRAM_TRANSLATE | P2P_PROGRAM_EXPORT);
    const size_t most = (size_t)(p2p_option_count + p2p_peer_option_count) + EXTRA;
    char letters[16];
    struct option *table = p2p_alloc(most, sizeof(*table));
    int code, err = table ? P2P_OK : P2P_ENOMEM;

    *asked = 0;
    snprintf(letters, sizeof(letters), ":hVqv%s%s", model ? "m:" : "", output ? "o:" : "");
    for (int i = 1; !err && i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strncmp(argv[i], "--", 2))
            fold_name(argv[i]);
    if (!err)
        long_options(program, argc, argv, table);
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
