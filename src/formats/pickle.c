/* SPDX-License-Identifier: BSD-2-Clause */
/* The restricted unpickler: a stack, a memo and thirty-odd opcodes. Calls nothing, knows no tensors. */
#include "src/formats/pickle.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"

static const struct {
    const char *module, *name;
} globals[] = {
    [P2P_GLOBAL_ORDERED_DICT] = {"collections", "OrderedDict"},
    [P2P_GLOBAL_REBUILD_TENSOR] = {"torch._utils", "_rebuild_tensor"},
    [P2P_GLOBAL_REBUILD_TENSOR_V2] = {"torch._utils", "_rebuild_tensor_v2"},
    [P2P_GLOBAL_REBUILD_PARAMETER] = {"torch._utils", "_rebuild_parameter"},
    [P2P_GLOBAL_PARAMETER] = {"torch.nn.parameter", "Parameter"},
    [P2P_GLOBAL_SET] = {"__builtin__", "set"},
    [P2P_GLOBAL_BACKEND] = {"torch.nn.backends.thnn", "_get_thnn_function_backend"},
    [P2P_GLOBAL_FIRST_STORAGE] = {"torch", "FloatStorage"},
    {"torch", "HalfStorage"},
    {"torch", "BFloat16Storage"},
    {"torch", "DoubleStorage"},
    {"torch", "ByteStorage"},
    {"torch", "CharStorage"},
    {"torch", "ShortStorage"},
    {"torch", "IntStorage"},
    {"torch", "LongStorage"},
    {"torch", "BoolStorage"},
};

enum { MARK = -1, EMPTY = -2 }; /* on the stack; in the memo */
enum { MAX_BYTES = 64 << 20 };

typedef struct Machine {
    P2pPickle *p;
    const char *path;
    const unsigned char *data;
    size_t bytes, at;
    int *stack, *memo;
    size_t depth, stack_room, memo_room;
    size_t items; /* of all values; a pickle cannot have more of them than bytes, twice for calls */
} Machine;

static bool is_text(const char *text, const char *other, size_t length)
{
    return strlen(text) == length && !memcmp(text, other, length);
}

const P2pPickleValue *p2p_pickle_item(const P2pPickle *p, const P2pPickleValue *of, int i,
                                      P2pPickleKind kind)
{
    if (i >= of->count || p->values[of->items[i]].kind != kind)
        return NULL;
    return &p->values[of->items[i]];
}

const P2pPickleValue *p2p_pickle_attribute(const P2pPickle *p, const P2pPickleValue *object,
                                           const char *name, P2pPickleKind kind)
{
    const P2pPickleValue *state = p2p_pickle_item(p, object, 1, P2P_PICKLE_DICT);

    for (int i = 0; state && i + 1 < state->count; i += 2) {
        const P2pPickleValue *key = p2p_pickle_item(p, state, i, P2P_PICKLE_TEXT);
        if (key && is_text(name, key->text, key->length))
            return p2p_pickle_item(p, state, i + 1, kind);
    }
    return NULL;
}

static int fail_malformed(const Machine *m, const char *what)
{
    return p2p_fail(P2P_EFORMAT, "%s: damaged pickle: %s before byte %zu", m->path, what, m->at);
}

/* ---- The stack ----------------------------------------------------------------------------- */

static int push(Machine *m, int value)
{
    if (p2p_grow((void **)&m->stack, &m->stack_room, m->depth + 1, sizeof(int)) < 0)
        return P2P_ENOMEM;
    m->stack[m->depth++] = value;
    return P2P_OK;
}

/* Takes the value's items over, also on failure. */
static int push_new(Machine *m, P2pPickleValue value)
{
    if (p2p_grow((void **)&m->p->values, &m->p->capacity, (size_t)m->p->count + 1, sizeof(value)) <
        0) {
        free(value.items);
        return P2P_ENOMEM;
    }
    m->p->values[m->p->count] = value;
    return push(m, m->p->count++);
}

/* The value `below` the top, or NULL when there is none (a mark is none). */
static P2pPickleValue *peek(const Machine *m, size_t below)
{
    if (m->depth <= below || m->stack[m->depth - 1 - below] == MARK)
        return NULL;
    return &m->p->values[m->stack[m->depth - 1 - below]];
}

static int add_items(Machine *m, P2pPickleValue *to, const int *items, size_t count)
{
    if ((m->items += count) > 2 * m->bytes)
        return fail_malformed(m, "the same items again and again");
    if (p2p_grow((void **)&to->items, &to->capacity, (size_t)to->count + count, sizeof(int)) < 0)
        return P2P_ENOMEM;
    if (count)
        memcpy(to->items + to->count, items, count * sizeof(int));
    to->count += (int)count;
    return P2P_OK;
}

/* Values above the last mark, in *count; false without a mark. */
static bool above_mark(const Machine *m, size_t *count)
{
    for (*count = 0; *count < m->depth; ++*count)
        if (m->stack[m->depth - 1 - *count] == MARK)
            return true;
    return false;
}

/* Replace the uppermost `count` values, and what lies `under` them, by a new value of them. */
static int gather(Machine *m, P2pPickleKind kind, size_t count, size_t under)
{
    P2pPickleValue value = {.kind = kind};

    for (size_t i = 0; i < count; i++)
        if (!peek(m, i))
            return fail_malformed(m, "too few values");
    const int err = add_items(m, &value, m->stack + m->depth - count, count);
    if (err) {
        free(value.items);
        return err;
    }
    m->depth -= count + under;
    return push_new(m, value);
}

/* Add the uppermost `count` values to the container that lies below them and `under` more. */
static int extend(Machine *m, P2pPickleKind kind, size_t count, size_t under)
{
    P2pPickleValue *to = peek(m, count + under);

    for (size_t i = 0; i < count; i++)
        if (!peek(m, i))
            return fail_malformed(m, "too few values");
    if (!to || to->kind != kind || (kind == P2P_PICKLE_DICT && count % 2))
        return fail_malformed(m, "items without their container");
    const int err = add_items(m, to, m->stack + m->depth - count, count);
    m->depth -= count + under;
    return err;
}

/* ---- Reading bytes ------------------------------------------------------------------------- */

static const unsigned char *take(Machine *m, size_t n)
{
    if (n > m->bytes - m->at) {
        fail_malformed(m, "truncated");
        return NULL;
    }
    m->at += n;
    return m->data + m->at - n;
}

/* A little-endian number of n bytes, with the sign of its last byte. */
static int take_number(Machine *m, size_t n, bool is_signed, int64_t *out)
{
    const unsigned char *p = take(m, n);
    uint64_t value = 0;

    if (!p)
        return P2P_EFORMAT;
    if (n && is_signed && p[n - 1] & 0x80)
        value = UINT64_MAX;
    for (size_t i = n; i-- > 0;)
        value = value << 8 | p[i];
    *out = (int64_t)value;
    return P2P_OK;
}

static int push_number(Machine *m, size_t n, bool is_signed)
{
    int64_t number;
    const int err = take_number(m, n, is_signed, &number);

    return err ? err : push_new(m, (P2pPickleValue){.kind = P2P_PICKLE_INT, .number = number});
}

static int push_long(Machine *m)
{
    int64_t n;
    const int err = take_number(m, 1, false, &n);

    if (err)
        return err;
    return n > 8 ? fail_malformed(m, "a number of over 64 bits") : push_number(m, (size_t)n, true);
}

static int push_text(Machine *m, size_t length_bytes)
{
    int64_t length;
    int err = take_number(m, length_bytes, false, &length);
    const unsigned char *p = err ? NULL : take(m, (size_t)length);

    if (!p)
        return P2P_EFORMAT;
    return push_new(m, (P2pPickleValue){.kind = P2P_PICKLE_TEXT,
                                        .text = (const char *)p,
                                        .length = (size_t)length});
}

/* A line of text, without its end. */
static const char *take_line(Machine *m, size_t *length)
{
    const unsigned char *from = m->data + m->at;
    const unsigned char *end = memchr(from, '\n', m->bytes - m->at);

    if (!end) {
        fail_malformed(m, "truncated");
        return NULL;
    }
    *length = (size_t)(end - from);
    m->at += *length + 1;
    return (const char *)from;
}

/* What is on no list and would have to be called. */
static int fail_called(const Machine *m, const P2pPickleValue *global)
{
    const char *end = memchr(global->text, '\n', global->length);
    const int module = (int)(end - global->text), name = (int)global->length - module - 1;

    return p2p_fail(P2P_EFORMAT,
                    "%s: refused: its pickle asks for %.*s.%.*s, which no dictionary of "
                    "tensors needs; nothing was executed; save the network's state_dict() alone",
                    m->path, p2p_min(module, 60), global->text, p2p_min(name, 60), end + 1);
}

static int push_global(Machine *m)
{
    size_t module_length, name_length = 0;
    const char *module = take_line(m, &module_length);
    const char *name = module ? take_line(m, &name_length) : NULL;

    if (!name)
        return P2P_EFORMAT;
    for (size_t i = 0; i < P2P_COUNT(globals); i++)
        if (is_text(globals[i].module, module, module_length) &&
            is_text(globals[i].name, name, name_length))
            return push_new(m, (P2pPickleValue){.kind = P2P_PICKLE_GLOBAL, .number = (int64_t)i});
    const P2pPickleValue class = {
        .kind = P2P_PICKLE_CLASS, .text = module, .length = module_length + 1 + name_length};
    /* Classes have capital letters; what has none is a function, which only calls could be meant for. */
    if (name_length && name[0] >= 'A' && name[0] <= 'Z')
        return push_new(m, class);
    return fail_called(m, &class);
}

/* ---- Opcodes that do more than push -------------------------------------------------------- */

static int put_memo(Machine *m, size_t index_bytes)
{
    int64_t index;
    const size_t before = m->memo_room;
    const int err = take_number(m, index_bytes, false, &index);

    if (err)
        return err;
    if (!peek(m, 0) || (uint64_t)index >= m->bytes)
        return fail_malformed(m, "impossible memo");
    if (p2p_grow((void **)&m->memo, &m->memo_room, (size_t)index + 1, sizeof(int)) < 0)
        return P2P_ENOMEM;
    for (size_t i = before; i < m->memo_room; i++)
        m->memo[i] = EMPTY;
    m->memo[index] = m->stack[m->depth - 1];
    return P2P_OK;
}

static int get_memo(Machine *m, size_t index_bytes)
{
    int64_t index;
    const int err = take_number(m, index_bytes, false, &index);

    if (err)
        return err;
    if ((uint64_t)index >= m->memo_room || m->memo[index] == EMPTY)
        return fail_malformed(m, "unknown memo");
    return push(m, m->memo[index]);
}

/* OrderedDict([[key, value], ...]), as Python 2 wrote it. */
static int fill_ordered(Machine *m, const P2pPickleValue *arguments, P2pPickleValue *dict)
{
    const P2pPickleValue *list = p2p_pickle_item(m->p, arguments, 0, P2P_PICKLE_LIST);

    if (arguments->count && (!list || arguments->count > 1))
        return fail_malformed(m, "impossible OrderedDict");
    for (int i = 0; list && i < list->count; i++) {
        const P2pPickleValue *pair = &m->p->values[list->items[i]];
        if (pair->count != 2)
            return fail_malformed(m, "impossible OrderedDict");
        const int err = add_items(m, dict, pair->items, 2);
        if (err)
            return err;
    }
    return P2P_OK;
}

/* callable(arguments): only describes what would come of it. */
static int reduce(Machine *m)
{
    const P2pPickleValue *arguments = peek(m, 0), *callable = peek(m, 1);
    P2pPickleValue made = {.kind = P2P_PICKLE_TENSOR};
    int err;

    if (callable && callable->kind == P2P_PICKLE_CLASS)
        return fail_called(m, callable);
    if (!arguments || arguments->kind != P2P_PICKLE_TUPLE || !callable ||
        callable->kind != P2P_PICKLE_GLOBAL || callable->number >= P2P_GLOBAL_FIRST_STORAGE)
        return fail_malformed(m, "a call of something that cannot be called");
    m->depth -= 2;
    if (callable->number == P2P_GLOBAL_REBUILD_PARAMETER ||
        callable->number == P2P_GLOBAL_PARAMETER)
        return p2p_pickle_item(m->p, arguments, 0, P2P_PICKLE_TENSOR)
                   ? push(m, arguments->items[0])
                   : fail_malformed(m, "a parameter that is no tensor");
    if (callable->number == P2P_GLOBAL_SET || callable->number == P2P_GLOBAL_BACKEND)
        return push_new(m, (P2pPickleValue){.kind = P2P_PICKLE_NONE}); /* nobody asks for it */
    if (callable->number == P2P_GLOBAL_ORDERED_DICT) {
        made.kind = P2P_PICKLE_DICT;
        err = fill_ordered(m, arguments, &made);
    } else {
        err = add_items(m, &made, arguments->items, (size_t)arguments->count);
    }
    if (!err)
        return push_new(m, made);
    free(made.items);
    return err;
}

/* class.__new__(class, *arguments): an object of that class, which holds nothing yet. */
static int new_object(Machine *m)
{
    const P2pPickleValue *arguments = peek(m, 0), *class = peek(m, 1);
    P2pPickleValue made = {.kind = P2P_PICKLE_OBJECT};

    if (!arguments || arguments->kind != P2P_PICKLE_TUPLE || !class ||
        class->kind != P2P_PICKLE_CLASS)
        return fail_malformed(m, "an object of no class");
    const int err = add_items(m, &made, &m->stack[m->depth - 2], 1);
    m->depth -= 2;
    if (!err)
        return push_new(m, made);
    free(made.items);
    return err;
}

/*
 * An object keeps its state. Every state_dict hangs {'_metadata': ...} on itself, which is dropped, as
 * what a parameter had to do before 0.4; no other state is known of what is no object.
 */
static int build(Machine *m)
{
    const P2pPickleValue *state = peek(m, 0), *object = peek(m, 1);

    if (state && object && object->kind == P2P_PICKLE_OBJECT)
        return extend(m, P2P_PICKLE_OBJECT, 1, 0);
    if (state && state->kind == P2P_PICKLE_TUPLE && object && object->kind == P2P_PICKLE_TENSOR) {
        m->depth--;
        return P2P_OK;
    }
    const P2pPickleValue *key = state && state->kind == P2P_PICKLE_DICT && state->count == 2
                                    ? p2p_pickle_item(m->p, state, 0, P2P_PICKLE_TEXT)
                                    : NULL;

    if (!key || !is_text("_metadata", key->text, key->length) || !object ||
        object->kind != P2P_PICKLE_DICT)
        return p2p_fail(P2P_EFORMAT,
                        "%s: refused: opcode BUILD at byte %zu of its pickle sets a "
                        "state that no dictionary of tensors has",
                        m->path, m->at - 1);
    m->depth--;
    return P2P_OK;
}

/* A storage; before 1.6 also ('module', class, its file, its source), of which the class counts. */
static int persistent(Machine *m)
{
    P2pPickleValue *id = peek(m, 0);

    if (!id || id->kind != P2P_PICKLE_TUPLE)
        return fail_malformed(m, "a persistent id that is no tuple");
    const P2pPickleValue *what = p2p_pickle_item(m->p, id, 0, P2P_PICKLE_TEXT);
    if (what && is_text("module", what->text, what->length)) {
        if (!p2p_pickle_item(m->p, id, 1, P2P_PICKLE_CLASS))
            return fail_malformed(m, "a module of no class");
        m->stack[m->depth - 1] = id->items[1];
        return P2P_OK;
    }
    id->kind = P2P_PICKLE_STORAGE;
    return P2P_OK;
}

/* ---- The machine --------------------------------------------------------------------------- */

static int push_plain(Machine *m, P2pPickleKind kind, int64_t number)
{
    return push_new(m, (P2pPickleValue){.kind = kind, .number = number});
}

static int run_marked(Machine *m, unsigned char opcode)
{
    size_t count;

    if (!above_mark(m, &count))
        return fail_malformed(m, "no mark");
    switch (opcode) {
    case 't':
        return gather(m, P2P_PICKLE_TUPLE, count, 1);
    case 'u':
        return extend(m, P2P_PICKLE_DICT, count, 1);
    default:
        return extend(m, P2P_PICKLE_LIST, count, 1);
    }
}

static int run(Machine *m, unsigned char opcode)
{
    switch (opcode) {
    case 0x80:
        return take(m, 1) ? P2P_OK : P2P_EFORMAT; /* PROTO */
    case 'N':
        return push_plain(m, P2P_PICKLE_NONE, 0); /* NONE */
    case 0x88:
        return push_plain(m, P2P_PICKLE_BOOL, 1); /* NEWTRUE */
    case 0x89:
        return push_plain(m, P2P_PICKLE_BOOL, 0); /* NEWFALSE */
    case '}':
        return push_plain(m, P2P_PICKLE_DICT, 0); /* EMPTY_DICT */
    case ']':
        return push_plain(m, P2P_PICKLE_LIST, 0); /* EMPTY_LIST */
    case ')':
        return push_plain(m, P2P_PICKLE_TUPLE, 0); /* EMPTY_TUPLE */
    case 'K':
        return push_number(m, 1, false); /* BININT1 */
    case 'M':
        return push_number(m, 2, false); /* BININT2 */
    case 'J':
        return push_number(m, 4, true); /* BININT */
    case 0x8a:
        return push_long(m); /* LONG1 */
    case 'G':                /* BINFLOAT: a loss or a rate beside the tensors */
        return take(m, 8) ? push_plain(m, P2P_PICKLE_FLOAT, 0) : P2P_EFORMAT;
    case 'X':
    case 'T':
        return push_text(m, 4); /* BINUNICODE, BINSTRING */
    case 'U':
        return push_text(m, 1); /* SHORT_BINSTRING */
    case 'c':
        return push_global(m); /* GLOBAL */
    case '(':
        return push(m, MARK); /* MARK */
    case 0x85:
    case 0x86:
    case 0x87: /* TUPLE1, 2, 3 */
        return gather(m, P2P_PICKLE_TUPLE, opcode - 0x84u, 0);
    case 't':
    case 'u':
    case 'e':
        return run_marked(m, opcode); /* TUPLE, SETITEMS, APPENDS */
    case 's':
        return extend(m, P2P_PICKLE_DICT, 2, 0); /* SETITEM */
    case 'a':
        return extend(m, P2P_PICKLE_LIST, 1, 0); /* APPEND */
    case 'q':
        return put_memo(m, 1); /* BINPUT */
    case 'r':
        return put_memo(m, 4); /* LONG_BINPUT */
    case 'h':
        return get_memo(m, 1); /* BINGET */
    case 'j':
        return get_memo(m, 4); /* LONG_BINGET */
    case 'Q':
        return persistent(m); /* BINPERSID */
    case 'R':
        return reduce(m); /* REDUCE */
    case 0x81:
        return new_object(m); /* NEWOBJ */
    case 'b':
        return build(m); /* BUILD */
    default:
        return p2p_fail(P2P_EFORMAT,
                        "%s: refused: its pickle has opcode 0x%02x at byte %zu, which "
                        "no dictionary of tensors needs",
                        m->path, opcode, m->at - 1);
    }
}

int p2p_pickle_read(P2pPickle *pickle, const char *path, const unsigned char *data, size_t bytes)
{
    Machine m = {
        .p = pickle, .path = path, .data = data, .bytes = bytes < MAX_BYTES ? bytes : MAX_BYTES};
    const unsigned char *opcode;
    int err = P2P_OK;

    *pickle = (P2pPickle){0};
    while (!err) {
        if (!(opcode = take(&m, 1)))
            err = P2P_EFORMAT;
        else if (*opcode == '.') /* STOP */
            break;
        else
            err = run(&m, *opcode);
    }
    if (!err && (m.depth != 1 || !peek(&m, 0)))
        err = fail_malformed(&m, "not one value");
    if (!err)
        pickle->root = m.stack[0];
    pickle->bytes = m.at;
    free(m.stack);
    free(m.memo);
    if (err)
        p2p_pickle_finish(pickle);
    return err;
}

void p2p_pickle_finish(P2pPickle *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->values[i].items);
    free(p->values);
    *p = (P2pPickle){0};
}
