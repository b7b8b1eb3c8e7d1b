/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files a folder has, what is told of the rest, and which file becomes which. */
#include "tests/unit/data_helpers.h"

#include "src/data/folder.h"

/* The path is good until the eighth next call. */
static char *at(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, 512, "%s/%s", test_folder, name);
    return path;
}

static void touch(const char *name)
{
    assert_int_equal(p2p_file_write(test_path(name), name, strlen(name)), P2P_OK);
}

static void keep_text(void *user, P2pLogLevel level, const char *text)
{
    (void)level;
    snprintf(user, 512, "%s", text);
}

/* The names, separated by blanks, as in wanted; what was told ends in told. */
static void expect_walk(const char *folder, const char *except, const char *wanted,
                        const char *told)
{
    char **names, all[512] = "", text[512] = "";
    const P2pLog log = {keep_text, text, P2P_LOG_WARN};
    size_t count;

    assert_int_equal(p2p_folder_walk(at(folder), &(P2pWalkSettings){.except = except, .log = &log},
                                     &names, &count),
                     P2P_OK);
    for (size_t i = 0; i < count; i++) {
        strcat(all, i ? " " : "");
        strcat(all, names[i]);
    }
    assert_string_equal(all, wanted);
    const char *colon = strstr(text, ": ");
    assert_string_equal(colon ? colon + 2 : "", told);
    p2p_names_free(names, count);
}

static void subfolders_are_walked_and_the_rest_is_told(void **state)
{
    (void)state;
    touch("walk/b.png");
    touch("walk/a.JPG");
    touch("walk/sub/deep/c.jpeg");
    expect_walk("walk", NULL, "a.JPG b.png sub/deep/c.jpeg", "");
    touch("walk/x.gif");
    touch("walk/sub/y.GIF");
    touch("walk/sub/z.psd");
    touch("walk/.d.png");
    touch("walk/README");
    expect_walk("walk", NULL, "a.JPG b.png sub/deep/c.jpeg",
                "5 files ignored: .gif 2, .psd 1, hidden 1, without suffix 1");
    expect_walk("walk", at("walk/sub"), "a.JPG b.png",
                "3 files ignored: .gif 1, hidden 1, without suffix 1");
    expect_walk("walk/sub", at("walk/sub"), "deep/c.jpeg", "2 files ignored: .gif 1, .psd 1");
}

static void more_kinds_than_there_is_room_for_are_others(void **state)
{
    char name[64], text[512] = "", **names;
    const P2pLog log = {keep_text, text, P2P_LOG_WARN};
    size_t count;

    (void)state;
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof(name), "kinds/x.k%d", i);
        touch(name);
    }
    assert_int_equal(p2p_folder_pictures(at("kinds"), &log, &names, &count), P2P_OK);
    assert_int_equal(count, 0);
    assert_non_null(strstr(text, ": 60 files ignored: others 37, .k"));
    p2p_names_free(names, count);
}

static void links_that_lead_back_come_to_an_end(void **state)
{
    (void)state;
    touch("loop/a/1.png");
    touch("other/2.png");
    assert_int_equal(symlink("..", at("loop/a/up")), 0);
    assert_int_equal(symlink(".", at("loop/a/self")), 0);
    assert_int_equal(symlink(at("other"), at("loop/far")), 0);
    assert_int_equal(symlink("nowhere.png", at("loop/gone.png")), 0);
    assert_int_equal(symlink("b", at("loop/c")) | symlink("c", at("loop/b")), 0);
    expect_walk("loop", NULL, "a/1.png far/2.png gone.png",
                "4 files ignored: links to a folder above 2, without suffix 2");
}

static void folders_without_end_are_refused(void **state)
{
    char **names, name[64];
    size_t count;

    (void)state;
    /* Each of 40 folders has two links to the next: 2^40 ways. */
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "bomb/%d/x", i);
        test_path(name);
        for (int k = 0; k < 2; k++) {
            char link[64], to[64];
            snprintf(link, sizeof(link), "bomb/%d/%d", i, k);
            snprintf(to, sizeof(to), "../%d", i + 1);
            assert_int_equal(symlink(to, at(link)), 0);
        }
    }
    test_error_names(p2p_folder_pictures(at("bomb/0"), NULL, &names, &count), P2P_EFORMAT,
                     "within each other");
    test_error_names(p2p_folder_pictures(at("bomb/25"), NULL, &names, &count), P2P_OK, "");
    p2p_names_free(names, count);
    test_error_names(p2p_folder_pictures(at("bomb/12"), NULL, &names, &count), P2P_EFORMAT,
                     "100000 folders");
}

static void further_folders_are_stacked(void **state)
{
    char *inputs[] = {(char *)at("deep")}, folders[600];
    P2pOutputs outputs;
    P2pImage image;

    (void)state;
    for (int k = 0; k < 3; k++) {
        char name[64];
        snprintf(name, sizeof(name), "%s/sub/x.%s", k ? k == 1 ? "second" : "third" : "deep",
                 k == 1 ? "pgm" : "png");
        P2pImage one = test_picture(5, 4, k == 2 ? 3 : 1, 8, (uint32_t)k);
        assert_int_equal(p2p_image_write(&one, test_path(name), 0), P2P_OK);
        p2p_image_finish(&one);
    }
    snprintf(folders, sizeof(folders), "%s/second,%s/third", test_folder, test_folder);
    P2pOutputSettings s = {
        .inputs = inputs, .input_count = 1, .output = at("results"), .stack = folders};
    assert_int_equal(p2p_outputs_init(&outputs, &s), P2P_OK);
    assert_int_equal(outputs.layers, 2);
    assert_int_equal(p2p_output_read(&outputs, 0, &(P2pReadSettings){0}, &image), P2P_OK);
    assert_int_equal(image.channels, 5);
    p2p_image_finish(&image);
    p2p_outputs_finish(&outputs);
    unlink(test_path("third/sub/x.png"));
    test_error_names(p2p_outputs_init(&outputs, &s), P2P_EFORMAT, "third");
}

static void pipes_do_not_block(void **state)
{
    P2pImage image;

    (void)state;
    assert_int_equal(mkfifo(test_path("pipe/x.png"), 0600), 0);
    expect_walk("pipe", NULL, "x.png", "");
    test_error_names(p2p_image_read(&image, at("pipe/x.png"), 0), P2P_EIO, "is not a regular file");
    test_error_names(p2p_image_read(&image, "/dev/zero", 0), P2P_EIO, "is not a regular file");
}

static int plan(P2pOutputs *o, char *in1, char *in2, const char *output, bool keep_suffix)
{
    char *inputs[2] = {in1, in2};

    return p2p_outputs_init(o, &(P2pOutputSettings){.inputs = inputs,
                                                    .input_count = in2 ? 2 : 1,
                                                    .output = output,
                                                    .model = at("plan/model.png"),
                                                    .keep_suffix = keep_suffix});
}

static void refuse(char *in1, char *in2, const char *output, int status, const char *part)
{
    P2pOutputs o;

    test_error_names(plan(&o, in1, in2, output, false), status, part);
    assert_int_equal(o.count, 0);
}

static void outputs_have_their_inputs_names(void **state)
{
    P2pOutputs o;

    (void)state;
    touch("plan/in/a.jpg");
    touch("plan/in/sub/a.b.png");
    assert_int_equal(plan(&o, at("plan/in/a.jpg"), NULL, at("x.png"), false), P2P_OK);
    assert_true(o.single);
    assert_string_equal(o.items[0].to, at("x.png"));
    p2p_outputs_finish(&o);
    assert_int_equal(plan(&o, at("plan/in/a.jpg"), NULL, at("new/"), false), P2P_OK);
    assert_false(o.single);
    assert_string_equal(o.items[0].to, at("new/a.png"));
    assert_int_equal(p2p_output_make_folder(&o.items[0]), P2P_OK);
    assert_true(p2p_folder_exists(at("new")));
    p2p_outputs_finish(&o);
    assert_int_equal(plan(&o, at("plan/in"), at("plan/in/a.jpg"), at("out"), false), P2P_EFORMAT);
    assert_int_equal(plan(&o, at("plan/in"), NULL, at("out"), false), P2P_OK);
    assert_int_equal(o.count, 2);
    assert_string_equal(o.items[0].to, at("out/a.png"));
    assert_string_equal(o.items[1].from, at("plan/in/sub/a.b.png"));
    assert_string_equal(o.items[1].to, at("out/sub/a.b.png"));
    p2p_outputs_finish(&o);
    assert_int_equal(plan(&o, "-", NULL, "-", false), P2P_OK);
    p2p_outputs_finish(&o);
}

static void colliding_names_are_refused_or_kept_apart(void **state)
{
    P2pOutputs o;

    (void)state;
    touch("twins/a.jpg");
    touch("twins/a.png");
    refuse(at("twins"), NULL, at("out"), P2P_EFORMAT, "twins/a.jpg and ");
    refuse(at("twins"), NULL, at("out"), P2P_EFORMAT, "--keep_suffix");
    assert_int_equal(plan(&o, at("twins"), NULL, at("out"), true), P2P_OK);
    assert_string_equal(o.items[0].to, at("out/a.jpg.png"));
    assert_string_equal(o.items[1].to, at("out/a.png.png"));
    p2p_outputs_finish(&o);
    touch("other_twin/a.png");
    refuse(at("twins/a.png"), at("other_twin/a.png"), at("out"), P2P_EFORMAT, "other_twin/a.png");
}

static void several_inputs_need_a_folder(void **state)
{
    (void)state;
    touch("several/a.jpg");
    touch("several/b.jpg");
    refuse(at("several/a.jpg"), at("several/b.jpg"), at("x.png"), P2P_EINVAL, "name a folder");
    refuse(at("several"), NULL, at("x.JPEG"), P2P_EINVAL, "name a folder");
    refuse(at("several"), NULL, "-", P2P_EINVAL, "name a folder");
    refuse(at("several/a.jpg"), NULL, at("x.gif"), P2P_EINVAL, "ends in .png");
    touch("several/plain");
    refuse(at("several"), NULL, at("several/plain"), P2P_EIO, "not a folder");
    test_path("empty/x");
    refuse(at("empty"), NULL, at("out"), P2P_EFORMAT, "no pictures");
    refuse(at("absent"), at("empty"), at("out"), P2P_EFORMAT, "no pictures");
}

static void outputs_are_never_inputs(void **state)
{
    static const char said[] = "would overwrite the input";
    P2pOutputs o;

    (void)state;
    touch("own/a.png");
    touch("own/b.png");
    touch("plan/model.png");
    refuse(at("own"), NULL, at("own"), P2P_EINVAL, said);
    refuse(at("own/a.png"), NULL, at("own/a.png"), P2P_EINVAL, said);
    refuse(at("own/a.png"), NULL, at("own/../own/a.png"), P2P_EINVAL, said);
    refuse(at("own/a.png"), NULL, at("own/"), P2P_EINVAL, said);
    refuse(at("own/a.png"), NULL, at("plan/model.png"), P2P_EINVAL, "plan/model.png");
    assert_int_equal(symlink("own", at("linked")), 0);
    refuse(at("own"), NULL, at("linked"), P2P_EINVAL, said);
    test_path("results/x");
    assert_int_equal(link(at("own/b.png"), at("results/a.png")), 0);
    refuse(at("own"), NULL, at("results"), P2P_EINVAL, "own/b.png");
    unlink(at("results/a.png"));
    assert_int_equal(symlink("../own/a.png", at("results/b.png")), 0);
    refuse(at("own"), NULL, at("results"), P2P_EINVAL, "own/a.png");
    /* What was made before is no input, nor is a folder of results among the inputs. */
    unlink(at("results/b.png"));
    touch("results/a.png");
    assert_int_equal(plan(&o, at("own"), NULL, at("results"), false), P2P_OK);
    p2p_outputs_finish(&o);
    touch("own/out/a.png");
    assert_int_equal(plan(&o, at("own"), NULL, at("own/out"), false), P2P_OK);
    assert_int_equal(o.count, 2);
    p2p_outputs_finish(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(further_folders_are_stacked),
        cmocka_unit_test(subfolders_are_walked_and_the_rest_is_told),
        cmocka_unit_test(more_kinds_than_there_is_room_for_are_others),
        cmocka_unit_test(links_that_lead_back_come_to_an_end),
        cmocka_unit_test(folders_without_end_are_refused),
        cmocka_unit_test(pipes_do_not_block),
        cmocka_unit_test(outputs_have_their_inputs_names),
        cmocka_unit_test(colliding_names_are_refused_or_kept_apart),
        cmocka_unit_test(several_inputs_need_a_folder),
        cmocka_unit_test(outputs_are_never_inputs),
    };

    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
