/* SPDX-License-Identifier: BSD-2-Clause */
/* What a terminal obeys is escaped, all else stays; temporary names fit beside any name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/rng.h"
#include "src/base/status.h"

static void shows(const char *text, const char *expected)
{
    char out[256];

    assert_ptr_equal(p2p_show(out, sizeof(out), text), out);
    assert_string_equal(out, expected);
}

static void plain_text_stays(void **state)
{
    (void)state;
    shows("", "");
    shows("fa\303\247ade 1.png \\n <b> \"'", "fa\303\247ade 1.png \\n <b> \"'");
    shows("\346\227\245\346\234\254 \360\237\230\200", "\346\227\245\346\234\254 \360\237\230\200");
}

static void controls_are_escaped(void **state)
{
    (void)state;
    shows("a\nb\tc\rd", "a\\nb\\tc\\rd");
    shows("\033[31m\a\177", "\\x1b[31m\\x07\\x7f");
    shows("\302\2331m", "\\xc2\\x9b1m");              /* U+009B: CSI in one character */
    shows("\342\200\256gnp.", "\\xe2\\x80\\xaegnp."); /* U+202E: right to left */
    shows("\357\273\277", "\\xef\\xbb\\xbf");
}

static void what_is_no_utf8_is_escaped(void **state)
{
    (void)state;
    shows("\351t\351", "\\xe9t\\xe9");
    shows("\300\257", "\\xc0\\xaf");                   /* overlong / */
    shows("\355\240\200", "\\xed\\xa0\\x80");          /* surrogate */
    shows("\364\220\200\200", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
    shows("\377\376", "\\xff\\xfe");
    shows("\303", "\\xc3");
    shows("\360\237\230", "\\xf0\\x9f\\x98");
}

static void short_room_cuts_between_characters(void **state)
{
    char out[8];

    (void)state;
    assert_string_equal(p2p_show(out, 1, "ab"), "");
    assert_string_equal(p2p_show(out, 3, "abc"), "ab");
    assert_string_equal(p2p_show(out, 5, "ab\303\247\303\247"), "ab\303\247");
    assert_string_equal(p2p_show(out, 5, "a\033"), "a");
    assert_string_equal(p2p_show(out, 6, "a\033"), "a\\x1b");
}

/* Any bytes: nothing below a blank, and showing twice changes nothing. */
static void random_bytes_become_harmless(void **state)
{
    char text[40], once[256], twice[256];

    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        for (size_t k = 0; k < sizeof(text) - 1; k++)
            text[k] = (char)(p2p_rng_word(3, p2p_stream(P2P_STREAM_TEST, 0), i * 64 + k) >> 24);
        text[sizeof(text) - 1] = '\0';
        p2p_show(once, sizeof(once), text);
        for (const char *at = once; *at; at++)
            assert_true((unsigned char)*at >= ' ' && *at != 127);
        assert_string_equal(p2p_show(twice, sizeof(twice), once), once);
    }
}

static void keep(void *user, P2pLogLevel level, const char *text)
{
    (void)level;
    snprintf(user, 64, "%s", text);
}

static void messages_are_shown(void **state)
{
    char text[64] = "";
    const P2pLog log = {.write = keep, .user = text, .level = P2P_LOG_DEBUG};

    (void)state;
    p2p_fail(P2P_EIO, "%s: bad", "a\033\nerror: b");
    assert_string_equal(p2p_error(), "a\\x1b\\nerror: b: bad");
    p2p_fail_prefix(P2P_EIO, "in %s", "\302\233");
    assert_string_equal(p2p_error(), "in \\xc2\\x9b: a\\x1b\\nerror: b: bad");
    p2p_log(&log, P2P_LOG_WARN, "%s", "\nx\377");
    assert_string_equal(text, "\\nx\\xff");
}

static void temporary_names_fit(void **state)
{
    char path[300] = "folder/", *a, *b;

    (void)state;
    a = p2p_temporary_name("folder/short.png");
    assert_non_null(strstr(a, "folder/short.png.tmp"));
    free(a);
    memset(path + 7, 'x', 255);
    a = p2p_temporary_name(path);
    path[7 + 254] = 'y';
    b = p2p_temporary_name(path);
    assert_true(strlen(strchr(a, '/') + 1) <= 255);
    assert_string_not_equal(a, b);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(what_is_no_utf8_is_escaped),
        cmocka_unit_test(short_room_cuts_between_characters),
        cmocka_unit_test(random_bytes_become_harmless),
        cmocka_unit_test(messages_are_shown),
        cmocka_unit_test(temporary_names_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
