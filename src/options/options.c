/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of options: setting, getting and storing them by their names. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/options/options_table.h"

int p2p_option_find(const char *name)
{
    for (int i = 0; i < p2p_option_count; i++)
        if (!strcmp(p2p_option_table[i].info.name, name))
            return i;
    return -1;
}

int p2p_size_parse(const char *text, int most, int *width, int *height)
{
    P2P_NEED(text);
    P2P_NEED(width);
    P2P_NEED(height);

    int w, h;
    char more;

    if (sscanf(text, "%9dx%9d%c", &w, &h, &more) != 2 || w < 1 || h < 1 || w > most || h > most)
        return p2p_fail(P2P_EINVAL, "'%.40s' is no size WIDTHxHEIGHT with each from 1 to %d", text,
                        most);
    *width = w;
    *height = h;
    return P2P_OK;
}

/* ---- Choices ------------------------------------------------------------------------------- */

/* Edit distance (Levenshtein), case ignored for letters of ASCII. */
int p2p_option_distance(const char *a, const char *b)
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

/* Place of value among the choices, or -1; *nearest is the most similar one, NULL: none is near. */
static int find_choice(const char *const *choices, const char *value, const char **nearest)
{
    int least = 3 + (int)strlen(value) / 4;

    for (int i = 0; choices[i]; i++) {
        const int d = p2p_option_distance(value, choices[i]);
        if (!strcmp(value, choices[i]))
            return i;
        if (d < least) {
            least = d;
            *nearest = choices[i];
        }
    }
    return -1;
}

void p2p_option_choices(const P2pOptionInfo *o, char *text, size_t bytes)
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; o->choices[i] && used < bytes; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", i ? "|" : "", o->choices[i]);
}

/* ---- Setting ------------------------------------------------------------------------------- */

static int set_number(const P2pOption *option, void *field, const char *text)
{
    const P2pOptionInfo *o = &option->info;
    char *end;
    double value;

    if (option->no_limit && !strcmp(text, "inf"))
        text = o->initial;
    value = strtod(text, &end); /* too large: infinite, which no range has */
    if (!*text || *end || value != value)
        return p2p_fail(P2P_EINVAL, "--%s takes a number, not '%.80s'", o->name, text);
    if (value < o->min || value > o->max)
        return p2p_fail(P2P_EINVAL, "--%s takes %.12g to %.12g, not %.80s", o->name, o->min, o->max,
                        text);
    if (o->type == P2P_OPTION_INT && value != (double)(long long)value)
        return p2p_fail(P2P_EINVAL, "--%s takes a whole number, not '%.80s'", o->name, text);
    if (option->storage == P2P_STORED_INT)
        *(int *)field = (int)value;
    else if (option->storage == P2P_STORED_LONG)
        *(long *)field = (long)value;
    else
        *(double *)field = value;
    return P2P_OK;
}

static int set_text(const P2pOption *option, void *field, const char *text)
{
    const P2pOptionInfo *o = &option->info;
    const char *nearest = NULL;
    char choices[256];
    int place = 0;

    if (o->choices && (place = find_choice(o->choices, text, &nearest)) < 0) {
        p2p_option_choices(o, choices, sizeof(choices));
        return p2p_fail(P2P_EINVAL, "--%s takes %s, not '%.80s'%s%s%s", o->name, choices, text,
                        nearest ? "; did you mean " : "", nearest ? nearest : "",
                        nearest ? "?" : "");
    }
    if (option->storage == P2P_STORED_PLACE)
        *(int *)field = place;
    else if (strlen(text) >= option->size)
        return p2p_fail(P2P_EINVAL, "--%s takes at most %zu bytes", o->name, option->size - 1);
    else
        memcpy(field, text, strlen(text) + 1);
    return P2P_OK;
}

int p2p_option_set(P2pOptions *options, int i, const char *text)
{
    const P2pOption *o = &p2p_option_table[i];
    void *field = (char *)options + o->offset;

    switch (o->info.type) {
    case P2P_OPTION_FLAG:
        if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
            return p2p_fail(P2P_EINVAL, "--%s takes no value", o->info.name);
        *(bool *)field = text[0] == '1';
        return P2P_OK;
    case P2P_OPTION_STRING:
        return set_text(o, field, text);
    default:
        return set_number(o, field, text);
    }
}

int p2p_options_set(P2pOptions *options, const char *name, const char *value)
{
    P2P_NEED(options);
    P2P_NEED(name);
    P2P_NEED(value);

    const int i = p2p_option_find(name);
    const int err = i < 0 ? p2p_fail(P2P_EINVAL, "there is no option '%.80s'", name)
                          : p2p_option_set(options, i, value);

    if (!err)
        options->given[i] = true;
    return err;
}

int p2p_options_set_flag(P2pOptions *options, const char *name, bool value)
{
    P2P_NEED(options);
    P2P_NEED(name);

    return p2p_options_set(options, name, value ? "1" : "0");
}

int p2p_options_set_int(P2pOptions *options, const char *name, int64_t value)
{
    P2P_NEED(options);
    P2P_NEED(name);

    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    return p2p_options_set(options, name, text);
}

int p2p_options_set_number(P2pOptions *options, const char *name, double value)
{
    P2P_NEED(options);
    P2P_NEED(name);

    char text[32];

    snprintf(text, sizeof(text), "%.17g", value);
    return p2p_options_set(options, name, text);
}

/* ---- Getting ------------------------------------------------------------------------------- */

bool p2p_options_given(const P2pOptions *options, const char *name)
{
    const int i = p2p_option_find(name);

    return i >= 0 && options->given[i];
}

/* The option of this name that has one of two types, or NULL with the message set. */
static const P2pOption *of_type(const char *name, P2pOptionType type, P2pOptionType other)
{
    const int i = p2p_option_find(name);
    const P2pOption *o = i < 0 ? NULL : &p2p_option_table[i];

    if (o && (o->info.type == type || o->info.type == other))
        return o;
    p2p_fail(P2P_EINVAL, "there is no option '%.80s' of this type", name);
    return NULL;
}

static int64_t whole(const P2pOptions *options, const P2pOption *o)
{
    const void *field = (const char *)options + o->offset;

    return o->storage == P2P_STORED_BOOL   ? *(const bool *)field
           : o->storage == P2P_STORED_LONG ? *(const long *)field
                                           : *(const int *)field;
}

static double number(const P2pOptions *options, const P2pOption *o)
{
    return o->storage == P2P_STORED_DOUBLE
               ? *(const double *)(const void *)((const char *)options + o->offset)
               : (double)whole(options, o);
}

static const char *text(const P2pOptions *options, const P2pOption *o)
{
    return o->storage == P2P_STORED_PLACE ? o->info.choices[whole(options, o)]
                                          : (const char *)options + o->offset;
}

bool p2p_options_get_flag(const P2pOptions *options, const char *name)
{
    const P2pOption *o = of_type(name, P2P_OPTION_FLAG, P2P_OPTION_FLAG);

    return o && whole(options, o);
}

int64_t p2p_options_get_int(const P2pOptions *options, const char *name)
{
    const P2pOption *o = of_type(name, P2P_OPTION_INT, P2P_OPTION_INT);

    return o ? whole(options, o) : 0;
}

double p2p_options_get_number(const P2pOptions *options, const char *name)
{
    const P2pOption *o = of_type(name, P2P_OPTION_NUMBER, P2P_OPTION_INT);

    return o ? number(options, o) : NAN;
}

const char *p2p_options_get_string(const P2pOptions *options, const char *name)
{
    const P2pOption *o = of_type(name, P2P_OPTION_STRING, P2P_OPTION_STRING);

    return o ? text(options, o) : NULL;
}

bool p2p_options_is_initial(const P2pOptions *options, const char *name)
{
    const P2pOption *o = &p2p_option_table[p2p_option_find(name)];

    return o->info.type == P2P_OPTION_STRING ? !strcmp(text(options, o), o->info.initial)
                                             : number(options, o) == strtod(o->info.initial, NULL);
}

void p2p_options_take(P2pOptions *to, const P2pOptions *from, unsigned roles)
{
    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOption *o = &p2p_option_table[i];
        if (!from->given[i] || !(o->info.roles & roles))
            continue;
        memcpy((char *)to + o->offset, (const char *)from + o->offset, o->size);
        to->given[i] = true;
    }
}

const P2pOptionInfo *p2p_options_stored(const P2pOptions *options, unsigned roles, int i,
                                        char *value, size_t bytes)
{
    for (int k = 0; k < p2p_option_count; k++) {
        const P2pOption *o = &p2p_option_table[k];
        if (!(o->info.roles & roles) || i-- > 0)
            continue;
        if (o->info.type == P2P_OPTION_STRING)
            snprintf(value, bytes, "%s", text(options, o));
        else
            snprintf(value, bytes, "%.17g", number(options, o));
        return &o->info;
    }
    return NULL;
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* A value as people write it. */
static void put_value(const P2pOptions *options, const P2pOption *o, char out[80])
{
    if (o->info.type == P2P_OPTION_STRING)
        snprintf(out, 80, "%.64s", text(options, o));
    else
        snprintf(out, 80, "%.9g", number(options, o));
}

void p2p_options_compare(const P2pOptions *was, const P2pOptions *is, unsigned roles,
                         unsigned others, const char *const *except, char *out, size_t bytes)
{
    size_t used = 0;

    *out = '\0';
    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOption *o = &p2p_option_table[i];
        char a[80], b[80];
        if (!(o->info.roles & roles) || o->info.roles & others || used >= bytes ||
            is_among(o->info.name, except))
            continue;
        put_value(was, o, a);
        put_value(is, o, b);
        if (o->info.type == P2P_OPTION_STRING ? strcmp(text(was, o), text(is, o)) != 0
                                              : number(was, o) != number(is, o))
            used += (size_t)snprintf(out + used, bytes - used, "%s--%s %s instead of %s",
                                     used ? ", " : "", o->info.name, b, *a ? a : "none");
    }
}

/* ---- Objects ------------------------------------------------------------------------------- */

void p2p_options_init(P2pOptions *options)
{
    *options = (P2pOptions){0};
    for (int i = 0; i < p2p_option_count; i++)
        P2P_ASSERT(p2p_option_set(options, i, p2p_option_table[i].info.initial) == P2P_OK);
}

int p2p_options_create(P2pOptions **out)
{
    P2P_NEED(out);

    *out = p2p_alloc(1, sizeof(**out));
    if (!*out)
        return P2P_ENOMEM;
    p2p_options_init(*out);
    return P2P_OK;
}

int p2p_options_copy(P2pOptions **out, const P2pOptions *from)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(from);

    *out = p2p_alloc(1, sizeof(**out));
    if (!*out)
        return P2P_ENOMEM;
    **out = *from;
    return P2P_OK;
}

void p2p_options_destroy(P2pOptions **options)
{
    free(*options);
    *options = NULL;
}
