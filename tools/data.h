/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of p2p-data: what its command line says, and its commands. */
#ifndef P2P_TOOLS_DATA_H
#define P2P_TOOLS_DATA_H

#include "cli.h"

/** What was typed; defaults are in data_options.c. */
typedef struct DataChoices {
    long count, seed, threads, max_pixels, least, quality;
    long width, height; /**< of --size */
    double val, test, share, sigma, low, high;
    P2pImageFormat format;
    bool quiet, skip_bad, no_exif, dry_run, pad, stretch, hed, back, json;
    const char *size, *table, *svg, *format_name;
    const char *operation, *input_dir, *b_dir,
        *output_dir;                          /**< as pix2pix-tensorflow's process.py */
    const char *fold_A, *fold_B, *fold_AB;    /**< as J's combine_A_and_B.py */
    const char *gtFine_dir, *leftImg8bit_dir; /**< as J's prepare_cityscapes_dataset.py */
} DataChoices;

/** One command: NAME FOLDER... */
typedef struct DataCommand {
    const char *name;
    int folders;
    int (*run)(char **folders, const DataChoices *choices); /**< returns an exit code */
} DataCommand;

/** NULL: there is none of the name. */
const DataCommand *data_command(const char *name);

extern const char data_program[];

/**
 * Parse the command line: -1 to go on with *command and *folders, or an exit code, after a mistake was
 * reported.
 */
int data_parse(int argc, char **argv, DataChoices *choices, const DataCommand **command,
               char ***folders);

#endif
