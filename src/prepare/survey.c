/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks through a folder: reads every picture once, in threads, and keeps a few facts of each; all that is
 * said of them is said afterwards, in order of the names.
 */
#include <math.h>
#include <string.h>

#include <nettle/sha2.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/base/status.h"
#include "src/data/folder.h"
#include "src/data/picture.h"
#include "src/prepare/task.h"

typedef struct Facts {
    P2pPictureKind kind; /* count 0: it cannot be read */
    P2pFailure failure;
    uint8_t digest[SHA256_DIGEST_SIZE]; /* of kind and samples */
    double sum[4], square[4];           /* of the first four channels, 0 to 255 */
} Facts;

typedef struct Look {
    const P2pPrepareSettings *settings;
    const char *folder;
    char **names;
    size_t count;
    Facts *facts;
    P2pCounter counter;
} Look;

/* ---- One picture --------------------------------------------------------------------------- */

static void digest(const P2pImage *image, Facts *f)
{
    struct sha256_ctx hash;
    const int head[4] = {image->width, image->height, image->channels, image->bits};

    sha256_init(&hash);
    sha256_update(&hash, sizeof(head), (const uint8_t *)head);
    sha256_update(&hash, p2p_image_bytes(image), image->data);
    sha256_digest(&hash, sizeof(f->digest), f->digest);
}

static void add_up(const P2pImage *image, Facts *f)
{
    const size_t channels = (size_t)image->channels;
    const size_t samples = (size_t)image->width * (size_t)image->height * channels;

    for (size_t i = 0; i < samples; i++) {
        const size_t c = i % channels;
        const double v = p2p_image_sample(image, i);
        if (c < 4) {
            f->sum[c] += v;
            f->square[c] += v * v;
        }
    }
}

static int look_at(void *user, size_t i)
{
    Look *l = user;
    Facts *f = &l->facts[i];
    P2pImage image = {0};
    char *path = p2p_path_join(l->folder, l->names[i]);
    int err = path ? p2p_task_read(l->settings, path, &image) : P2P_ENOMEM;

    free(path);
    if (err && err != P2P_ENOMEM) {
        p2p_failure_keep(&f->failure, err);
        err = P2P_OK;
    } else if (!err) {
        f->kind = (P2pPictureKind){image.width, image.height, image.channels, image.bits, 1};
        digest(&image, f);
        add_up(&image, f);
    }
    p2p_image_finish(&image);
    return err ? err : p2p_counter_add(&l->counter);
}

/* ---- Findings ------------------------------------------------------------------------------ */

typedef struct Report {
    P2pSurvey *survey;
    const Look *look;
    P2pFinding finding;
    void *user;
} Report;

static void tell(const Report *r, P2pFindingKind kind, const char *text)
{
    r->survey->findings[kind]++;
    if (r->finding)
        r->finding(r->user, kind, text ? text : p2p_error());
}

/* The picture in B/ that has the name of picture i in A/, or the other way round; count: none. */
static size_t partner(const Look *l, size_t i)
{
    size_t low = 0, high = l->count;
    char *name = p2p_strdup(l->names[i]);

    if (!name)
        return l->count;
    name[0] = name[0] == 'A' ? 'B' : 'A';
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (p2p_stem_compare(l->names[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found = low < l->count && p2p_stem_compare(l->names[low], name) == 0;
    free(name);
    return found ? low : l->count;
}

/* Whether the folder holds pairs in A/ and B/. */
static bool has_sides(const Look *l)
{
    bool a = false, b = false;

    for (size_t i = 0; i < l->count; i++) {
        a = a || strncmp(l->names[i], "A/", 2) == 0;
        b = b || strncmp(l->names[i], "B/", 2) == 0;
    }
    return a && b;
}

static void check_partner(const Report *r, size_t i)
{
    const Look *l = r->look;
    const char *name = l->names[i];
    const P2pPictureKind *a = &l->facts[i].kind;

    if (strncmp(name, "A/", 2) != 0 && strncmp(name, "B/", 2) != 0)
        return;
    const size_t k = partner(l, i);
    char *text = NULL;
    if (k == l->count) {
        text =
            p2p_format("%s/%s: has no partner in %c", l->folder, name, name[0] == 'A' ? 'B' : 'A');
        tell(r, P2P_FINDING_ALONE, text);
    } else if (name[0] == 'A' && a->count && l->facts[k].kind.count &&
               (a->width != l->facts[k].kind.width || a->height != l->facts[k].kind.height)) {
        const P2pPictureKind *b = &l->facts[k].kind;
        text = p2p_format("%s/%s: has %d x %d pixels, its partner in B %d x %d", l->folder, name,
                          a->width, a->height, b->width, b->height);
        tell(r, P2P_FINDING_UNLIKE, text);
    }
    free(text);
}

typedef struct Key {
    uint8_t digest[SHA256_DIGEST_SIZE];
    size_t i;
} Key;

static int compare_keys(const void *a, const void *b)
{
    const Key *x = a, *y = b;
    const int by_digest = memcmp(x->digest, y->digest, sizeof(x->digest));

    return by_digest ? by_digest : (x->i > y->i) - (x->i < y->i);
}

/* first[i]: the first picture with the samples of picture i. */
static int find_duplicates(const Look *l, size_t *first)
{
    Key *keys = p2p_alloc(l->count, sizeof(*keys));
    size_t n = 0;

    if (!keys)
        return P2P_ENOMEM;
    for (size_t i = 0; i < l->count; i++) {
        first[i] = i;
        if (!l->facts[i].kind.count)
            continue;
        memcpy(keys[n].digest, l->facts[i].digest, sizeof(keys[n].digest));
        keys[n++].i = i;
    }
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < n; i++)
        if (memcmp(keys[i].digest, keys[i - 1].digest, sizeof(keys[i].digest)) == 0)
            first[keys[i].i] = first[keys[i - 1].i];
    free(keys);
    return P2P_OK;
}

static void report_one(const Report *r, size_t i, const size_t *first, bool sides)
{
    const Look *l = r->look;
    char *text = NULL;

    if (l->facts[i].failure.status) {
        tell(r, P2P_FINDING_UNUSABLE, l->facts[i].failure.text);
    } else if (first[i] != i) {
        text = p2p_format("%s/%s: is the same picture as %s", l->folder, l->names[i],
                          l->names[first[i]]);
        tell(r, P2P_FINDING_DUPLICATE, text);
    }
    if (sides)
        check_partner(r, i);
    free(text);
}

static int report_all(const Report *r)
{
    size_t *first = p2p_alloc(r->look->count, sizeof(*first));
    const int err = first ? find_duplicates(r->look, first) : P2P_ENOMEM;
    const bool sides = has_sides(r->look);

    for (size_t i = 0; !err && i < r->look->count; i++)
        report_one(r, i, first, sides);
    free(first);
    return err;
}

/* ---- Summing up ---------------------------------------------------------------------------- */

static int add_kind(P2pSurvey *s, size_t *capacity, const P2pPictureKind *k)
{
    void *kinds = s->kinds;
    int err;

    for (size_t i = 0; i < s->kind_count; i++) {
        P2pPictureKind *old = &s->kinds[i];
        if (old->width == k->width && old->height == k->height && old->channels == k->channels &&
            old->bits == k->bits) {
            old->count++;
            return P2P_OK;
        }
    }
    err = p2p_grow(&kinds, capacity, s->kind_count + 1, sizeof(*k));
    s->kinds = kinds;
    if (!err)
        s->kinds[s->kind_count++] = *k;
    return err;
}

static int compare_kinds(const void *a, const void *b)
{
    const P2pPictureKind *x = a, *y = b;
    const long long areas = (long long)y->width * y->height - (long long)x->width * x->height;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    if (areas)
        return areas < 0 ? -1 : 1;
    return x->width != y->width         ? y->width - x->width
           : x->channels != y->channels ? y->channels - x->channels
                                        : y->bits - x->bits;
}

static int sum_up(P2pSurvey *s, const Look *l)
{
    double pixels[4] = {0}, sum[4] = {0}, square[4] = {0};
    size_t capacity = 0;
    int err = P2P_OK;

    s->pictures = l->count;
    for (size_t i = 0; !err && i < l->count; i++) {
        const Facts *f = &l->facts[i];
        if (!f->kind.count)
            continue;
        s->usable++;
        err = add_kind(s, &capacity, &f->kind);
        for (int c = 0; c < 4 && c < f->kind.channels; c++) {
            pixels[c] += (double)f->kind.width * f->kind.height;
            sum[c] += f->sum[c];
            square[c] += f->square[c];
        }
    }
    for (int c = 0; c < 4; c++) {
        s->mean[c] = pixels[c] > 0 ? sum[c] / pixels[c] : (double)NAN;
        s->deviation[c] = pixels[c] > 0
                              ? sqrt(fmax(0, square[c] / pixels[c] - s->mean[c] * s->mean[c]))
                              : (double)NAN;
    }
    if (s->kind_count)
        qsort(s->kinds, s->kind_count, sizeof(*s->kinds), compare_kinds);
    return err;
}

void p2p_survey_finish(P2pSurvey *survey)
{
    free(survey->kinds);
    *survey = (P2pSurvey){0};
}

static void look_finish(Look *l)
{
    for (size_t i = 0; l->facts && i < l->count; i++)
        p2p_failure_finish(&l->facts[i].failure);
    free(l->facts);
    p2p_names_free(l->names, l->count);
}

int p2p_survey(P2pSurvey *survey, const char *folder, const P2pPrepareSettings *settings,
               P2pFinding finding, void *finding_user, P2pProgress progress, void *user)
{
    P2P_NEED(survey);
    *survey = (P2pSurvey){0};
    P2P_NEED(folder);
    P2P_NEED_PREPARE(settings);

    Look look = {.settings = settings, .folder = folder};
    const Report report = {survey, &look, finding, finding_user};
    int err = p2p_task_list(folder, NULL, settings, &look.names, &look.count);

    if (!err && !(look.facts = p2p_alloc(look.count, sizeof(*look.facts))))
        err = P2P_ENOMEM;
    p2p_counter_init(&look.counter, look.count, progress, user);
    if (!err)
        err = p2p_parallel(settings->threads, look.count, look_at, &look);
    p2p_counter_finish(&look.counter);
    if (!err)
        err = sum_up(survey, &look);
    if (!err)
        err = report_all(&report);
    look_finish(&look);
    if (err)
        p2p_survey_finish(survey);
    return err;
}
