/* SPDX-License-Identifier: BSD-2-Clause */
/* Picture files of all kinds against the samples that Pillow has of them. */
#include "config.h"
#include "tests/unit/data_helpers.h"

/* CRC-32 of all samples; of 16 bits the high bytes, as Pillow keeps no more of colours. */
static unsigned checksum(const P2pImage *image)
{
    if (image->bits == 32)
        return p2p_crc32(0, image->data, p2p_image_bytes(image));

    const size_t samples = p2p_image_bytes(image) / (size_t)(image->bits / 8);
    unsigned crc = 0;

    for (size_t i = 0; i < samples; i++) {
        const unsigned char high = image->bits == 8
                                       ? ((const uint8_t *)image->data)[i]
                                       : (unsigned char)(((const uint16_t *)image->data)[i] >> 8);
        crc = p2p_crc32(crc, &high, 1);
    }
    return crc;
}

/* What expected.txt has to say of the file: "WIDTH HEIGHT CHANNELS BITS CRC" or "refused". */
static void describe(const char *folder, const char *name, bool upright, char *text, size_t bytes)
{
    char *path = p2p_path_join(folder, name);
    P2pImage image;
    int err = p2p_image_read(&image, path, 0);

    if (!err && upright)
        err = p2p_image_upright(&image);
    if (err)
        snprintf(text, bytes, "refused");
    else
        snprintf(text, bytes, "%d %d %d %d %08x", image.width, image.height, image.channels,
                 image.bits, checksum(&image));
    if (err && (err != P2P_EFORMAT || !strstr(p2p_error(), name)))
        fail_msg("%s: error %d, \"%s\"", name, err, p2p_error());
    free(path);
    p2p_image_finish(&image);
}

static size_t count_files(const char *folder)
{
    char **names;
    size_t count;

    assert_int_equal(p2p_folder_pictures(folder, NULL, &names, &count), P2P_OK);
    p2p_names_free(names, count);
    return count;
}

/* All files of a folder against its list. */
static void compare(const char *folder, bool upright)
{
    char line[256], name[128], wanted[128], got[128], *path = p2p_path_join(folder, "expected.txt");
    FILE *list = fopen(path, "r");
    size_t count = 0, wrong = 0;

    assert_non_null(list);
    while (fgets(line, sizeof(line), list)) {
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%127s %127[^\n]", name, wanted), 2);
        describe(folder, name, upright, got, sizeof(got));
        count++;
        if (strcmp(got, wanted) != 0) {
            print_message("%s: %s, not %s (%s)\n", name, got, wanted, p2p_error());
            wrong++;
        }
    }
    fclose(list);
    free(path);
    assert_int_equal(wrong, 0);
    assert_int_equal(count, count_files(folder));
}

static void odd_pictures_have_pillows_samples(void **state)
{
    (void)state;
    compare(P2P_TEST_DATA "/pictures", false);
}

static void bmp_pnm_and_npy_have_pillows_and_numpys_samples(void **state)
{
    (void)state;
    compare(P2P_TEST_DATA "/plain", false);
}

#if P2P_HAVE_TIFF
static void tiff_files_have_pillows_samples(void **state)
{
    (void)state;
    compare(P2P_TEST_DATA "/tiff", false);
}
#endif

#if P2P_HAVE_WEBP
static void webp_files_have_pillows_samples(void **state)
{
    (void)state;
    compare(P2P_TEST_DATA "/webp", false);
}
#endif

static void turned_pictures_become_upright(void **state)
{
    (void)state;
    compare(P2P_TEST_DATA "/upright", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_pictures_have_pillows_samples),
        cmocka_unit_test(bmp_pnm_and_npy_have_pillows_and_numpys_samples),
#if P2P_HAVE_TIFF
        cmocka_unit_test(tiff_files_have_pillows_samples),
#endif
#if P2P_HAVE_WEBP
        cmocka_unit_test(webp_files_have_pillows_samples),
#endif
        cmocka_unit_test(turned_pictures_become_upright),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
