/* SPDX-License-Identifier: BSD-2-Clause */
/* The parameters of a kernel, found in a program's text. */
#ifndef GPULAB_PARAMETERS_H
#define GPULAB_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

enum { PARAMETERS = 64, PARAMETER_INTS = 32 };

typedef struct Parameter {
    char name[128]; /* TYPE:NAME */
    bool is_pointer;
    size_t ints; /* of a value, which the caller sets */
    int value[PARAMETER_INTS];
} Parameter;

/* How many there are, of which the first ones are set; -1: there is no such kernel. The text is preprocessed. */
int find_parameters(const char *text, const char *kernel, Parameter list[PARAMETERS]);

#endif
