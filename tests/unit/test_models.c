/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of models and what the programs take for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "src/base/status.h"
#include "src/options/options_table.h"
#include "src/train/gan.h"

static void option_has_the_words_of_the_table(void **state)
{
    const char *const *words = p2p_option_table[p2p_option_find("model")].info.choices;
    const P2pGanModel *model;
    int i = 0;

    (void)state;
    for (; p2p_gan_models[i].name; i++) {
        assert_string_equal(words[i], p2p_gan_models[i].name);
        assert_int_equal(p2p_gan_model_find(words[i], &model), 0);
        assert_ptr_equal(model, &p2p_gan_models[i]);
    }
    assert_null(words[i]);
    assert_int_equal(p2p_gan_model_find("pix2pix2", &model), P2P_EINVAL);
    assert_non_null(strstr(p2p_error(), "pix2pix"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(option_has_the_words_of_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
