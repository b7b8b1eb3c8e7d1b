/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of p2p-bench. */
#ifndef P2P_TOOLS_BENCH_H
#define P2P_TOOLS_BENCH_H

#include "cli.h"

/** Numbers of compute units to forecast for. */
enum { BENCH_MOST_UNITS = 8 };
typedef struct BenchUnits {
    int count, list[BENCH_MOST_UNITS];
} BenchUnits;

/** Several numbers by commas, or one: 4, 8, 16 and so on up to it. False: reported. */
bool bench_units_read(BenchUnits *units, const char *text);

/**
 * Print what each pass's share of a unit would be on devices of so many: `own` was measured on the
 * `here` units at hand; for each number the step is planned anew and measured in that form.
 * Returns the exit code.
 */
int bench_forecast(const BenchUnits *units, const P2pBenchResult *own, int here, double launch_s,
                   const P2pBenchSettings *settings, const P2pOptions *options, const P2pLog *log);

/** Print, and draw where --svg says so, what up to 64 ranks would make of a measured step. Returns the exit code. */
int bench_scaling(const P2pDevice *device, const P2pBenchResult *own, const P2pPeak *peak,
                  const P2pComm *comm, const P2pOptions *options);

/**
 * Run other programs in turn with this one, `train` or `translate`, by a Python that has them: the
 * process becomes that Python. Returns, with an exit code, only where it cannot be run.
 *
 * @param self  How this program was called.
 */
int bench_compare(const char *kind, const char *self, const P2pOptions *options);

#endif
