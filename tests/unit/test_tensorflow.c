/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints and frozen graphs of pix2pix-tensorflow, written here after the descriptions of their
 * formats: every value comes to its place, in both programs' names; nothing that lies is accepted.
 */
#include "src/base/crc32c.h"
#include "src/base/status.h"
#include "src/formats/tensorflow.h"
#include "src/model/source.h"
#include "tests/unit/data_helpers.h"

enum { LEVELS = 5, FILTERS = 2, MOST_BYTES = 1 << 18, MOST_TENSORS = 80 };

typedef struct Bytes {
    unsigned char data[MOST_BYTES];
    size_t used;
} Bytes;

static Bytes index_bytes, data_bytes, graph_bytes;

/* ---- Writing ------------------------------------------------------------------------------- */

static void put(Bytes *b, const void *data, size_t n)
{
    assert_true(b->used + n <= MOST_BYTES);
    memcpy(b->data + b->used, data, n);
    b->used += n;
}

static void put_varint(Bytes *b, uint64_t value)
{
    for (; value > 127; value >>= 7)
        put(b, &(unsigned char){(unsigned char)(value | 128)}, 1);
    put(b, &(unsigned char){(unsigned char)value}, 1);
}

static void put_number(Bytes *b, int field, uint64_t value)
{
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, value);
}

static void put_bytes(Bytes *b, int field, const void *data, size_t n)
{
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, n);
    put(b, data, n);
}

static void put_word(Bytes *b, uint32_t value)
{
    put(b, &value, sizeof(value));
}

/* TensorShapeProto */
static void put_shape(Bytes *b, int field, const int *shape, int rank)
{
    static Bytes all, one;

    all.used = 0;
    for (int i = 0; i < rank; i++) {
        one.used = 0;
        put_number(&one, 1, (uint64_t)shape[i]);
        put_bytes(&all, 2, one.data, one.used);
    }
    put_bytes(b, field, all.data, all.used);
}

typedef struct Tensor {
    char name[96];
    int rank, shape[4];
    size_t at; /* of all values: element k of the tensor is (float)(at + k) */
} Tensor;

typedef struct Model {
    Tensor tensors[MOST_TENSORS];
    int count;
    size_t elements;
} Model;

static Model model;

static size_t size_of(const Tensor *t)
{
    size_t n = 1;

    for (int i = 0; i < t->rank; i++)
        n *= (size_t)t->shape[i];
    return n;
}

static void add(const char *scope, int level, const char *word, int rank, int a, int b)
{
    Tensor *t = &model.tensors[model.count++];

    assert_true(model.count <= MOST_TENSORS);
    *t = rank == 4 ? (Tensor){.rank = 4, .shape = {4, 4, a, b}} : (Tensor){.rank = 1, .shape = {a}};
    snprintf(t->name, sizeof(t->name), "%s_%d/%s", scope, level, word);
    t->at = model.elements;
    model.elements += size_of(t);
}

static int width(int level)
{
    return FILTERS * (level > 3 ? 8 : 1 << (level - 1));
}

/* A convolution with what belongs to it. */
static void add_layer(const char *scope, int level, bool early, bool transposed, int in, int out,
                      bool norm)
{
    const char *conv = transposed ? (early ? "deconv/filter" : "conv2d_transpose/kernel")
                                  : (early ? "conv/filter" : "conv2d/kernel");

    add(scope, level, conv, 4, transposed ? out : in, transposed ? in : out);
    if (!early)
        add(scope, level, transposed ? "conv2d_transpose/bias" : "conv2d/bias", 1, out, 0);
    if (norm) {
        add(scope, level, early ? "batchnorm/scale" : "batch_normalization/gamma", 1, out, 0);
        add(scope, level, early ? "batchnorm/offset" : "batch_normalization/beta", 1, out, 0);
    }
}

static void describe(bool early)
{
    model = (Model){.count = 0};
    for (int l = 1; l <= LEVELS; l++)
        add_layer("generator/encoder", l, early, false, l == 1 ? 1 : width(l - 1), width(l), l > 1);
    for (int l = LEVELS; l >= 1; l--)
        add_layer("generator/decoder", l, early, true, width(l) * (l == LEVELS ? 1 : 2),
                  l == 1 ? 2 : width(l - 1), l > 1);
    for (int l = 1; l <= 5; l++)
        add_layer("discriminator/layer", l, early, false, l == 1 ? 3 : FILTERS << (l - 2),
                  l == 5 ? 1 : FILTERS << (l - 1), l > 1 && l < 5);
    /* The optimizer's are passed over, wrong as they are; so are texts. */
    add("generator/encoder", 1, early ? "conv/filter/Adam" : "conv2d/kernel/Adam", 1, 1, 0);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const Tensor *)a)->name, ((const Tensor *)b)->name);
}

/* How a file may lie. */
typedef struct Lie {
    int shards, big_endian, compression, shard;
    int64_t offset, size, crc; /* added to the first tensor's */
    bool slices, out_of_order, twice;
    uint32_t restarts;
} Lie;

static void end_block(Bytes *file, size_t from, const Lie *lie, uint64_t *offset, uint64_t *size)
{
    put_word(file, 0); /* one restart point: the first entry */
    put_word(file, lie->restarts ? lie->restarts : 1);
    *offset = from;
    *size = file->used - from;
    put(file, &(unsigned char){(unsigned char)lie->compression}, 1);
    put_word(file, p2p_crc32c_masked(file->data + from, (size_t)*size + 1));
}

static void put_entry(Bytes *file, const char *last, const char *key, const Bytes *value)
{
    size_t shared = 0;

    while (last[shared] && last[shared] == key[shared])
        shared++;
    put_varint(file, shared);
    put_varint(file, strlen(key) - shared);
    put_varint(file, value->used);
    put(file, key + shared, strlen(key) - shared);
    put(file, value->data, value->used);
}

static void put_tensor(Bytes *value, const Tensor *t, const Lie *lie)
{
    const size_t at = data_bytes.used, n = size_of(t);

    for (size_t k = 0; k < n; k++)
        put(&data_bytes, &(float){(float)(t->at + k)}, sizeof(float));
    value->used = 0;
    put_number(value, 1, 1);
    put_shape(value, 2, t->shape, t->rank);
    put_number(value, 3, (uint64_t)lie->shard);
    put_number(value, 4, (uint64_t)((int64_t)at + lie->offset));
    put_number(value, 5, (uint64_t)((int64_t)(n * sizeof(float)) + lie->size));
    put_varint(value, 6 << 3 | 5);
    put_word(value, p2p_crc32c_masked(data_bytes.data + at, n * sizeof(float)) +
                        (uint32_t)(int32_t)lie->crc);
    if (lie->slices)
        put_bytes(value, 7, "", 0);
}

/* The table in two blocks, and the data. */
static void write_checkpoint(const Lie *lie)
{
    static Bytes value, handle, handles;
    static const Lie none = {.shards = 1};
    const char *last = "";
    uint64_t offset, size;
    size_t from = 0;

    qsort(model.tensors, (size_t)model.count, sizeof(Tensor), compare);
    index_bytes.used = data_bytes.used = value.used = handles.used = 0;
    put_number(&value, 1, (uint64_t)lie->shards);
    put_number(&value, 2, (uint64_t)lie->big_endian);
    put_entry(&index_bytes, "", "", &value);
    for (int i = 0; i < model.count; i++) {
        const Tensor *t = &model.tensors[lie->out_of_order ? model.count - 1 - i : i];
        put_tensor(&value, t, i == 1 ? lie : &none);
        put_entry(&index_bytes, last, t->name, &value);
        if (lie->twice && i == 1)
            put_entry(&index_bytes, t->name, t->name, &value);
        last = t->name;
        if (i == model.count / 2 || i == model.count - 1) {
            end_block(&index_bytes, from, lie, &offset, &size);
            handle.used = 0;
            put_varint(&handle, offset);
            put_varint(&handle, size);
            put_entry(&handles, "", i == model.count - 1 ? "z" : "y", &handle);
            from = index_bytes.used;
            last = "";
        }
    }
    put(&index_bytes, handles.data, handles.used);
    end_block(&index_bytes, from, &none, &offset, &size);
    const size_t footer = index_bytes.used;
    put_varint(&index_bytes, 0); /* no further blocks */
    put_varint(&index_bytes, 0);
    put_varint(&index_bytes, offset);
    put_varint(&index_bytes, size);
    while (index_bytes.used < footer + 40)
        put(&index_bytes, "", 1);
    put(&index_bytes, "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
}

/* Constants: every third as floats in a field, of which the last is the rest. */
static void write_graph(void)
{
    static Bytes tensor, value, attribute, node, numbers;

    graph_bytes.used = 0;
    for (int i = 0; i < model.count; i++) {
        const Tensor *t = &model.tensors[i];
        tensor.used = value.used = attribute.used = node.used = numbers.used = 0;
        put_number(&tensor, 1, 1);
        put_shape(&tensor, 2, t->shape, t->rank);
        for (size_t k = 0; k < size_of(t); k++)
            put(&numbers, &(float){(float)(t->at + k)}, sizeof(float));
        put_bytes(&tensor, i % 3 ? 4 : 5, numbers.data, numbers.used);
        put_bytes(&value, 8, tensor.data, tensor.used);
        put_bytes(&attribute, 1, "value", 5);
        put_bytes(&attribute, 2, value.data, value.used);
        put_bytes(&node, 1, t->name, strlen(t->name));
        put_bytes(&node, 2, "Const", 5);
        put_bytes(&node, 5, attribute.data, attribute.used);
        put_bytes(&graph_bytes, 1, node.data, node.used);
    }
    put_bytes(&graph_bytes, 4, "\x08\x18", 2);
}

/* ---- Every value in its place -------------------------------------------------------------- */

static const Tensor *named(const char *name)
{
    for (int i = 0; i < model.count; i++)
        if (!strcmp(model.tensors[i].name, name))
            return &model.tensors[i];
    return NULL;
}

/* The scope of a parameter of ours, "generator/decoder_3/", by its name. */
static void scope_of(const char *ours, char scope[64], bool *transposed)
{
    const char *at = ours, *place = strrchr(ours, '.');
    int level = 1, number;

    for (; place > ours && place[-1] != '.'; place--) {
    }
    number = atoi(place);
    if (strncmp(ours, "model.model.", 12) != 0) { /* model.0, then model.2, model.3 of 2, ... */
        snprintf(scope, 64, "discriminator/layer_%d/", number ? (number - 2) / 3 + 2 : 1);
        *transposed = false;
        return;
    }
    for (at = strstr(ours, ".model.") + 7; (at = strstr(at, ".model.")); at += 7)
        level++;
    *transposed = level == 1 ? number == 3 : level == LEVELS ? number >= 3 : number >= 5;
    snprintf(scope, 64, "generator/%s_%d/", *transposed ? "decoder" : "encoder", level);
}

static float expected(const P2pParam *p, bool early, int o, int i, int tap, int taps)
{
    char scope[64], name[96];
    bool transposed;

    scope_of(p->name, scope, &transposed);
    const bool kernel = p->kind == P2P_PARAM_WEIGHT, bias = p->kind == P2P_PARAM_BIAS;
    snprintf(name, sizeof(name), "%s%s", scope,
             kernel ? (early ? (transposed ? "deconv/filter" : "conv/filter")
                             : (transposed ? "conv2d_transpose/kernel" : "conv2d/kernel"))
             : bias ? (transposed ? "conv2d_transpose/bias" : "conv2d/bias")
             : p->kind == P2P_PARAM_GAMMA
                 ? (early ? "batchnorm/scale" : "batch_normalization/gamma")
                 : (early ? "batchnorm/offset" : "batch_normalization/beta"));
    const Tensor *t = named(name);
    if (early && bias)
        return 0;
    assert_non_null(t);
    if (!kernel)
        return (float)(t->at + (size_t)o);
    char innermost[64];
    snprintf(innermost, sizeof(innermost), "generator/decoder_%d/", LEVELS);
    const int half = transposed && strcmp(scope, innermost) != 0 ? p->i / 2 : 0;
    const int there = (i + half) % p->i; /* what comes up is first there */
    (void)taps;
    return (float)(t->at + (size_t)(transposed ? (tap * p->o + o) * p->i + there
                                               : (tap * p->i + there) * p->o + o));
}

static void check_param(const P2pSource *s, int n, bool early)
{
    const P2pParam *p = &s->graph->params[n];
    float *values = calloc(p2p_param_elements(p), sizeof(*values));
    const int taps = p->kind == P2P_PARAM_WEIGHT ? 16 : 1, in = taps > 1 ? p->i : 1;

    assert_int_equal(p2p_source_get(s, n, values), 0);
    for (int o = 0; p2p_param_is_trained(p) && o < p->o; o++)
        for (int i = 0; i < in; i++)
            for (int tap = 0; tap < taps; tap++) {
                const int at = ((p->transposed ? i * p->o + o : o * in + i) * taps) + tap;
                if (values[at] != expected(p, early, o, i, tap, taps))
                    fail_msg("%s: o %d, i %d, tap %d", p->name, o, i, tap);
            }
    free(values);
}

static void save(const char *name, const Bytes *b)
{
    FILE *f = fopen(name, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(b->data, 1, b->used, f), b->used);
    assert_int_equal(fclose(f), 0);
}

/* By each name that a checkpoint has for people. */
static void every_value_read(void **state)
{
    static const char *const paths[] = {"m",          "m.index", "m.data-00000-of-00001",
                                        "checkpoint", ".",       "m.pb"};
    const Bytes *list = &(Bytes){.data = "model_checkpoint_path: \"m\"\n", .used = 27};

    (void)state;
    for (int early = 0; early < 2; early++) {
        describe(early);
        write_checkpoint(&(Lie){.shards = 1});
        write_graph();
        save("m.index", &index_bytes);
        save("m.data-00000-of-00001", &data_bytes);
        save("m.pb", &graph_bytes);
        save("checkpoint", list);
        for (size_t i = 0; i < 2 * P2P_COUNT(paths); i++) {
            P2pSource s;
            if (p2p_source_open(&s, paths[i / 2], i % 2 ? "D" : NULL, NULL) < 0)
                fail_msg("%s: %s", paths[i / 2], p2p_error());
            assert_int_equal(s.net.role.task, i % 2 ? P2P_DISCRIMINATOR : P2P_GENERATOR);
            assert_int_equal(s.options.input_nc, 1);
            assert_int_equal(s.options.output_nc, 2);
            for (int n = 0; n < s.graph->param_count; n++)
                check_param(&s, n, early);
            assert_int_equal(p2p_source_check_running(&s), P2P_EINVAL);
            p2p_source_finish(&s);
        }
    }
}

/* ---- What lies ----------------------------------------------------------------------------- */

/* Blocks of just these bytes, so that a sanitizer sees each byte too many. */
static int read_copies(size_t index_length, size_t data_length)
{
    void *index = malloc(index_length + 1), *data = malloc(data_length + 1);
    P2pTensorFile *f;

    memcpy(index, index_bytes.data, index_length);
    memcpy(data, data_bytes.data, data_length);
    const int err = p2p_tensorflow_read_memory(&f, "lie", index, index_length, data, data_length);
    p2p_tensor_file_close(&f);
    free(index);
    free(data);
    return err;
}

static void checkpoint_that_lies_refused(void **state)
{
    static const struct {
        Lie lie;
        const char *words;
    } lies[] = {
        {{.shards = 2}, "2 parts"},
        {{.shards = 1, .big_endian = 1}, "greatest byte"},
        {{.shards = 1, .compression = 1}, "snappy"},
        {{.shards = 1, .shard = 1}, "malformed"},
        {{.shards = 1, .offset = MOST_BYTES}, "beyond the end"},
        {{.shards = 1, .offset = -MOST_BYTES}, "beyond the end"},
        {{.shards = 1, .offset = 4}, "checksum"},
        {{.shards = 1, .size = 4}, "malformed"},
        {{.shards = 1, .crc = 1}, "checksum"},
        {{.shards = 1, .slices = true}, "slices"},
        {{.shards = 1, .out_of_order = true}, "out of order"},
        {{.shards = 1, .twice = true}, "out of order"},
        {{.shards = 1, .restarts = 1 << 20}, "restart"},
    };

    (void)state;
    describe(false);
    for (size_t i = 0; i < P2P_COUNT(lies); i++) {
        write_checkpoint(&lies[i].lie);
        if (read_copies(index_bytes.used, data_bytes.used) != P2P_EFORMAT ||
            !strstr(p2p_error(), lies[i].words) || strchr(p2p_error(), '\n'))
            fail_msg("%s: %s", lies[i].words, p2p_error());
    }
}

static void checkpoint_truncated_anywhere_refused(void **state)
{
    (void)state;
    describe(false);
    write_checkpoint(&(Lie){.shards = 1});
    assert_int_equal(read_copies(index_bytes.used, data_bytes.used), 0);
    for (size_t n = 0; n < index_bytes.used; n++)
        assert_int_equal(read_copies(n, data_bytes.used), P2P_EFORMAT);
    for (size_t n = 0; n < data_bytes.used; n += 997)
        assert_int_equal(read_copies(index_bytes.used, n), P2P_EFORMAT);
}

/* Each changed byte shows, but for those that nothing is read from. */
static void checkpoint_with_any_byte_changed_noticed(void **state)
{
    const size_t footer = 48;

    (void)state;
    describe(true);
    write_checkpoint(&(Lie){.shards = 1});
    for (size_t n = 0; n < index_bytes.used; n++) {
        index_bytes.data[n] ^= 0x40;
        const int err = read_copies(index_bytes.used, data_bytes.used);
        if (err != P2P_EFORMAT && n < index_bytes.used - footer)
            fail_msg("byte %zu of %zu: %d", n, index_bytes.used, err);
        index_bytes.data[n] ^= 0x40;
    }
    for (size_t n = 0; n < data_bytes.used - sizeof(float); n += 499) {
        data_bytes.data[n] ^= 1;
        if (read_copies(index_bytes.used, data_bytes.used) != P2P_EFORMAT)
            fail_msg("byte %zu of the data", n);
        data_bytes.data[n] ^= 1;
    }
}

static int read_graph(size_t bytes)
{
    unsigned char *copy = malloc(bytes + 1);
    P2pTensorFile *f;

    memcpy(copy, graph_bytes.data, bytes);
    const int err = p2p_tensorflow_graph_read(&f, "lie", copy, bytes);
    for (int i = 0; !err && i < p2p_tensor_file_count(f); i++)
        p2p_file_tensor_is_finite(p2p_tensor_file_at(f, i));
    p2p_tensor_file_close(&f);
    free(copy);
    return err;
}

static void graph_truncated_or_changed_survived(void **state)
{
    (void)state;
    describe(false);
    model.count = 5;
    write_graph();
    assert_int_equal(read_graph(graph_bytes.used), 0);
    for (size_t n = 0; n < graph_bytes.used - 4; n++) /* the last field is no node */
        if (read_graph(n) == 0)
            assert_true(p2p_tensorflow_graph_is(graph_bytes.data, n));
    for (size_t n = 0; n < graph_bytes.used; n++) {
        graph_bytes.data[n] ^= 0x41;
        read_graph(graph_bytes.used);
        graph_bytes.data[n] ^= 0x41;
    }
}

/* A few bytes cannot stand for a tensor of gigabytes. */
static void constant_larger_than_its_file_refused(void **state)
{
    (void)state;
    model = (Model){.count = 1, .tensors = {{.name = "a", .rank = 2, .shape = {1, 1}}}};
    write_graph();
    assert_int_equal(read_graph(graph_bytes.used), 0);
    model.tensors[0].shape[0] = 1 << 30; /* only its shape: written from here on */
    static Bytes shape;
    shape.used = 0;
    put_shape(&shape, 2, model.tensors[0].shape, 2);
    static Bytes tensor, value, attribute, node;
    tensor.used = value.used = attribute.used = node.used = graph_bytes.used = 0;
    put_number(&tensor, 1, 1);
    put(&tensor, shape.data, shape.used);
    put_bytes(&tensor, 5, "\0\0\x80\x3f", 4);
    put_bytes(&value, 8, tensor.data, tensor.used);
    put_bytes(&attribute, 1, "value", 5);
    put_bytes(&attribute, 2, value.data, value.used);
    put_bytes(&node, 1, "a", 1);
    put_bytes(&node, 2, "Const", 5);
    put_bytes(&node, 5, attribute.data, attribute.used);
    put_bytes(&graph_bytes, 1, node.data, node.used);
    assert_int_equal(read_graph(graph_bytes.used), P2P_EFORMAT);
    assert_non_null(strstr(p2p_error(), "more elements"));
}

static void list_that_names_nothing_refused(void **state)
{
    static const char *const lists[] = {"", "model_checkpoint_path: \"", "something else\n",
                                        "model_checkpoint_path: \"\"\n"};

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(lists); i++) {
        Bytes list = {.used = strlen(lists[i])};
        P2pTensorFile *f;
        memcpy(list.data, lists[i], list.used);
        save("checkpoint", &list);
        assert_int_equal(p2p_tensor_file_open(&f, "."), P2P_EFORMAT);
        assert_non_null(strstr(p2p_error(), "names no checkpoint"));
    }
}

/* RFC 3720, B.4: of 32 bytes of zeros, of ones, and counting up. */
static void checksum_as_published(void **state)
{
    static const uint32_t wanted[] = {0x8a9136aau, 0x62a8ab43u, 0x46dd794eu};
    unsigned char data[3][32];

    (void)state;
    memset(data[0], 0, 32);
    memset(data[1], 255, 32);
    for (int i = 0; i < 32; i++)
        data[2][i] = (unsigned char)i;
    for (int i = 0; i < 3; i++)
        assert_int_equal(p2p_crc32c_masked(data[i], 32),
                         (wanted[i] >> 15 | wanted[i] << 17) + 0xa282ead8u);
}

static int go_to_folder(void **state)
{
    return test_folder_make(state) || chdir(test_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_read),
        cmocka_unit_test(checkpoint_that_lies_refused),
        cmocka_unit_test(checkpoint_truncated_anywhere_refused),
        cmocka_unit_test(checkpoint_with_any_byte_changed_noticed),
        cmocka_unit_test(graph_truncated_or_changed_survived),
        cmocka_unit_test(constant_larger_than_its_file_refused),
        cmocka_unit_test(list_that_names_nothing_refused),
        cmocka_unit_test(checksum_as_published),
    };

    return cmocka_run_group_tests(tests, go_to_folder, test_folder_remove);
}
