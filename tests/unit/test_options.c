/* SPDX-License-Identifier: BSD-2-Clause */
/* Options: defaults, every way of writing them, refusals with advice, presets, storing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/status.h"
#include "p2p/image.h"
#include "src/options/options_table.h"
#include "src/options/peers.h"

enum { MOST_WORDS = 24 };

typedef struct Parsed {
    P2pOptions options;
    P2pArguments rest;
    char text[1024], *argv[MOST_WORDS], asked;
    int err;
} Parsed;

/* Parse words that are separated by blanks, as the program would. */
static void parse(Parsed *p, unsigned program, const char *line)
{
    int argc = 0;

    snprintf(p->text, sizeof(p->text), "program %s", line);
    for (char *word = strtok(p->text, " "); word && argc < MOST_WORDS - 1; word = strtok(NULL, " "))
        p->argv[argc++] = word;
    p->argv[argc] = NULL;
    p2p_options_init(&p->options);
    p->err = p2p_options_parse(&p->options, program, argc, p->argv, &p->rest, &p->asked);
}

static void refused(unsigned program, const char *line, const char *message)
{
    Parsed p;

    parse(&p, program, line);
    if (p.err != P2P_EINVAL || !strstr(p2p_error(), message))
        fail_msg("%s: status %d, '%s' instead of '%s'", line, p.err, p2p_error(), message);
}

/* ---- The table ----------------------------------------------------------------------------- */

static void table_has_each_name_once(void **state)
{
    (void)state;
    for (int i = 0; i < p2p_option_count; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(p2p_option_table[i].info.name, p2p_option_table[k].info.name);
}

static void defaults_are_those_of_the_reference(void **state)
{
    P2pOptions o;

    (void)state;
    p2p_options_init(&o);
    assert_string_equal(o.netG, "unet_256");
    assert_string_equal(o.netD, "basic");
    assert_string_equal(o.name, "experiment");
    assert_int_equal(o.ngf, 64);
    assert_int_equal(o.load_size, 286);
    assert_int_equal(o.crop_size, 256);
    assert_int_equal(o.n_epochs + o.n_epochs_decay, 200);
    assert_true(o.lr == 0.0002 && o.beta1 == 0.5 && o.lambda_L1 == 100);
    assert_false(o.no_dropout || o.no_flip || o.continue_train);
    for (int i = 0; i < P2P_OPTION_COUNT_MAX; i++)
        assert_false(o.given[i]);
    assert_int_equal(p2p_options_check(&o, P2P_PROGRAM_TRAIN), 0);
}

/* ---- Ways of writing ----------------------------------------------------------------------- */

static void every_syntax_gives_the_same(void **state)
{
    static const char *const lines[] = {"--lambda_L1 7 --no_flip", "--lambda-L1 7 --no-flip",
                                        "--lambda_L1=7 --no_flip", "--lambda-L1=7 --no-flip"};
    Parsed p;

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(lines); i++) {
        parse(&p, P2P_PROGRAM_TRAIN, lines[i]);
        assert_int_equal(p.err, 0);
        assert_true(p.options.lambda_L1 == 7);
        assert_true(p.options.no_flip);
        assert_true(p2p_options_given(&p.options, "lambda_L1"));
        assert_false(p2p_options_given(&p.options, "lambda_GAN"));
        assert_int_equal(p.rest.argc, 0);
    }
}

static void values_keep_their_hyphens(void **state)
{
    Parsed p;

    (void)state;
    parse(&p, P2P_PROGRAM_TRAIN, "--data-root=x --name=a-b");
    assert_int_equal(p.err, P2P_EINVAL);
    parse(&p, P2P_PROGRAM_TRAIN, "--name=a-b --dataroot c-d/--e");
    assert_int_equal(p.err, 0);
    assert_string_equal(p.options.name, "a-b");
    assert_string_equal(p.options.dataroot, "c-d/--e");
}

static void letters_and_arguments_may_be_mixed(void **state)
{
    Parsed p;

    (void)state;
    parse(&p, P2P_PROGRAM_TRANSLATE, "a.png -m model -q b.png -oout -- --c-d.png");
    assert_int_equal(p.err, 0);
    assert_string_equal(p.options.model_file, "model");
    assert_string_equal(p.options.output, "out");
    assert_true(p.options.quiet);
    assert_int_equal(p.rest.argc, 3);
    assert_string_equal(p.rest.argv[0], "a.png");
    assert_string_equal(p.rest.argv[2], "--c-d.png");
}

static void help_and_version_end_the_parsing(void **state)
{
    Parsed p;

    (void)state;
    parse(&p, P2P_PROGRAM_TRAIN, "--help --nonsense");
    assert_int_equal(p.err, 0);
    assert_int_equal(p.asked, 'h');
    parse(&p, P2P_PROGRAM_INFO, "-V");
    assert_int_equal(p.asked, 'V');
}

static void help_names_every_option_of_the_program(void **state)
{
    char *text = p2p_options_help(P2P_PROGRAM_TEST, "usage\n");
    char name[80];

    (void)state;
    assert_non_null(text);
    const P2pOptionInfo *o;
    for (int i = 0; (o = p2p_options_info(i)); i++) {
        snprintf(name, sizeof(name), "  --%s ", o->name);
        assert_int_equal(strstr(text, name) != NULL, (o->programs & P2P_PROGRAM_TEST) != 0);
    }
    free(text);
}

/* ---- By name ------------------------------------------------------------------------------- */

static void values_are_reached_by_name_and_type(void **state)
{
    P2pOptions *o, *copy;

    (void)state;
    assert_int_equal(p2p_options_create(&o), 0);
    assert_int_equal(p2p_options_set_flag(o, "no_flip", true), 0);
    assert_int_equal(p2p_options_set_int(o, "max_steps", 1000000000000), 0);
    assert_int_equal(p2p_options_set_number(o, "lr", 0.1), 0);
    assert_int_equal(p2p_options_set(o, "norm", "instance"), 0);
    assert_int_equal(p2p_options_copy(&copy, o), 0);
    assert_int_equal(p2p_options_set_flag(o, "no_flip", false), 0);
    p2p_options_destroy(&o);
    assert_null(o);
    assert_true(p2p_options_get_flag(copy, "no_flip"));
    assert_true(p2p_options_get_int(copy, "max_steps") == 1000000000000);
    assert_true(p2p_options_get_number(copy, "lr") == 0.1);
    assert_true(p2p_options_get_number(copy, "ngf") == 64);
    assert_string_equal(p2p_options_get_string(copy, "norm"), "instance");
    assert_string_equal(p2p_options_get_string(copy, "netG"), "unet_256");
    assert_true(p2p_options_given(copy, "lr"));
    assert_false(p2p_options_given(copy, "ngf"));
    p2p_options_destroy(&copy);
}

static void another_name_or_type_is_told(void **state)
{
    P2pOptions *o;

    (void)state;
    assert_int_equal(p2p_options_create(&o), 0);
    assert_null(p2p_options_get_string(o, "ngf"));
    assert_non_null(strstr(p2p_error(), "'ngf'"));
    assert_int_equal(p2p_options_get_int(o, "norm"), 0);
    assert_non_null(strstr(p2p_error(), "'norm'"));
    assert_int_equal(p2p_options_get_int(o, "lr"), 0);
    assert_non_null(strstr(p2p_error(), "'lr'"));
    assert_true(isnan(p2p_options_get_number(o, "netG")));
    assert_false(p2p_options_get_flag(o, "no such option"));
    assert_non_null(strstr(p2p_error(), "'no such option'"));
    assert_int_equal(p2p_options_set_number(o, "ngf", 1.5), P2P_EINVAL);
    assert_int_equal(p2p_options_set_int(o, "ngf", 5000), P2P_EINVAL);
    assert_int_equal(p2p_options_set_flag(o, "ngf", true), 0);
    assert_int_equal(p2p_options_get_int(o, "ngf"), 1);
    p2p_options_destroy(&o);
}

static void every_option_can_be_set_to_its_default(void **state)
{
    const P2pOptionInfo *info;
    P2pOptions *o;
    int count = 0;

    (void)state;
    assert_int_equal(p2p_options_create(&o), 0);
    for (; (info = p2p_options_info(count)); count++) {
        assert_int_equal(p2p_options_set(o, info->name, info->initial), 0);
        assert_true(info->help[0] && info->group[0]);
        for (int k = 0; info->choices && info->choices[k]; k++) {
            assert_int_equal(p2p_options_set(o, info->name, info->choices[k]), 0);
            assert_string_equal(p2p_options_get_string(o, info->name), info->choices[k]);
        }
    }
    assert_int_equal(count, p2p_option_count);
    assert_null(p2p_options_info(-1));
    p2p_options_destroy(&o);
}

/* ---- Refusals ------------------------------------------------------------------------------ */

static void unknown_option_names_the_nearest(void **state)
{
    (void)state;
    refused(P2P_PROGRAM_TRAIN, "--lamda_L1 3", "'--lamda_L1'; did you mean --lambda_L1?");
    refused(P2P_PROGRAM_TRAIN, "--lamda-l1=3", "did you mean --lambda_L1?");
    refused(P2P_PROGRAM_TRAIN, "--lambdaL 3", "did you mean --lambda_L1?");
    refused(P2P_PROGRAM_TRAIN, "--zebra 3", "no option '--zebra'; --help lists them");
    refused(P2P_PROGRAM_TRAIN, "-x", "'-x'");
    refused(P2P_PROGRAM_INFO, "--ngf 3", "no option '--ngf'");
    refused(P2P_PROGRAM_TRAIN, "-m file", "'-m'");
}

/* Each --name in a text is an option of the programs that know the peer's option, or of those named. */
static void check_hint(const P2pPeerOption *peer)
{
    const bool elsewhere = strstr(peer->text, "p2p-") != NULL;

    for (const char *at = peer->text; (at = strstr(at, "--")); at++) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 2, " ,:"), at + 2);
        const int i = p2p_option_find(name);
        if (i < 0 || (!elsewhere && peer->programs & ~p2p_option_table[i].info.programs))
            fail_msg("--%s: there is no --%s to use", peer->name, name);
    }
}

static void options_of_others_are_none_of_ours(void **state)
{
    (void)state;
    for (int i = 0; i < p2p_peer_option_count; i++) {
        const P2pPeerOption *peer = &p2p_peer_options[i];
        const int ours = p2p_option_find(peer->name);
        if (ours >= 0 && p2p_option_table[ours].info.programs & peer->programs)
            fail_msg("--%s is an option of ours", peer->name);
        if (peer->kind == P2P_PEER_CALLED)
            check_hint(peer);
        for (int k = 0; k < i; k++)
            if (peer->programs & p2p_peer_options[k].programs)
                assert_string_not_equal(peer->name, p2p_peer_options[k].name);
    }
}

static void options_of_others_get_their_hint(void **state)
{
    (void)state;
    refused(P2P_PROGRAM_TRAIN, "--niter 3", "no option '--niter'; use --n_epochs");
    refused(P2P_PROGRAM_TRAIN, "--l1-weight=3", "use --lambda_L1");
    refused(P2P_PROGRAM_TRAIN, "--lamb 10", "use --lambda_L1");
    refused(P2P_PROGRAM_TRAIN, "--mode train", "use p2p-train, p2p-test");
    refused(P2P_PROGRAM_TEST, "--which_direction BtoA", "use --direction");
    refused(P2P_PROGRAM_TEST, "--how_many 3", "use --num_test");
    refused(P2P_PROGRAM_INFO, "--niter 3", "no option '--niter'; --help lists them");
}

static void options_without_a_meaning_are_told(void **state)
{
    Parsed p;

    (void)state;
    parse(&p, P2P_PROGRAM_TRAIN,
          "--display_id -1 --ngf 3 --use_wandb --display-port=8097 --dataset_mode aligned");
    assert_int_equal(p.err, 0);
    assert_int_equal(p.options.ngf, 3);
    assert_string_equal(p2p_options_ignored(&p.options),
                        "--display_id, --use_wandb, --display_port");
    parse(&p, P2P_PROGRAM_TRAIN, "--cud 3");
    assert_int_equal(p.err, P2P_EINVAL);
    parse(&p, P2P_PROGRAM_TRAIN, "--load_s 300 --batch 2"); /* not of loadSize and batchSize, too */
    assert_int_equal(p.err, 0);
    refused(P2P_PROGRAM_TRAIN, "--dataset_mode double", "--dataset_mode takes aligned");
    refused(P2P_PROGRAM_TRAIN, "--use_wandb=1", "--use_wandb takes no value");
    refused(P2P_PROGRAM_TRAIN, "--display_id", "--display_id needs a value");
}

static void gpu_ids_choose_the_device(void **state)
{
    static const char *const cases[][3] = {{"--gpu_ids -1", "cpu", ""},
                                           {"--gpu_ids 0", "", ""},
                                           {"--gpu_ids 2", "2", ""},
                                           {"--gpu_ids=1,0", "1", "--gpu_ids but for the first"},
                                           {"--device cpu --gpu_ids 1", "cpu", ""}};
    Parsed p;

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(cases); i++) {
        parse(&p, P2P_PROGRAM_TRAIN, cases[i][0]);
        assert_int_equal(p.err, 0);
        assert_string_equal(p.options.device, cases[i][1]);
        assert_string_equal(p2p_options_ignored(&p.options), cases[i][2]);
    }
    refused(P2P_PROGRAM_TRAIN, "--gpu_ids all", "-1 for the CPU, not 'all'");
    refused(P2P_PROGRAM_TRAIN, "--gpu_ids -2", "-1 for the CPU, not '-2'");
}

static void missing_and_needless_values_are_refused(void **state)
{
    (void)state;
    refused(P2P_PROGRAM_TRAIN, "--ngf", "--ngf needs a value");
    refused(P2P_PROGRAM_TRANSLATE, "-m", "-m needs a value");
    refused(P2P_PROGRAM_TRAIN, "--no_flip=1", "--no_flip takes no value");
    refused(P2P_PROGRAM_TRAIN, "--no-flip=yes", "--no_flip takes no value");
    refused(P2P_PROGRAM_TRAIN, "--help=all", "--help takes no value");
}

static void numbers_out_of_range_are_refused(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"--ngf 0", "--ngf takes 1 to 1024, not 0"},
        {"--ngf 1025", "--ngf takes 1 to 1024"},
        {"--ngf -1", "--ngf takes 1 to 1024, not -1"},
        {"--ngf 2.5", "whole number"},
        {"--ngf 8x", "takes a number, not '8x'"},
        {"--ngf=", "takes a number"},
        {"--ngf 1e300", "--ngf takes 1 to 1024"},
        {"--ngf 1e999", "--ngf takes"},
        {"--ngf inf", "--ngf takes 1 to 1024"},
        {"--ngf nan", "takes a number"},
        {"--lr nan", "takes a number"},
        {"--lr -inf", "--lr takes 0 to 10"},
        {"--beta1 1", "--beta1 takes"},
        {"--adam_eps 0", "--adam_eps takes"},
        {"--max_steps 99999999999999999999", "--max_steps takes"},
        {"--seed 1073741824", "--seed takes 0 to 1073741823"},
    };

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(cases); i++)
        refused(P2P_PROGRAM_TRAIN, cases[i].line, cases[i].message);
}

static void numbers_at_the_ends_are_taken(void **state)
{
    Parsed p;

    (void)state;
    parse(&p, P2P_PROGRAM_TRAIN, "--ngf 1 --ndf 1024 --seed 1073741823 --max_steps 1e15 --lr 1e-4");
    assert_int_equal(p.err, 0);
    assert_int_equal(p.options.ngf, 1);
    assert_int_equal(p.options.ndf, 1024);
    assert_int_equal(p.options.seed, 1073741823);
    assert_true(p.options.max_steps == 1000000000000000L && p.options.lr == 1e-4);
}

static void limits_may_be_infinite(void **state)
{
    Parsed p;

    (void)state;
    parse(&p, P2P_PROGRAM_TRAIN, "--max_dataset_size 3 --max_dataset_size inf --max_seconds inf");
    assert_int_equal(p.err, 0);
    assert_int_equal(p.options.max_dataset_size, 0);
    assert_true(p.options.max_seconds == 0);
    refused(P2P_PROGRAM_TRAIN, "--max_dataset_size -inf", "--max_dataset_size takes 0 to");
    refused(P2P_PROGRAM_TRAIN, "--n_epochs inf", "--n_epochs takes 0 to");
}

static const char *model_file(const char *line)
{
    static Parsed p;

    parse(&p, P2P_PROGRAM_TEST, line);
    assert_int_equal(p.err, 0);
    return p.options.model_file;
}

/* Where files are used --model is one, unless it is what a peer's users type there. */
static void model_is_a_file_or_a_kind(void **state)
{
    static const char existing[] = "pix2pix";
    Parsed p;

    (void)state;
    remove(existing);
    assert_string_equal(model_file("--model x.pth"), "x.pth");
    assert_string_equal(model_file("-m x.pth"), "x.pth");
    assert_string_equal(model_file("-m pix2pix"), "pix2pix");
    assert_string_equal(model_file("--model pix2pix -m x.pth"), "x.pth");
    assert_string_equal(model_file("--model pix2pix"), "");
    assert_string_equal(model_file("--model test"), "");
    fclose(fopen(existing, "w"));
    assert_string_equal(model_file("--model pix2pix"), "pix2pix");
    remove(existing);
    parse(&p, P2P_PROGRAM_TRAIN, "--model pix2pix");
    assert_int_equal(p.err, 0);
    assert_string_equal(p.options.model, "pix2pix");
    refused(P2P_PROGRAM_TRAIN, "--model pix2pics", "did you mean pix2pix?");
}

static void wrong_choice_names_the_nearest(void **state)
{
    Parsed p;

    (void)state;
    refused(P2P_PROGRAM_TRAIN, "--netG unet_257", "did you mean unet_256?");
    refused(P2P_PROGRAM_TRAIN, "--norm Batch", "did you mean batch?");
    refused(P2P_PROGRAM_TRAIN, "--norm none|", "--norm takes batch|instance|none");
    refused(P2P_PROGRAM_TRAIN, "--direction=", "takes AtoB|BtoA, not ''");
    parse(&p, P2P_PROGRAM_TRAIN, "--norm none --direction BtoA");
    assert_int_equal(p.err, 0);
    assert_int_equal(p.options.norm, P2P_OPT_NORM_NONE);
    assert_int_equal(p.options.direction, 1);
}

static void too_long_text_is_refused(void **state)
{
    P2pOptions o;
    char name[200];

    (void)state;
    p2p_options_init(&o);
    memset(name, 'x', sizeof(name) - 1);
    name[127] = '\0';
    assert_int_equal(p2p_options_set(&o, "name", name), 0);
    name[127] = 'x';
    name[128] = '\0';
    assert_int_equal(p2p_options_set(&o, "name", name), P2P_EINVAL);
    assert_int_equal(p2p_options_set(&o, "no such option", "1"), P2P_EINVAL);
}

static void contradictions_are_refused(void **state)
{
    static const char *const lines[] = {"--continue_train --overwrite",
                                        "--continue_train --preset paper",
                                        "--new_data",
                                        "--load_size 100 --crop_size 128",
                                        "--lambda_L1 0 --lambda_GAN 0",
                                        "--n_layers_D 2",
                                        "--n_epochs 0 --n_epochs_decay 0",
                                        "--quiet --verbose",
                                        "--name a/b",
                                        "--name .hidden"};
    Parsed p;

    (void)state;
    for (size_t i = 0; i < P2P_COUNT(lines); i++) {
        parse(&p, P2P_PROGRAM_TRAIN, lines[i]);
        assert_int_equal(p.err, 0);
        if (p2p_options_check(&p.options, P2P_PROGRAM_TRAIN) != P2P_EINVAL)
            fail_msg("%s: was accepted", lines[i]);
        assert_non_null(strstr(p2p_error(), "--"));
    }
    parse(&p, P2P_PROGRAM_TRAIN, "--netD n_layers --n_layers_D 2");
    assert_int_equal(p2p_options_check(&p.options, P2P_PROGRAM_TRAIN), 0);
}

/* ---- Presets and storing ------------------------------------------------------------------- */

static void preset_gives_way_to_what_was_given(void **state)
{
    Parsed p;

    (void)state;
    parse(&p, P2P_PROGRAM_TRAIN, "--preset mrzhu --lambda_L1 33");
    p2p_options_apply_preset(&p.options);
    assert_string_equal(p.options.netG, "resnet_9blocks");
    assert_int_equal(p.options.gan_mode, P2P_GAN_LSGAN);
    assert_true(p.options.lambda_L1 == 33 && p.options.no_dropout);

    parse(&p, P2P_PROGRAM_TRAIN, "--preset paper");
    p2p_options_apply_preset(&p.options);
    assert_int_equal(p.options.lr_policy, P2P_LR_CONSTANT);
    assert_true(p.options.adam_epsilon_hat);

    parse(&p, P2P_PROGRAM_TRAIN, "--preset tensorflow --lambda_D 0.5");
    p2p_options_apply_preset(&p.options);
    assert_true(p.options.innermost_norm && p.options.all_bias);
    assert_int_equal(p.options.dropout_levels, P2P_DROPOUT_INNERMOST);
    assert_true(p.options.lambda_D == 0.5);
    assert_int_equal(p.options.resize_filter_A, P2P_FILTER_AREA);
    assert_int_equal(p.options.resize_filter_B, P2P_FILTER_AREA);

    parse(&p, P2P_PROGRAM_TRAIN, "");
    const P2pOptions before = p.options;
    p2p_options_apply_preset(&p.options);
    assert_memory_equal(&before, &p.options, sizeof(before));
}

static void stored_options_are_loaded_exactly(void **state)
{
    Parsed p;
    P2pOptions loaded;
    char value[P2P_OPTION_TEXT], again[P2P_OPTION_TEXT];
    const P2pOptionInfo *o;
    int count = 0;

    (void)state;
    parse(&p, P2P_PROGRAM_TRAIN,
          "--dataroot a=b --netG unet_128 --lr 0.1 --beta2 0.9991234567890123 --norm instance "
          "--no_flip --preset torch --seed 7 --max_steps 5 --batch_size 3");
    assert_int_equal(p.err, 0);
    p2p_options_init(&loaded);
    for (; (o = p2p_options_stored(&p.options, P2P_ROLE_ANY, count, value, sizeof(value))); count++)
        assert_int_equal(p2p_options_set(&loaded, o->name, value), 0);
    assert_true(count > 30);
    for (int i = 0; i < count; i++) {
        o = p2p_options_stored(&p.options, P2P_ROLE_ANY, i, value, sizeof(value));
        assert_ptr_equal(o, p2p_options_stored(&loaded, P2P_ROLE_ANY, i, again, sizeof(again)));
        assert_string_equal(value, again);
    }
    assert_true(loaded.lr == 0.1 && loaded.beta2 == 0.9991234567890123);
    assert_true(loaded.no_flip);
    assert_int_equal(loaded.batch_size, 3);
    assert_int_equal(loaded.max_steps, 0); /* of this call, not of the model */
}

static void given_options_of_a_role_are_taken(void **state)
{
    Parsed from, to;

    (void)state;
    parse(&from, P2P_PROGRAM_TRAIN, "--netG unet_128 --norm none --lr 0.5 --name other");
    parse(&to, P2P_PROGRAM_TRAIN, "--ngf 3 --norm instance");
    p2p_options_take(&to.options, &from.options, P2P_ROLE_GENERATOR);
    assert_string_equal(to.options.netG, "unet_128");
    assert_int_equal(to.options.norm, P2P_OPT_NORM_NONE);
    assert_int_equal(to.options.ngf, 3);
    assert_true(p2p_options_given(&to.options, "netG"));
    assert_true(to.options.lr == 0.0002 && !p2p_options_given(&to.options, "lr"));
    p2p_options_take(&to.options, &from.options, P2P_ROLE_ANY);
    assert_true(to.options.lr == 0.5);
    assert_string_equal(to.options.name, "experiment"); /* tells nothing of a model */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_each_name_once),
        cmocka_unit_test(defaults_are_those_of_the_reference),
        cmocka_unit_test(every_syntax_gives_the_same),
        cmocka_unit_test(values_keep_their_hyphens),
        cmocka_unit_test(letters_and_arguments_may_be_mixed),
        cmocka_unit_test(help_and_version_end_the_parsing),
        cmocka_unit_test(help_names_every_option_of_the_program),
        cmocka_unit_test(values_are_reached_by_name_and_type),
        cmocka_unit_test(another_name_or_type_is_told),
        cmocka_unit_test(every_option_can_be_set_to_its_default),
        cmocka_unit_test(unknown_option_names_the_nearest),
        cmocka_unit_test(options_of_others_are_none_of_ours),
        cmocka_unit_test(options_of_others_get_their_hint),
        cmocka_unit_test(options_without_a_meaning_are_told),
        cmocka_unit_test(gpu_ids_choose_the_device),
        cmocka_unit_test(missing_and_needless_values_are_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(numbers_at_the_ends_are_taken),
        cmocka_unit_test(wrong_choice_names_the_nearest),
        cmocka_unit_test(limits_may_be_infinite),
        cmocka_unit_test(too_long_text_is_refused),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(model_is_a_file_or_a_kind),
        cmocka_unit_test(preset_gives_way_to_what_was_given),
        cmocka_unit_test(stored_options_are_loaded_exactly),
        cmocka_unit_test(given_options_of_a_role_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
