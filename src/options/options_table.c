/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of options. */
#include "src/options/options_table.h"

/* clang-format off */
#define TRAIN P2P_PROGRAM_TRAIN
#define TEST P2P_PROGRAM_TEST
#define TRANSLATE P2P_PROGRAM_TRANSLATE
#define INFO P2P_PROGRAM_INFO
#define BENCH P2P_PROGRAM_BENCH
#define EXPORT P2P_PROGRAM_EXPORT
#define ANY (TRAIN | TEST | TRANSLATE | INFO | BENCH | EXPORT)
#define MODEL (TRAIN | EXPORT) /* what a model is; given to p2p-export, replaces what a file says */
#define SIZE (MODEL | TEST | TRANSLATE)

#define FIELD(f) .offset = offsetof(P2pOptions, f), .size = sizeof(((P2pOptions *)0)->f)
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROW(kind, held, f, who, is_stored, least, most, value, words, text) \
    {.info = {.name = #f, .type = P2P_OPTION_##kind, .programs = who, .min = least, .max = most, \
              .initial = value, .choices = words, .help = text, .group = GROUP}, \
     .storage = P2P_STORED_##held, FIELD(f), .stored = is_stored}
#define FLAG(f, who, stored, help) ROW(FLAG, BOOL, f, who, stored, 0, 1, "0", NULL, help)
#define INT(f, who, stored, min, max, initial, help) \
    ROW(INT, INT, f, who, stored, min, max, initial, NULL, help)
#define LONG(f, who, stored, min, max, initial, help) \
    ROW(INT, LONG, f, who, stored, min, max, initial, NULL, help)
#define FLOAT(f, who, stored, min, max, initial, help) \
    ROW(NUMBER, DOUBLE, f, who, stored, min, max, initial, NULL, help)
#define STRING(f, who, stored, initial, help) \
    ROW(STRING, TEXT, f, who, stored, 0, 0, initial, NULL, help)
/* One of some words, kept as the word, or as its place among them. */
#define NAME(f, who, stored, initial, words, help) \
    ROW(STRING, TEXT, f, who, stored, 0, 0, initial, words, help)
#define CHOICE(f, who, stored, initial, words, help) \
    ROW(STRING, PLACE, f, who, stored, 0, 0, initial, words, help)

const P2pOption p2p_option_table[] = {
#define GROUP "Data"
    STRING(dataroot, TRAIN | TEST, true, "", "folder with PHASE/ (A|B side by side), or A/PHASE "
                                             "and B/PHASE"),
    STRING(phase, TRAIN | TEST, false, "", "subfolder: train, test, val"),
    CHOICE(direction, MODEL | TEST, true, "AtoB", WORDS("AtoB", "BtoA"), "which half is the input"),
    INT(input_nc, TRAIN, true, 1, 4, "3", "channels of the input"),
    INT(output_nc, TRAIN, true, 1, 4, "3", "channels of the output"),
    INT(load_size, SIZE, true, 1, 65536, "286", "resize to this many pixels, then crop"),
    INT(crop_size, SIZE, true, 1, 65536, "256", "size that the network sees, pixels"),
    CHOICE(preprocess, SIZE, true, "resize_and_crop",
           WORDS("resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"),
           "how pictures get their size"),
    FLAG(no_flip, TRAIN, true, "never mirror pictures"),
    FLAG(serial_batches, TRAIN, true, "take pictures by name, not shuffled"),
    FLAG(skip_bad, TRAIN | TEST, false, "leave unusable pictures out instead of stopping"),
    INT(max_dataset_size, TRAIN | TEST, false, 0, 2e9, "0", "use the first so many pairs; 0: all"),
    INT(num_threads, TRAIN | TEST, false, 0, 256, "2", "threads that load pictures"),
    LONG(max_pixels, TRAIN | TEST | TRANSLATE | EXPORT, false, 1, 1e12, "178956970",
         "refuse larger pictures, also resized ones"),

#undef GROUP
#define GROUP "Networks"
    CHOICE(preset, MODEL, true, "pytorch", WORDS("pytorch", "paper", "torch", "tensorflow", "mrzhu"),
           "whose choices are the defaults (CONTRIBUTING.md, Presets)"),
    NAME(netG, MODEL | BENCH, true, "unet_256",
         WORDS("unet_256", "unet_128", "encoder_decoder", "resnet_9blocks", "resnet_6blocks"), "generator"),
    NAME(netD, TRAIN | BENCH, true, "basic", WORDS("basic", "n_layers", "pixel"), "discriminator"),
    INT(ngf, MODEL | BENCH, true, 1, 1024, "64", "filters of the generator's first layer"),
    INT(ndf, TRAIN | BENCH, true, 1, 1024, "64", "filters of the discriminator's first layer"),
    INT(n_layers_D, TRAIN, true, 1, 6, "3", "layers of --netD n_layers"),
    INT(num_downs, MODEL, true, 0, 12, "0", "levels of a U-Net; 0: by its name"),
    CHOICE(norm, MODEL | BENCH, true, "batch", WORDS("batch", "instance", "none"), "normalisation"),
    FLAG(no_dropout, TRAIN | TEST | TRANSLATE | EXPORT, true, "no dropout in the generator"),
    FLAG(unconditional_D, TRAIN, true, "the discriminator does not see the input"),
    CHOICE(init_type, TRAIN, true, "normal", WORDS("normal", "xavier", "kaiming", "orthogonal"), "initial weights"),
    FLOAT(init_gain, TRAIN, true, 0, 100, "0.02", "their scale"),

#undef GROUP
#define GROUP "Training"
    STRING(name, TRAIN | TEST, false, "experiment", "name of the run: its folder"),
    STRING(checkpoints_dir, TRAIN | TEST, false, "./checkpoints", "folder of all runs"),
    INT(batch_size, TRAIN | BENCH, true, 1, 4096, "1", "pictures a step"),
    INT(n_epochs, TRAIN, true, 0, 1e6, "100", "epochs at the full learning rate"),
    INT(n_epochs_decay, TRAIN, true, 0, 1e6, "100", "epochs in which it falls to zero"),
    FLOAT(lr, TRAIN, true, 0, 10, "0.0002", "learning rate of Adam"),
    FLOAT(beta1, TRAIN, true, 0, 0.9999, "0.5", "Adam's first momentum"),
    FLOAT(beta2, TRAIN, true, 0, 0.999999, "0.999", "Adam's second momentum"),
    FLOAT(adam_eps, TRAIN, true, 1e-20, 1, "1e-8", "Adam's epsilon"),
    FLAG(adam_epsilon_hat, TRAIN, true, "Adam's epsilon as in TensorFlow and Torch"),
    CHOICE(lr_policy, TRAIN, true, "linear", WORDS("linear", "constant"), "course of the learning rate"),
    CHOICE(gan_mode, TRAIN, true, "vanilla", WORDS("vanilla", "lsgan"), "GAN loss"),
    FLOAT(lambda_L1, TRAIN, true, 0, 1e6, "100", "weight of the L1 loss; 0: off"),
    FLOAT(lambda_GAN, TRAIN, true, 0, 1e6, "1", "weight of the GAN loss; 0: off"),
    INT(seed, TRAIN | TEST | TRANSLATE | EXPORT, true, 0, 1073741823, "0", "of all randomness"),
    INT(print_freq, TRAIN, true, 1, 1e9, "100", "steps between lines of the log"),
    INT(save_epoch_freq, TRAIN, true, 1, 1e9, "5", "epochs between kept checkpoints"),
    INT(save_latest_freq, TRAIN, true, 1, 1e9, "5000", "steps between saves of the latest one"),
    LONG(max_steps, TRAIN, false, 0, 1e15, "0", "stop after so many steps in all; 0: never"),
    FLOAT(max_seconds, TRAIN, false, 0, 1e9, "0", "stop after so many seconds; 0: never"),
    FLAG(continue_train, TRAIN, false, "go on with the run where it stopped"),
    FLAG(overwrite, TRAIN, false, "start over, replacing an existing run"),
    STRING(init_from, TRAIN, false, "", "begin with the weights of these model files, of any kind: "
                                        "FILE,FILE"),

#undef GROUP
#define GROUP "Using"
    STRING(epoch, TEST, false, "latest", "which checkpoint: latest or a number"),
    STRING(results_dir, TEST, false, "./results", "folder for pictures and index.html"),
    STRING(model, TEST | TRANSLATE, false, "", "model file of any kind (-m)"),
    STRING(output, TRANSLATE | EXPORT, false, "", "output file or folder (-o)"),
    FLAG(eval, TEST | TRANSLATE | EXPORT, false, "running statistics instead of each picture's; no dropout"),
    INT(num_test, TEST, false, 0, 1e9, "0", "test the first so many; 0: all"),
    INT(jpeg_quality, TRANSLATE, false, 1, 100, "95", "of JPEG output"),

#undef GROUP
#define GROUP "Exporting"
    NAME(format, EXPORT, false, "auto", WORDS("auto", "safetensors", "onnx", "pth", "pict", "c"),
         "of the output; auto: by its suffix"),
    FLAG(standalone, EXPORT, false, "write a program: p2p-translate with the model inside"),
    NAME(dtype, EXPORT | BENCH, false, "f32", WORDS("f32", "f16", "q8"), "how weights are stored"),
    NAME(net, EXPORT, false, "G", WORDS("G", "D"), "which network; D: to .pth alone"),
    STRING(calibrate, EXPORT, false, "", "folder of pictures: tell what --dtype costs on them"),
    FLAG(folded, 0, true, "norms are within the convolutions"),

#undef GROUP
#define GROUP "Device"
    STRING(device, ANY, false, "", "index, cpu, gpu or a part of a name; see p2p-info"),
    STRING(variant, TRAIN | TEST | TRANSLATE | BENCH, false, "",
           "force kernels, PASS=NAME,... (conv2d=naive), or leave some out, -NAME,..."),
    FLAG(no_winograd, TRAIN | TEST | TRANSLATE | BENCH, false,
         "leave the winograd kernels out: slower, other rounding; short for --variant -winograd"),
    STRING(ref, TRAIN | TEST | TRANSLATE, false, "",
           "compute these passes by their reference on the host: PASS,..."),
    INT(vector_width, TRAIN | TEST | TRANSLATE | BENCH, false, 0, 16, "0",
        "floats in a vector on CPUs; 0: the device's"),
    LONG(device_memory, TRAIN | TEST | TRANSLATE | BENCH, false, 0, 1e9, "0",
         "use at most so many MiB of the device's memory; 0: all"),
    FLAG(profile, TRAIN | BENCH, false, "measure every kernel and print a table at the end"),
    FLAG(debug_nan, TRAIN, false, "stop at the first pass that makes a NaN or an infinity; slow"),
    FLOAT(device_timeout, TRAIN, false, 0, 1e6, "0",
          "give up after waiting so many seconds for the device; 0: never"),

#undef GROUP
#define GROUP "Benchmark"
    INT(steps, BENCH, false, 1, 10000, "10", "counted runs"),
    INT(size, BENCH, false, 1, 8192, "256", "pixels"),
    STRING(svg, BENCH, false, "", "with ops: draw the convolutions' roofline into this file"),
    FLAG(json, BENCH | INFO, false, "print one JSON object"),
    FLAG(tensors, INFO, false, "list the tensors of a file, one JSON object a line"),

#undef GROUP
#define GROUP "Messages"
    FLAG(quiet, ANY, false, "errors only"),
    FLAG(verbose, ANY, false, "tell what is done, with the chosen kernels"),
};
/* clang-format on */

const int p2p_option_count = (int)(sizeof(p2p_option_table) / sizeof(p2p_option_table[0]));

_Static_assert(sizeof(p2p_option_table) / sizeof(p2p_option_table[0]) <= P2P_OPTION_COUNT_MAX,
               "given[] has a place for each option");
