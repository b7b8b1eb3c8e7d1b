/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What p2p-test leaves of a data set in its folder: images/, index.html with index.js, metrics.json and
 * overview.png. The files of the folder are there when all is done; of a test that failed there are none.
 */
#ifndef P2P_TOOLS_RESULTS_H
#define P2P_TOOLS_RESULTS_H

#include <stdio.h>

#include "cli.h"

enum {
    RESULTS_PATH = 4096, /* bytes */
    RESULTS_SHOWN = 6,   /* most pictures that belong together */
    SHEET_ROWS = 24,     /* of overview.png */
};

/* What is shown of each of the set, from left to right, and which two pictures are compared. */
typedef struct ResultKinds {
    int shown;
    const char *names[RESULTS_SHOWN + 1]; /* behind those shown "all", in which they are joined */
    int ours, like;                       /* like: -1 where nothing is compared */
} ResultKinds;

/* A sheet of small copies of some of the set. */
typedef struct Sheet {
    P2pImage picture; /* RGB of 8 bits; empty before the first row */
    size_t of;        /* pictures of the set */
    int filled;       /* rows */
} Sheet;

typedef struct Results {
    const P2pOptions *options;
    const P2pOptions *model; /* what the model file stores, with those given replaced */
    const char *phase, *root;
    ResultKinds kinds;
    char folder[RESULTS_PATH];
    FILE *page, *data, *figures;
    Sheet sheet;
    P2pMetrics sum;
    size_t count;
} Results;

/* RESULTS_DIR/NAME/PHASE_EPOCH, or PHASE_MODEL with the model file's name. */
void results_name(Results *r);
/* No picture of the results is one of the set. An exit code, reported. */
int results_check(const Results *r, const P2pDataset *set);
/* Make the folder of pictures. An exit code, reported. */
int results_folder(const Results *r);
/* The pictures of one of the set. A status of the library. */
int results_write(const Results *r, const char *name, const P2pImage *pictures);
/* count: pictures of the set. An exit code, reported; then and otherwise close or drop it. */
int results_open(Results *r, size_t count);
/* One whose pictures have been written: its lines, and a place on the sheet. An exit code, reported. */
int results_add(Results *r, const char *name, const P2pMetrics *metrics);
/* An exit code, reported. */
int results_close(Results *r);
void results_drop(Results *r);
/* Print the means and where the page is. */
void results_tell(const Results *r);

/* ---- results_page.c -------------------------------------------------------------------------- */

void results_put_page(const Results *r);
void results_put_data_head(const Results *r);
void results_put_row(const Results *r, const char *name, const P2pMetrics *metrics);
void results_put_data_end(const Results *r);

/* ---- results_sheet.c ------------------------------------------------------------------------- */

/* Whether picture i of the set is one of the sheet: the next to be added. */
bool sheet_takes(const Sheet *sheet, size_t i);
/* Such a picture, all of it side by side. A status of the library. */
int sheet_add(Sheet *sheet, int shown, const P2pImage *all);
/* The rows that there are. A status of the library. */
int sheet_write(const Sheet *sheet, const char *path);

#endif
