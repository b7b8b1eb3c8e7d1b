/* SPDX-License-Identifier: BSD-2-Clause */
/* Variants forced, remembered, measured or by the rule. Asks no device. */
#include "src/ops/choice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/status.h"

/* Whether text (length n) is the pass's name or its beginning up to a '_'. */
static bool names_pass(const P2pPass *pass, const char *text, size_t n)
{
    return !strncmp(pass->name, text, n) && (pass->name[n] == '\0' || pass->name[n] == '_');
}

bool p2p_pass_is_ref(const P2pPass *pass, const P2pChoice *choice)
{
    const char *at = choice && choice->refs ? choice->refs : "";

    while (*at) {
        const size_t n = strcspn(at, ",");
        if (n && names_pass(pass, at, n))
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

/* The variant's name forced for this pass (not terminated, *n long), or NULL. The last one wins. */
static const char *forced_variant(const P2pPass *pass, const P2pChoice *choice, size_t *n)
{
    const char *at = choice && choice->variants ? choice->variants : "", *found = NULL;

    while (*at) {
        const size_t length = strcspn(at, ","), equals = strcspn(at, "=,");
        if (equals < length && names_pass(pass, at, equals)) {
            found = at + equals + 1;
            *n = length - equals - 1;
        }
        at += length + (at[length] == ',');
    }
    return found;
}

/* The part of "VARIANT:FORM" before the colon. */
static size_t name_length(const char *name, size_t length)
{
    const char *colon = memchr(name, ':', length);

    return colon ? (size_t)(colon - name) : length;
}

bool p2p_choice_forces(const P2pChoice *choice, const char *variant)
{
    const char *at = choice->variants ? choice->variants : "";

    while (*at) {
        const size_t n = strcspn(at, ","), equals = strcspn(at, "=,");
        if (equals < n && name_length(at + equals + 1, n - equals - 1) == strlen(variant) &&
            !strncmp(at + equals + 1, variant, strlen(variant)))
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

/* Whether the user leaves it out, "-NAME": also all whose names end so behind a '_'. */
static bool is_unwanted(const char *list, const char *name, size_t length)
{
    while (list && *list) {
        const size_t n = strcspn(list, ","), left = n > length + 1 ? 0 : length + 1 - n;
        if (*list == '-' && n == length + 1 - left && (left == 0 || name[left - 1] == '_') &&
            !strncmp(list + 1, name + left, n - 1))
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

/* Whether it has failed, "PASS=NAME". */
static bool is_broken(const char *list, const P2pPass *pass, const char *name, size_t length)
{
    while (list && *list) {
        const size_t n = strcspn(list, ","), equals = strcspn(list, "=,");
        if (n == equals + 1 + length && names_pass(pass, list, equals) &&
            !strncmp(list + equals + 1, name, length))
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

/* Of a variant without a form: all its forms. */
static bool is_left_out(const P2pPass *pass, const char *name, size_t length,
                        const P2pChoice *choice)
{
    return choice && (is_unwanted(choice->variants, name, length) ||
                      is_broken(choice->broken, pass, name, length));
}

bool p2p_choice_leaves_out(const P2pChoice *choice, const P2pPass *pass, const char *variant,
                           int form)
{
    char name[64];
    const int n = snprintf(name, sizeof(name), "%s:%d", variant, form);

    return is_left_out(pass, variant, strlen(variant), choice) ||
           (form && choice && is_broken(choice->broken, pass, name, (size_t)n));
}

/* ---- Calls in words -------------------------------------------------------------------------- */

/* Append to a text; what does not fit is cut. */
static void append(char text[P2P_CALL_TEXT], const char *format, ...)
{
    const size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + used, P2P_CALL_TEXT - used, format, arguments);
    va_end(arguments);
}

/* As p2p_rows() sees it: whether its pixels lie one behind the other. */
static bool has_gaps(const P2pTensor *t)
{
    return t->layout == P2P_NHWC && t->stride != t->c && t->n * t->h * t->w > 1;
}

void p2p_call_text(const P2pCall *call, char text[P2P_CALL_TEXT])
{
    static const char *const roundings[] = {
        [P2P_PRECISION_F32] = "", [P2P_PRECISION_TF32] = " tf32", [P2P_PRECISION_F16] = " f16"};
    const P2pAttr *a = &call->attr;

    snprintf(text, P2P_CALL_TEXT, "%s", call->pass->name);
    for (int i = 0; i < P2P_MAX_OPERANDS; i++) {
        const P2pTensor *t = &call->t[i];
        if (!p2p_call_has(call, i))
            continue;
        if (t->layout == P2P_WEIGHT)
            append(text, " %d:%d,%d,%d,%d", i, t->n, t->c, t->h, t->w);
        else if (t->n * t->h * t->w == 1)
            append(text, " %d:%d", i, t->c);
        else
            append(text, " %d:%d,%d,%d,%d%s", i, t->n, t->h, t->w, t->c, has_gaps(t) ? "+" : "");
        if (t->type != P2P_TYPE_F32)
            append(text, ",%s", p2p_type_name(t->type));
    }
    if (a->stride)
        append(text, " stride %d", a->stride);
    if (a->pad)
        append(text, " pad %d", a->pad);
    if (a->act1 || a->act2)
        append(text, " act %d,%d", a->act1, a->act2);
    append(text, "%s%s%s", a->large_out ? " large" : "", a->accumulate ? " add" : "",
           roundings[a->precision]);
}

const char *p2p_remembered(const char *lines, const char *call_text, size_t *length)
{
    const size_t n = strlen(call_text);

    while (*lines) {
        const size_t line = strcspn(lines, "\n");
        if (line > n + 2 && !strncmp(lines, call_text, n) && !strncmp(lines + n, ": ", 2)) {
            *length = strcspn(lines + n + 2, " \n");
            return lines + n + 2;
        }
        lines += line + (lines[line] == '\n');
    }
    return NULL;
}

/* ---- The four places ------------------------------------------------------------------------ */

/* The variant's way that it takes for the best, or the first whose form is not left out. */
static bool plan_allowed(P2pWay *way, const P2pVariant *v, const P2pCall *call, const P2pCaps *caps,
                         const P2pChoice *choice)
{
    for (int form = 0; form < (v->has_forms ? P2P_FORMS : 1); form++)
        if (p2p_way_plan_form(way, v, form, call, caps) &&
            !p2p_choice_leaves_out(choice, call->pass, v->name, way->form))
            return true;
    return false;
}

/* The way of the least cost, the first where there are several. */
static bool choose_by_rule(P2pWay *way, const P2pCall *call, const P2pCaps *caps,
                           const P2pChoice *choice)
{
    bool found = false;

    for (const P2pVariant *v = call->pass->variants; v->name; v++) {
        P2pWay next;
        if (!plan_allowed(&next, v, call, caps, choice) || (found && next.cost >= way->cost))
            continue;
        *way = next;
        found = true;
    }
    return found;
}

/* The variant of a name, and its form where the name has one; NULL: there is none. */
static const P2pVariant *find_variant(const P2pPass *pass, const char *name, size_t length,
                                      int *form)
{
    const size_t n = name_length(name, length);

    *form = n < length ? atoi(name + n + 1) : 0;
    for (const P2pVariant *v = pass->variants; v->name; v++)
        if (strlen(v->name) == n && !strncmp(v->name, name, n))
            return v;
    return NULL;
}

/* What lines say of a call, or NULL: nothing, or what is left out. */
static const char *recall(const char *lines, const P2pCall *call, const P2pChoice *choice,
                          size_t *length)
{
    char text[P2P_CALL_TEXT];
    int form;

    if (!lines)
        return NULL;
    p2p_call_text(call, text);
    const char *name = p2p_remembered(lines, text, length);
    if (!name || is_left_out(call->pass, name, name_length(name, *length), choice))
        return NULL;
    const P2pVariant *v = find_variant(call->pass, name, *length, &form);
    return v && p2p_choice_leaves_out(choice, call->pass, v->name, form) ? NULL : name;
}

/* What the run remembers of a call. */
static const char *remembered(const P2pCall *call, const P2pChoice *choice, size_t *length)
{
    return choice ? recall(choice->remembered, call, choice, length) : NULL;
}

bool p2p_choice_is_given(const P2pChoice *choice, const P2pCall *call)
{
    size_t n;

    return forced_variant(call->pass, choice, &n) || remembered(call, choice, &n);
}

/* The way that was measured to be the best; false: none, or none that goes here any more. */
static bool choose_measured(P2pWay *way, const P2pCall *call, const P2pCall *measured,
                            const P2pCaps *caps, const P2pChoice *choice)
{
    size_t n = 0;
    int form = 0;
    const char *name = choice ? recall(choice->measured, measured, choice, &n) : NULL;
    const P2pVariant *v = name ? find_variant(call->pass, name, n, &form) : NULL;

    if (!v || !p2p_way_plan_form(way, v, form, call, caps))
        return false;
    way->measured = true;
    return true;
}

static int fail_forced(const P2pCall *call, const char *forced, size_t n, const P2pCaps *caps)
{
    const P2pPass *pass = call->pass;
    int form;

    if (forced && !find_variant(pass, forced, n, &form))
        return p2p_fail(P2P_EINVAL,
                        "--variant %s=%.*s: there is no such variant (the first of %s "
                        "is %s)",
                        pass->name, (int)n, forced, pass->name, pass->variants->name);
    return p2p_fail(P2P_EINVAL, "%s: no variant%s%.*s fits x [%d,%d,%d,%d] on %s", pass->name,
                    forced ? " named " : "", (int)n, forced ? forced : "", call->t[0].n,
                    call->t[0].h, call->t[0].w, call->t[0].c, caps->name);
}

int p2p_way_choose(P2pWay *way, const P2pCall *call, const P2pCall *measured, const P2pCaps *caps,
                   const P2pChoice *choice, bool *lost)
{
    size_t n = 0;
    const char *forced = forced_variant(call->pass, choice, &n);
    const char *name = forced ? forced : remembered(call, choice, &n);
    int form = 0;
    const P2pVariant *v = name ? find_variant(call->pass, name, n, &form) : NULL;

    *lost = false;
    if (v && p2p_way_plan_form(way, v, form, call, caps))
        return P2P_OK;
    if (forced)
        return fail_forced(call, forced, n, caps);
    *lost = name != NULL;
    if (choose_measured(way, call, measured ? measured : call, caps, choice))
        return P2P_OK;
    return choose_by_rule(way, call, caps, choice) ? P2P_OK : fail_forced(call, NULL, 0, caps);
}

bool p2p_way_join(P2pWay *way, const P2pCall *joint, const P2pCall *first, const P2pCall *second,
                  const P2pCaps *caps, const P2pChoice *choice)
{
    size_t n = 0;
    const char *forced = forced_variant(joint->pass, choice, &n);
    const char *name = forced ? forced : remembered(joint, choice, &n);
    int form = 0;
    const P2pVariant *v = name ? find_variant(joint->pass, name, n, &form) : NULL;

    if (name)
        return v && p2p_way_plan_form(way, v, form, joint, caps);
    return !p2p_choice_is_given(choice, first) && !p2p_choice_is_given(choice, second) &&
           choose_by_rule(way, joint, caps, choice) && way->cost == P2P_COST_USUAL;
}
