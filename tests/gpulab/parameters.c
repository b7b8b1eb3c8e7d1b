/* SPDX-License-Identifier: BSD-2-Clause */
/* No parser: what stands in the parentheses behind the kernel's name, at commas. */
#include "parameters.h"

#include <stdio.h>
#include <string.h>

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Behind the parenthesis; NULL: there is none of it. */
static const char *behind_name(const char *text, const char *name)
{
    const size_t n = strlen(name);

    for (const char *at = text; (at = strstr(at, name)); at += n)
        if (at > text && !is_word(at[-1]) && at[n + strspn(at + n, " \n")] == '(')
            return at + n + strspn(at + n, " \n") + 1;
    return NULL;
}

/* Where the last word before *end begins, to whose end *end is brought. */
static const char *last_word(const char *first, const char **end)
{
    while (*end > first && !is_word((*end)[-1]))
        --*end;
    const char *begin = *end;
    while (begin > first && is_word(begin[-1]))
        begin--;
    return begin;
}

static void set_parameter(Parameter *p, const char *first, const char *end)
{
    const char *name = last_word(first, &end), *type_end = name;
    const char *type = last_word(first, &type_end);

    *p = (Parameter){.is_pointer = memchr(first, '*', (size_t)(end - first))};
    snprintf(p->name, sizeof(p->name), "%.*s:%.*s", (int)(type_end - type), type, (int)(end - name),
             name);
}

int find_parameters(const char *text, const char *kernel, Parameter list[PARAMETERS])
{
    const char *at = behind_name(text, kernel), *first = at;
    int count = at ? 0 : -1;

    for (int depth = 1; at && *at && depth; at++) {
        depth += (*at == '(') - (*at == ')');
        if (depth > 1 || (depth == 1 && *at != ','))
            continue;
        if (count < PARAMETERS)
            set_parameter(&list[count], first, at);
        count++;
        first = at + 1;
    }
    return count;
}
