/* SPDX-License-Identifier: BSD-2-Clause */
/* p2p-bench compare: hand over to tools/compare.py, which is within this program, in the user's Python. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

enum { VALUE_BYTES = 1024, MOST_ARGUMENTS = 64 };

extern const char *const bench_compare_py[];

static const char program[] = "p2p-bench";

/* What p2p-bench is called with in turn with the others: text, and numbers. */
static const char *const texts[] = {"netG",   "netD",    "norm",     "dtype",
                                    "device", "variant", "precision"};
static const char *const numbers[] = {"ngf", "ndf", "batch_size", "size", "steps", "vector_width"};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]), NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

typedef struct Command {
    char *argument[MOST_ARGUMENTS];
    char name[TEXTS + NUMBERS][32], value[NUMBERS][16];
    int count;
} Command;

static void add(Command *c, const char *argument)
{
    c->argument[c->count++] = (char *)argument;
}

static void add_options(Command *c, const P2pOptions *o)
{
    for (int i = 0; i < TEXTS + NUMBERS; i++)
        snprintf(c->name[i], sizeof(c->name[i]), "--%s", i < TEXTS ? texts[i] : numbers[i - TEXTS]);
    for (int i = 0; i < TEXTS; i++)
        if (cli_text(o, texts[i])[0]) {
            add(c, c->name[i]);
            add(c, cli_text(o, texts[i]));
        }
    for (int i = 0; i < NUMBERS; i++) {
        snprintf(c->value[i], sizeof(c->value[i]), "%d", cli_int(o, numbers[i]));
        add(c, c->name[TEXTS + i]);
        add(c, c->value[i]);
    }
}

static char *join(const char *const *lines)
{
    size_t bytes = 1;

    for (int i = 0; lines[i]; i++)
        bytes += strlen(lines[i]);
    char *text = calloc(bytes, 1);
    for (char *at = text; text && *lines; at += strlen(*lines++))
        memcpy(at, *lines, strlen(*lines));
    return text;
}

int bench_compare(const char *kind, const char *self, const P2pOptions *o)
{
    const char *python = cli_text(o, "python");
    char path[VALUE_BYTES];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *text = join(bench_compare_py);
    Command c = {.count = 0};

    if (!text) {
        fprintf(stderr, "%s: out of memory\n", program);
        return CLI_FAILED;
    }
    path[length > 0 ? length : 0] = '\0';
    add(&c, python);
    add(&c, "-c");
    add(&c, text);
    add(&c, length > 0 ? path : self);
    add(&c, kind);
    add(&c, cli_text(o, "peers"));
    add(&c, cli_flag(o, "json") ? "1" : "0");
    add_options(&c, o);
    execvp(python, c.argument);
    cli_say(stderr, "%s: %s cannot be run: %s; compare needs a Python with %s, named by --python",
            program, python, strerror(errno),
            strcmp(kind, "train") ? "onnxruntime or openvino" : "torch");
    free(text);
    return CLI_FAILED;
}
