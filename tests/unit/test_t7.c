/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Networks of phillipi's pix2pix in Torch7, written here after the description of its serialization
 * (torch7's File.lua, nngraph's gmodule.lua): every value comes to its place; nothing that lies is
 * accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/status.h"
#include "src/model/source.h"

enum { MOST_MODULES = 40, MOST_BYTES = 1 << 22, LEVELS = 5, FILTERS = 2 };

/* ---- Networks as the peer has them ---------------------------------------------------------- */

typedef struct Module {
    const char *class;
    char name[160]; /* of ours: without ".weight" */
    int o, i, k;    /* k 0: a norm of o channels */
    bool transposed, first, last, joined;
    size_t at; /* in the storage of all parameters: weight, bias, mean, variance */
} Module;

typedef struct Network {
    Module modules[MOST_MODULES];
    int count;
    size_t floats;
    bool graph; /* an nngraph module, else a sequence */
} Network;

static size_t weight_floats(const Module *m)
{
    return m->k ? (size_t)(m->o * m->i * m->k * m->k) : (size_t)m->o;
}

static Module *add(Network *n, const char *class, const char *name, int o, int i, int k)
{
    Module *m = &n->modules[n->count++];

    assert_true(n->count <= MOST_MODULES);
    *m = (Module){.class = class, .o = o, .i = i, .k = k, .at = n->floats};
    snprintf(m->name, sizeof(m->name), "%s", name);
    m->transposed = strstr(class, "Full") != NULL;
    n->floats += weight_floats(m) + (size_t)(m->k ? o : 3 * o);
    return m;
}

/* "model.model.1.model.3.model.PLACE", outermost level first. */
static const char *level_name(int level, int place)
{
    static char name[160];
    size_t used = (size_t)snprintf(name, sizeof(name), "model");

    for (int l = 2; l <= level; l++)
        used += (size_t)snprintf(name + used, sizeof(name) - used, ".model.%d", l == 2 ? 1 : 3);
    snprintf(name + used, sizeof(name) - used, ".model.%d", place);
    return name;
}

static int width(int level)
{
    const int factors[] = {0, 1, 2, 4, 8, 8};

    return FILTERS * factors[level];
}

static Network generator(bool skips, bool inner_norm, const char *package)
{
    static char conv[64], full[64], norm[64];
    Network n = {.graph = true};

    snprintf(conv, sizeof(conv), "%s.SpatialConvolution", package);
    snprintf(full, sizeof(full), "%s.SpatialFullConvolution", package);
    snprintf(norm, sizeof(norm), "%s.SpatialBatchNormalization", package);
    for (int l = 1; l <= LEVELS; l++) {
        add(&n, conv, level_name(l, l == 1 ? 0 : 1), width(l), l == 1 ? 3 : width(l - 1), 4)
            ->first = l == 1;
        if (l > 1 && (l < LEVELS || inner_norm))
            add(&n, norm, level_name(l, 2), width(l), 0, 0);
    }
    for (int l = LEVELS; l >= 1; l--) {
        const int inputs = width(l) * (skips && l < LEVELS ? 2 : 1);
        Module *m = add(&n, full, level_name(l, l == 1 || l == LEVELS ? 3 : 5),
                        l == 1 ? 3 : width(l - 1), inputs, 4);
        m->last = l == 1;
        m->joined = skips && l < LEVELS;
        if (l > 1)
            add(&n, norm, level_name(l, l == LEVELS ? 4 : 6), width(l - 1), 0, 0);
    }
    return n;
}

static Network discriminator(void)
{
    const int o[] = {2, 4, 8, 16, 1}, places[] = {0, 2, 5, 8, 11};
    Network n = {0};
    char name[32];

    for (int k = 0; k < 5; k++) {
        snprintf(name, sizeof(name), "model.%d", places[k]);
        add(&n, "nn.SpatialConvolution", name, o[k], k ? o[k - 1] : 6, 4)->first = !k;
        snprintf(name, sizeof(name), "model.%d", places[k] + 1);
        if (k >= 1 && k <= 3)
            add(&n, "nn.SpatialBatchNormalization", name, o[k], 0, 0);
    }
    return n;
}

/* ---- Writing them --------------------------------------------------------------------------- */

typedef struct Out {
    unsigned char *data;
    size_t bytes;
    int32_t objects; /* numbers given */
    int32_t storage; /* the parameters'; 0: not written yet */
} Out;

static void put(Out *out, const void *data, size_t bytes)
{
    assert_true(out->bytes + bytes <= MOST_BYTES);
    memcpy(out->data + out->bytes, data, bytes);
    out->bytes += bytes;
}

static void put_int(Out *out, int32_t value)
{
    put(out, &value, sizeof(value));
}

static void put_long(Out *out, int64_t value)
{
    put(out, &value, sizeof(value));
}

static void put_text(Out *out, const char *text)
{
    put_int(out, (int32_t)strlen(text));
    put(out, text, strlen(text));
}

static void put_key(Out *out, const char *key)
{
    put_int(out, 2);
    put_text(out, key);
}

static void put_index(Out *out, double index)
{
    put_int(out, 1);
    put(out, &index, sizeof(index));
}

static void begin_table(Out *out, int pairs)
{
    put_int(out, 3);
    put_int(out, ++out->objects);
    put_int(out, pairs);
}

static void begin_object(Out *out, const char *class)
{
    put_int(out, 4);
    put_int(out, ++out->objects);
    put_text(out, "V 1");
    put_text(out, class);
}

static float value_at(size_t i)
{
    return (float)(i % 100000) / 1024;
}

/* All parameters are views of one storage, as getParameters() leaves them. */
static void put_tensor(Out *out, const Network *n, size_t at, int rank, const int *shape)
{
    int64_t stride = 1;

    begin_object(out, "torch.FloatTensor");
    put_int(out, rank);
    for (int i = 0; i < rank; i++)
        put_long(out, shape[i]);
    for (int i = 0; i < rank; i++) {
        stride = 1;
        for (int k = i + 1; k < rank; k++)
            stride *= shape[k];
        put_long(out, stride);
    }
    put_long(out, (int64_t)at + 1);
    if (out->storage) {
        put_int(out, 4);
        put_int(out, out->storage);
        return;
    }
    begin_object(out, "torch.FloatStorage");
    out->storage = out->objects;
    put_long(out, (int64_t)n->floats);
    for (size_t i = 0; i < n->floats; i++) {
        const float value = value_at(i);
        put(out, &value, sizeof(value));
    }
}

static void put_empty_tensor(Out *out)
{
    begin_object(out, "torch.FloatTensor");
    put_int(out, 0);
    put_long(out, 1);
    put_int(out, 0);
}

static void put_module(Out *out, const Network *n, const Module *m)
{
    const int shape[4] = {m->transposed ? m->i : m->o, m->transposed ? m->o : m->i, m->k, m->k};
    const size_t bias = m->at + weight_floats(m), o = (size_t)m->o;

    begin_object(out, m->class);
    begin_table(out, m->k ? 4 : 6);
    put_key(out, "output");
    put_empty_tensor(out);
    put_key(out, "bias");
    put_tensor(out, n, bias, 1, &m->o);
    put_key(out, "weight");
    put_tensor(out, n, m->at, m->k ? 4 : 1, m->k ? shape : &m->o);
    put_key(out, "train");
    put_int(out, 5);
    put_int(out, 1);
    if (!m->k) {
        put_key(out, "running_mean");
        put_tensor(out, n, bias + o, 1, &m->o);
        put_key(out, "running_var");
        put_tensor(out, n, bias + 2 * o, 1, &m->o);
    }
}

/* A node of nngraph, which holds a module. */
static void put_node(Out *out, const Network *n, const Module *m)
{
    begin_object(out, "nngraph.Node");
    begin_table(out, 2);
    put_key(out, "children");
    begin_table(out, 0);
    put_key(out, "data");
    begin_table(out, 1);
    put_key(out, "module");
    put_module(out, n, m);
}

/* A list that pairs() gives from its end, with something between the modules that has no weights. */
static void put_modules(Out *out, const Network *n)
{
    begin_table(out, n->count + 1);
    put_index(out, n->count + 1);
    begin_object(out, "nn.Tanh");
    begin_table(out, 0);
    for (int i = n->count - 1; i >= 0; i--) {
        put_index(out, i + 1);
        if (n->graph)
            put_node(out, n, &n->modules[i]);
        else
            put_module(out, n, &n->modules[i]);
    }
}

/* bytecode and no upvalues: to be passed over */
static void put_function(Out *out)
{
    put_int(out, 8);
    put_int(out, ++out->objects);
    put_text(out, "\x1bLJ os.execute");
    begin_table(out, 0);
}

static Out write_network(const Network *n)
{
    Out out = {.data = malloc(MOST_BYTES)};

    begin_object(&out, n->graph ? "nn.gModule" : "nn.Sequential");
    begin_table(&out, 4);
    put_key(&out, "hook");
    put_function(&out);
    put_key(&out, "name");
    put_key(&out, "a text");
    put_key(&out, n->graph ? "forwardnodes" : "modules");
    put_modules(&out, n);
    put_key(&out, "itself");
    put_int(&out, 4);
    put_int(&out, 1);
    return out;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static int turned(int c, int channels)
{
    return channels == 3 || channels == 6 ? c / 3 * 3 + 2 - c % 3 : c;
}

/* What our element [o, c, tap] of a weight is there. */
static float expected_weight(const Module *m, int o, int c, int tap)
{
    const int there_o = m->last ? turned(o, m->o) : o;
    const int there_c = m->first ? turned(c, m->i) : m->joined ? (c + m->i / 2) % m->i : c;
    const int row = m->transposed ? there_c * m->o + there_o : there_o * m->i + there_c;

    return value_at(m->at + (size_t)(row * m->k * m->k + tap));
}

static void check_weight(const Module *m, const P2pParam *p, const float *values)
{
    const int taps = m->k * m->k;

    assert_int_equal(p->o, m->o);
    assert_int_equal(p->i, m->i);
    for (int o = 0; o < m->o; o++)
        for (int c = 0; c < m->i; c++)
            for (int tap = 0; tap < taps; tap++) {
                const int row = m->transposed ? c * m->o + o : o * m->i + c;
                if (values[row * taps + tap] != expected_weight(m, o, c, tap))
                    fail_msg("%s: output %d, input %d, tap %d", p->name, o, c, tap);
            }
}

static void check_vector(const Module *m, const P2pParam *p, const char *field, const float *values)
{
    static const char *const order[] = {"bias", "running_mean", "running_var"};
    size_t at = m->at + (strcmp(field, "weight") != 0 ? weight_floats(m) : 0);

    for (int k = 1; k < 3; k++)
        if (!strcmp(field, order[k]))
            at += (size_t)(k * m->o);
    for (int o = 0; o < m->o; o++)
        if (values[o] != value_at(at + (size_t)(m->last ? turned(o, m->o) : o)))
            fail_msg("%s[%d]", p->name, o);
}

static const Module *find_module(const Network *n, const P2pParam *p, const char **field)
{
    const size_t length = (size_t)(strrchr(p->name, '.') - p->name);

    *field = p->name + length + 1;
    for (int i = 0; i < n->count; i++)
        if (strlen(n->modules[i].name) == length && !memcmp(n->modules[i].name, p->name, length))
            return &n->modules[i];
    fail_msg("no module for %s", p->name);
    return NULL;
}

static void expect_network(const Network *n, const char *net, const char *name)
{
    const Out out = write_network(n);
    P2pSource s;

    if (p2p_source_open_memory(&s, out.data, out.bytes, NULL) < 0)
        fail_msg("%s: %s", name, p2p_error());
    assert_string_equal(s.net.name, net);
    assert_string_equal(net[0] == 'D' ? s.options.netD : s.options.netG, name);
    for (int i = 0; i < s.graph->param_count; i++) {
        const P2pParam *p = &s.graph->params[i];
        const char *field;
        const Module *m = find_module(n, p, &field);
        float *values = malloc(p2p_param_elements(p) * sizeof(*values));
        assert_int_equal(p2p_source_get(&s, i, values), 0);
        if (p->kind == P2P_PARAM_WEIGHT)
            check_weight(m, p, values);
        else
            check_vector(m, p, field, values);
        free(values);
    }
    p2p_source_finish(&s);
    free(out.data);
}

static void unet_is_read(void **state)
{
    const Network n = generator(true, false, "nn"), inner = generator(true, true, "nn");
    const Network cudnn = generator(true, false, "cudnn");

    (void)state;
    expect_network(&n, "G", "unet_256");
    expect_network(&inner, "G", "unet_256"); /* as early versions have it */
    expect_network(&cudnn, "G", "unet_256");
}

static void encoder_decoder_is_read(void **state)
{
    const Network n = generator(false, false, "nn");

    (void)state;
    expect_network(&n, "G", "encoder_decoder");
}

static void discriminator_is_read(void **state)
{
    const Network n = discriminator();

    (void)state;
    expect_network(&n, "D", "basic");
}

/* ---- Files that lie ------------------------------------------------------------------------- */

/* From a block of just these bytes, so that a sanitizer sees each byte too many. */
static int read_copy(const unsigned char *data, size_t bytes)
{
    unsigned char *copy = malloc(bytes ? bytes : 1);
    P2pTensorFile *f;

    memcpy(copy, data, bytes);
    const int err = p2p_t7_read(&f, "copy", copy, bytes);
    for (int i = 0; !err && i < p2p_tensor_file_count(f); i++) {
        const P2pFileTensor *t = p2p_tensor_file_at(f, i);
        float *values = malloc((t->elements + 1) * sizeof(*values));
        p2p_file_tensor_to_f32(t, values);
        free(values);
    }
    p2p_tensor_file_close(&f);
    free(copy);
    return err;
}

static void truncated_anywhere_is_refused(void **state)
{
    const Network n = discriminator();
    const Out out = write_network(&n);

    (void)state;
    assert_int_equal(read_copy(out.data, out.bytes), 0);
    for (size_t bytes = 0; bytes < out.bytes;
         bytes += bytes < 4096 || out.bytes - bytes < 4096 ? 1 : 61)
        if (read_copy(out.data, bytes) != P2P_EFORMAT)
            fail_msg("the first %zu of %zu bytes", bytes, out.bytes);
    free(out.data);
}

static void any_byte_changed_is_survived(void **state)
{
    static const unsigned char changes[] = {0x01, 0x80, 0xff};
    const Network n = discriminator();
    const Out out = write_network(&n);

    (void)state;
    for (size_t at = 0; at < out.bytes; at += at < 4096 || out.bytes - at < 4096 ? 1 : 61)
        for (size_t k = 0; k < sizeof(changes); k++) {
            out.data[at] ^= changes[k];
            read_copy(out.data, out.bytes);
            out.data[at] ^= changes[k];
        }
    free(out.data);
}

/* Tables within tables must not overflow the stack. */
static void endless_nesting_is_refused(void **state)
{
    Out out = {.data = malloc(MOST_BYTES)};

    (void)state;
    begin_object(&out, "nn.Sequential");
    for (int i = 0; i < 100000; i++) {
        begin_table(&out, 1);
        put_index(&out, 1);
    }
    assert_int_equal(read_copy(out.data, out.bytes), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "nested too deep"));
    free(out.data);
}

/* The same large table asked for a field by each of many nodes. */
static void fields_without_end_are_refused(void **state)
{
    enum { NODES = 60000, FIELDS = 100000 };
    Out out = {.data = malloc(MOST_BYTES)};

    (void)state;
    begin_object(&out, "nn.gModule");
    begin_table(&out, 1);
    put_key(&out, "forwardnodes");
    begin_table(&out, NODES);
    put_index(&out, 1);
    begin_object(&out, "nngraph.Node");
    begin_table(&out, FIELDS);
    for (int i = 0; i < FIELDS; i++) {
        put_index(&out, i);
        put_int(&out, 0);
    }
    for (int i = 1; i < NODES; i++) {
        put_index(&out, i + 1);
        put_int(&out, 4);
        put_int(&out, 3); /* the node */
    }
    assert_int_equal(read_copy(out.data, out.bytes), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "fields"));
    free(out.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unet_is_read),
        cmocka_unit_test(encoder_decoder_is_read),
        cmocka_unit_test(discriminator_is_read),
        cmocka_unit_test(truncated_anywhere_is_refused),
        cmocka_unit_test(any_byte_changed_is_survived),
        cmocka_unit_test(endless_nesting_is_refused),
        cmocka_unit_test(fields_without_end_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
