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
#define SERVE P2P_PROGRAM_SERVE
#define ANY (TRAIN | TEST | TRANSLATE | INFO | BENCH | EXPORT | SERVE)

#define DATA P2P_ROLE_DATA
#define G P2P_ROLE_GENERATOR
#define D P2P_ROLE_DISCRIMINATOR
#define TRAINING P2P_ROLE_TRAINING
#define USE P2P_ROLE_USE

/* Programs that take an option because of what it tells of a model, and further ones. */
#define TAKEN(roles, who) \
    ((who) | ((roles) ? TRAIN : 0) | ((roles) & (G | D | USE) ? EXPORT | TEST | TRANSLATE | SERVE : 0))

#define FIELD(f) .offset = offsetof(P2pOptions, f), .size = sizeof(((P2pOptions *)0)->f)
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROW(kind, held, f, role, who, least, most, value, words, text) \
    {.info = {.name = #f, .type = P2P_OPTION_##kind, .roles = role, .programs = who, \
              .min = least, .max = most, .initial = value, .choices = words, .help = text, \
              .group = GROUP}, \
     .storage = P2P_STORED_##held, FIELD(f)}
#define FLAG(f, roles, who, help) \
    ROW(FLAG, BOOL, f, roles, TAKEN(roles, who), 0, 1, "0", NULL, help)
#define INT(f, roles, who, min, max, initial, help) \
    ROW(INT, INT, f, roles, TAKEN(roles, who), min, max, initial, NULL, help)
#define LONG(f, roles, who, min, max, initial, help) \
    ROW(INT, LONG, f, roles, TAKEN(roles, who), min, max, initial, NULL, help)
#define FLOAT(f, roles, who, min, max, initial, help) \
    ROW(NUMBER, DOUBLE, f, roles, TAKEN(roles, who), min, max, initial, NULL, help)
#define STRING(f, roles, who, initial, help) \
    ROW(STRING, TEXT, f, roles, TAKEN(roles, who), 0, 0, initial, NULL, help)
/* One of some words, kept as the word, or as its place among them. */
#define NAME(f, roles, who, initial, words, help) \
    ROW(STRING, TEXT, f, roles, TAKEN(roles, who), 0, 0, initial, words, help)
#define CHOICE(f, roles, who, initial, words, help) \
    ROW(STRING, PLACE, f, roles, TAKEN(roles, who), 0, 0, initial, words, help)
/* A limit: 0 and inf are none. */
#define LIMIT(kind, held, f, role, who, most, text) \
    {.info = {.name = #f, .type = P2P_OPTION_##kind, .roles = role, \
              .programs = TAKEN(role, who), .min = 0, .max = most, .initial = "0", .help = text, \
              .group = GROUP}, \
     .storage = P2P_STORED_##held, .no_limit = true, FIELD(f)}
/* What files tell and no program takes. */
#define FACT_FLAG(f, roles, help) ROW(FLAG, BOOL, f, roles, 0, 0, 1, "0", NULL, help)
#define FACT_STRING(f, roles, help) ROW(STRING, TEXT, f, roles, 0, 0, 0, "", NULL, help)

const P2pOption p2p_option_table[] = {
#define GROUP "Data"
    STRING(dataroot, DATA, TEST | SERVE, "", "folder with PHASE/ (A|B side by side), or A/PHASE "
                                             "and B/PHASE"),
    STRING(phase, DATA, TEST | SERVE, "", "subfolder: train, test, val"),
    CHOICE(dataset_mode, DATA, TEST, "aligned", WORDS("aligned", "unaligned", "single", "colorization", "inpainting"),
           "pairs; pictures of A in PHASEA/ and of B in PHASEB/ that are none; in p2p-test the folder's own pictures, without targets; pictures in PHASE/ whose colours, or which without their holes, are the target; else by the model"),
    CHOICE(direction, DATA | G, TEST | TRANSLATE | SERVE, "AtoB", WORDS("AtoB", "BtoA"), "which half is the input; which of cycle_gan's generators translates"),
    INT(input_nc, G | D, 0, 1, 64, "3", "channels of the input"),
    INT(output_nc, G | D, 0, 1, 64, "3", "channels of the output"),
    INT(labels, G, 0, 0, 64, "0", "inputs are label maps of so many classes, one channel each; 0: they are not"),
    STRING(label_colours, G, 0, "", "of these: index, a table FILE, or rrggbb,...; else as found in the data"),
    INT(load_size, DATA | USE, 0, 1, 65536, "286", "resize to this many pixels, then crop"),
    INT(crop_size, DATA | USE, 0, 1, 65536, "256", "size that the network sees, pixels"),
    CHOICE(preprocess, DATA | USE, 0, "resize_and_crop",
           WORDS("resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none", "keep"),
           "how pictures get their size; in use keep where this, --load_size and --crop_size are not given"),
    CHOICE(resize_filter_A, DATA | USE, 0, "bicubic", WORDS("bicubic", "bilinear", "nearest", "area"),
           "how A is resized"),
    CHOICE(resize_filter_B, DATA | USE, 0, "bicubic", WORDS("bicubic", "bilinear", "nearest", "area"),
           "how B is; nearest adds no colours to label maps"),
    FLAG(no_flip, DATA, 0, "never mirror pictures"),
    FLAG(no_exif, DATA, TEST | TRANSLATE | SERVE, "take pictures as they are stored, not turned as EXIF says"),
    FLAG(no_alpha, 0, TRANSLATE | SERVE, "results without the alpha of their inputs"),
    FLAG(serial_batches, DATA, 0, "take pictures by name, not shuffled"),
    FLAG(skip_bad, TRAINING, TEST | TRANSLATE, "leave unusable pictures out; they are no failure then"),
    LIMIT(INT, INT, max_dataset_size, DATA, TEST, 2e9, "use the first so many pairs; 0: all"),
    FACT_STRING(data_digest, DATA, "number of the pictures, and a hash of their names"),
    INT(num_threads, 0, TRAIN | TEST | TRANSLATE | BENCH | SERVE, -1, 256, "-1",
        "threads that load and save pictures; -1: one for two processors, from 2 to 8"),
    LONG(max_pixels, 0, TRAIN | TEST | TRANSLATE | BENCH | EXPORT | SERVE, 1, 1e12, "178956970",
         "refuse larger pictures, also resized ones"),

#undef GROUP
#define GROUP "Networks"
    NAME(model, TRAINING, 0, "pix2pix", WORDS("pix2pix", "cycle_gan", "colorization", "inpainting"), "what is trained: networks and losses"),
    CHOICE(preset, 0, TRAIN | TEST | TRANSLATE | EXPORT | SERVE, "pytorch", WORDS("pytorch", "paper", "torch", "tensorflow", "mrzhu"),
           "whose choices are the defaults (CONTRIBUTING.md, Presets)"),
    NAME(netG, G, BENCH, "unet_256",
         WORDS("unet_256", "unet_128", "encoder_decoder", "resnet_9blocks", "resnet_6blocks"), "generator"),
    NAME(netD, D, BENCH, "basic", WORDS("basic", "n_layers", "pixel"), "discriminator"),
    INT(ngf, G, BENCH, 1, 1024, "64", "filters of the generator's first layer"),
    INT(ndf, D, BENCH, 1, 1024, "64", "filters of the discriminator's first layer"),
    INT(n_layers_D, D, 0, 1, 6, "3", "layers of --netD n_layers"),
    INT(num_downs, G, 0, 0, 12, "0", "levels of a U-Net; 0: by its name"),
    INT(n_blocks, G, 0, 0, 64, "0", "blocks of a ResNet; 0: by its name"),
    CHOICE(upsample, G, 0, "transposed", WORDS("transposed", "nearest", "bilinear"),
           "how decoders get to twice the size: by a transposed convolution, or by resizing and a 3x3 convolution, against checkerboards"),
    FLAG(separable_conv, G, 0, "a U-Net's convolutions are separable, behind resizing in the decoder"),
    CHOICE(norm, G | D, BENCH, "batch", WORDS("batch", "instance", "none"), "normalisation"),
    CHOICE(norm_D, D, 0, "same", WORDS("same", "batch", "instance", "none", "spectral"),
           "the discriminator's; same: --norm; spectral: of its weights, instead of a norm"),
    FLAG(no_dropout, G, TEST | TRANSLATE | SERVE, "no dropout in the generator"),
    CHOICE(dropout_levels, G, 0, "middle", WORDS("middle", "innermost"),
           "of a U-Net's decoder: those of 8 ngf filters but the innermost, or the innermost three"),
    FLAG(innermost_norm, G, 0, "a U-Net's innermost level is normalised, too"),
    FLAG(all_bias, G | D, 0, "convolutions before a norm have a bias, too"),
    FLAG(relu_after_add, G, 0, "a ReLU behind each sum of a ResNet"),
    CHOICE(padding_type, G, 0, "reflect", WORDS("reflect", "zero"), "how a ResNet continues pictures beyond their edges"),
    FLAG(unconditional_D, D, 0, "the discriminator does not see the input"),
    CHOICE(init_type, TRAINING, 0, "normal", WORDS("normal", "xavier", "kaiming", "orthogonal"), "initial weights"),
    FLOAT(init_gain, TRAINING, 0, 0, 100, "0.02", "their scale"),

#undef GROUP
#define GROUP "Training"
    STRING(name, 0, TRAIN | TEST, "experiment", "name of the run: its folder"),
    STRING(checkpoints_dir, 0, TRAIN | TEST, "./checkpoints", "folder of all runs"),
    INT(batch_size, TRAINING, BENCH, 1, 4096, "1", "pictures a step"),
    INT(n_epochs, TRAINING, 0, 0, 1e6, "100", "epochs at the full learning rate"),
    INT(n_epochs_decay, TRAINING, 0, 0, 1e6, "100", "epochs in which it falls to zero"),
    FLOAT(lr, TRAINING, 0, 0, 10, "0.0002", "learning rate of Adam"),
    FLOAT(beta1, TRAINING, 0, 0, 0.9999, "0.5", "Adam's first momentum"),
    FLOAT(beta2, TRAINING, 0, 0, 0.999999, "0.999", "Adam's second momentum"),
    FLOAT(adam_eps, TRAINING, 0, 1e-20, 1, "1e-8", "Adam's epsilon"),
    FLAG(adam_epsilon_hat, TRAINING, 0, "Adam's epsilon as in TensorFlow and Torch"),
    CHOICE(lr_policy, TRAINING, 0, "linear", WORDS("linear", "constant", "step", "cosine", "plateau"),
           "course of the learning rate; linear is whole in --n_epochs, then falls to zero behind the last epoch, "
           "without an epoch at zero; plateau falls to a fifth where --val_metric, or without validation "
           "the loss, got no 1% better in six epochs"),
    INT(lr_decay_iters, TRAINING, 0, 1, 1e6, "50", "step: epochs between cuts to a tenth"),
    INT(warmup_steps, TRAINING, 0, 0, 1e9, "0", "steps in which the learning rate rises from nothing"),
    CHOICE(gan_mode, TRAINING, 0, "vanilla", WORDS("vanilla", "lsgan", "wgangp", "hinge"),
           "GAN loss; wgangp has its gradient penalty in each model, also in those in which pytorch-CycleGAN-and-pix2pix leaves it out"),
    FLOAT(lambda_L1, TRAINING, 0, 0, 1e6, "100", "weight of the L1 loss; 0: off"),
    FLOAT(lambda_GAN, TRAINING, 0, 0, 1e6, "1", "weight of the GAN loss; 0: off"),
    FLOAT(lambda_D, TRAINING, 0, 0, 1e6, "0.5", "factor of the discriminator's gradient; 1: not halved"),
    FLOAT(lambda_gp, TRAINING, 0, 0, 1e6, "10", "wgangp: weight of the gradient penalty; 0: off"),
    FLOAT(lambda_A, TRAINING, 0, 0, 1e6, "10", "cycle_gan: weight of the cycle from A to B and back"),
    FLOAT(lambda_B, TRAINING, 0, 0, 1e6, "10", "cycle_gan: weight of the cycle from B to A and back"),
    FLOAT(lambda_identity, TRAINING, 0, 0, 1e6, "0.5",
          "cycle_gan: weight, times the other cycle's, of leaving pictures as they are; 0: off"),
    INT(pool_size, TRAINING, 0, 0, 10000, "0",
        "earlier pictures that a discriminator may see again; 0: off; cycle_gan: 50"),
    STRING(diffaugment, TRAINING, 0, "",
           "let the discriminator see pictures changed each time, for small sets: color,translation,cutout or some of them"),
    INT(accumulate, TRAINING, 0, 1, 4096, "1",
        "batches a step: their gradients are added up, and their mean moves the weights once"),
    FLOAT(clip_grad, TRAINING, 0, 0, 1e9, "0",
          "most length of the gradient of all of a network's weights; longer ones are shortened to it; 0: any"),
    FLOAT(ema_decay, TRAINING, 0, 0, 0.999999, "0",
          "keep averages of the generators' weights that hold so much of themselves in each step (0.999), "
          "and use these wherever the run's generators are used; 0: off"),
    INT(seed, TRAINING | USE, 0, 0, 1073741823, "0", "of all randomness"),

#undef GROUP
#define GROUP "Many devices (docs/many-machines.md)"
    STRING(shares, 0, TRAIN | TEST | BENCH, "",
           "with mpirun: what each rank takes of every batch or test set, N,N,...; else all take the same"),
    CHOICE(compress, 0, TRAIN | BENCH, "none", WORDS("none", "f16"), "with mpirun: how gradients travel; f16 for slow links"),
    CHOICE(shard_adam, 0, TRAIN | BENCH, "auto", WORDS("auto", "on", "off"),
           "with mpirun: each rank updates its part of the weights and has that part's moments; auto: CPUs of one machine, and devices that are not alike"),
    FLAG(sync_norm, TRAINING, BENCH, "with mpirun: batch norm takes the statistics of all ranks' pictures, not of each rank's"),

#undef GROUP
#define GROUP "Saving and continuing"
    INT(print_freq, TRAINING, 0, 1, 1e9, "100", "steps between lines of the log"),
    INT(display_freq, TRAINING, 0, 0, 1e9, "400",
        "steps between samples for the page of the run, besides that of each epoch; 0: none"),
    INT(update_html_freq, TRAINING, 0, 0, 1e9, "1000", "steps between renewals of the page without a sample; 0: none"),
    FLAG(no_html, TRAINING, 0, "no page of the run"),
    FLAG(tensorboard, TRAINING, 0, "write event files for TensorBoard, too, to CHECKPOINTS_DIR/NAME/tensorboard"),
    INT(save_epoch_freq, TRAINING, 0, 1, 1e9, "5", "epochs between kept checkpoints"),
    INT(save_latest_freq, TRAINING, 0, 1, 1e9, "5000", "steps between saves of the latest one"),
    FLAG(save_by_iter, TRAINING, 0,
         "keep each of these saves as iter_STEP too (steps here, pictures in pytorch-CycleGAN-and-pix2pix)"),
    LIMIT(INT, LONG, max_steps, 0, TRAIN, 1e15, "stop after so many steps in all; 0: never"),
    LIMIT(NUMBER, DOUBLE, max_seconds, 0, TRAIN, 1e9, "stop after so many seconds; 0: never"),
    FLAG(continue_train, 0, TRAIN, "go on with the run where it stopped"),
    INT(epoch_count, 0, TRAIN, 1, 1e6, "1", "begin with this epoch, also with --continue_train"),
    FLAG(new_data, 0, TRAIN, "with --continue_train: go on also with other pictures, direction, phase or size"),
    FLAG(overwrite, 0, TRAIN, "start over; the run that is there is moved to NAME.old-N"),
    STRING(init_from, 0, TRAIN, "", "begin with the weights of these model files, of any kind: "
                                        "FILE,FILE"),

#undef GROUP
#define GROUP "Validation"
    INT(val_freq, TRAINING, 0, 0, 1e6, "0",
        "epochs between validations on DATAROOT/val or what the next two name; 0: never, with one of these 1"),
    FLOAT(val_split, DATA, 0, 0, 0.9, "0", "validate on this share of the pairs, by --seed, and do not train on it"),
    STRING(val_dir, TRAINING, 0, "", "validate on this folder, of A|B pictures or with A/ and B/"),
    CHOICE(val_metric, TRAINING, 0, "L1", WORDS("L1", "PSNR", "SSIM"),
           "by what the best checkpoint is kept, as best.safetensors, and --early_stop and plateau go"),
    INT(early_stop, TRAINING, 0, 0, 1e6, "0", "end after so many validations without a better one; 0: never"),

#undef GROUP
#define GROUP "Using"
    STRING(epoch, 0, TRAIN | TEST | TRANSLATE | EXPORT | INFO | SERVE, "latest",
           "which of a run's checkpoints: latest, best or a number; also to continue from"),
    INT(load_iter, 0, TRAIN | TEST | TRANSLATE | EXPORT | INFO | SERVE, 0, 2e9, "0",
        "the checkpoint of this step, kept by p2p-train --save_by_iter; 0: that of --epoch"),
    STRING(model_suffix, 0, TEST, "", "with --model test: the generator G and this, _A or _B of a cycle_gan"),
    STRING(results_dir, 0, TEST, "./results", "folder for pictures and index.html"),
    STRING(model_file, 0, TEST | TRANSLATE, "", "model file of any kind (-m, --model)"),
    STRING(output, 0, TRANSLATE | EXPORT, "", "output file or folder (-o)"),
    FLAG(eval, 0, TEST | TRANSLATE | EXPORT | SERVE, "running statistics instead of each picture's; no dropout"),
    INT(display_winsize, 0, TEST, 16, 4096, "256", "width of a picture in index.html, pixels"),
    LIMIT(INT, INT, num_test, 0, TEST, 1e9, "test the first so many; 0: all"),
    STRING(stack, 0, TRANSLATE, "", "FOLDER,FOLDER: pictures of the inputs' names, whose channels come behind theirs"),
    LIMIT(INT, INT, max_size, 0, TEST | TRANSLATE | SERVE, 1e6,
          "scale pictures with a longer side down to it before they are translated; 0: any"),
    STRING(fit, 0, TEST | TRANSLATE | SERVE, "", "scale them, up too, to the largest of their shape within WxH"),
    STRING(tile, 0, TEST | TRANSLATE | SERVE, "auto",
           "translate in tiles with this side, pixels; auto: pictures that the device has no room for; 0: never"),
    INT(overlap, 0, TEST | TRANSLATE | SERVE, 0, 4096, "128", "pixels that neighbouring tiles have in common"),
    FLAG(keep_suffix, 0, TRANSLATE, "in a folder, in.jpg gives in.jpg.png instead of in.png"),
    FLAG(skip_existing, 0, TRANSLATE, "leave out pictures whose output is there, of whatever age"),
    STRING(raw, 0, TRANSLATE, "", "frames of a video from - to -: RGB24 of WxH, with WxH@RATE to Y4M, or y4m from and to Y4M"),
    INT(quality, 0, TRANSLATE | SERVE, 0, 100, "0", "1 to 100 of JPEG and WebP; 0: 95, and without loss"),
    NAME(bits, 0, TRANSLATE, "8", WORDS("8", "16", "32"), "of the results' samples, where their format has them; 32: floats, 0 to 1"),
    FLAG(keep_profile, 0, TRANSLATE, "results in the colours of their inputs' profiles, not in sRGB"),

#undef GROUP
#define GROUP "Exporting"
    NAME(format, 0, EXPORT | TRANSLATE, "auto",
         WORDS("auto", "safetensors", "onnx", "pth", "pict", "c", "png", "jpg", "tif", "webp", "ppm", "npy"),
         "of the output; auto: by its suffix, of pictures in folders png"),
    FLAG(standalone, 0, EXPORT, "write a program: p2p-translate with the model inside"),
    NAME(dtype, 0, EXPORT | BENCH, "f32", WORDS("f32", "f16", "q8"), "how weights are stored"),
    STRING(net, 0, EXPORT, "", "which of the file's networks: G, D, G_A, ...; a discriminator: to .pth alone"),
    STRING(calibrate, 0, EXPORT, "", "folder of pictures: tell what --dtype costs on them"),
    STRING(mask, DATA, TEST, "center", "inpainting: holes; center, random (boxes), or a folder of masks, white where the hole is"),
    CHOICE(mask_loss, TRAINING | USE, 0, "whole", WORDS("whole", "hole"), "inpainting: G answers for whole pictures, or for their holes alone, all else being the input's"),
    FACT_FLAG(inpaint, DATA | USE, "fills holes, where the input is transparent"),
    FACT_FLAG(lab, DATA | USE, "input and output are L and ab of Lab"),
    FACT_FLAG(folded, USE, "norms are within the convolutions"),

#undef GROUP
#define GROUP "Serving"
    INT(port, 0, SERVE, 0, 65535, "8080", "TCP port; 0: any that is free, told at the start"),
    STRING(listen, 0, SERVE, "127.0.0.1", "address to listen on, 0.0.0.0 or ::; beyond this machine better with --token"),
    STRING(token, 0, SERVE, "", "FILE whose first line clients must show as Authorization: Bearer"),
    INT(max_body, 0, SERVE, 1, 2047, "16", "MiB of a picture's file that is taken"),
    INT(queue, 0, SERVE, 1, 10000, "16", "pictures that wait; further ones are told to come again"),
    INT(timeout, 0, SERVE, 1, 86400, "30", "seconds for a request to arrive, and that a connection may be idle"),

#undef GROUP
#define GROUP "Device"
    STRING(device, 0, ANY, "", "index, cpu, gpu or a part of a name; see p2p-info"),
    STRING(variant, 0, TRAIN | TEST | TRANSLATE | BENCH | EXPORT | SERVE, "",
           "force kernels, PASS=NAME,... (conv2d=naive), or leave some out, -NAME,..."),
    CHOICE(tune, 0, TRAIN | TEST | TRANSLATE | BENCH | SERVE, "auto", WORDS("off", "known", "quick", "full", "auto"),
           "measure which kernels are the fastest: quick, for 20 seconds at most, or all of them; known: only use what was measured; auto: quick on GPUs, else off, in p2p-serve known"),
    CHOICE(precision, TRAINING, BENCH | TEST | TRANSLATE | SERVE, "f32", WORDS("f32", "tf32", "f16"),
           "tf32: convolutions on NVIDIA's matrix units round their factors to 10 bits, on other devices as f32; f16: activations and their gradients within networks are stored so, and matrix units round factors to it"),
    FLAG(no_winograd, 0, TRAIN | TEST | TRANSLATE | BENCH | EXPORT | SERVE,
         "leave the winograd kernels out: slower, other rounding; short for --variant -winograd"),
    STRING(ref, 0, TRAIN | TEST | TRANSLATE, "",
           "compute these passes by their reference on the host: PASS,..."),
    INT(vector_width, 0, TRAIN | TEST | TRANSLATE | BENCH | EXPORT | SERVE, 0, 16, "0",
        "floats in a vector on CPUs; 0: the device's"),
    LONG(device_memory, 0, TRAIN | TEST | TRANSLATE | BENCH | EXPORT | SERVE, 0, 1e9, "0",
         "MiB of the device's memory to use, also more than it tells; 0: as it tells"),
    FLAG(profile, 0, TRAIN | BENCH, "measure every kernel and print a table at the end"),
    FLAG(debug_nan, 0, TRAIN, "stop at the first pass that makes a NaN or an infinity; slow"),
    FLOAT(device_timeout, 0, TRAIN | TEST, 0, 1e6, "0",
          "give up after waiting so many seconds for the device; 0: never"),

#undef GROUP
#define GROUP "Benchmark"
    INT(steps, 0, BENCH, 1, 10000, "10", "counted runs"),
    INT(size, 0, BENCH, 1, 8192, "256", "pixels"),
    STRING(svg, 0, BENCH, "", "with ops: draw the convolutions' roofline into this file"),
    STRING(units, 0, BENCH, "", "with ops: forecast for devices of 4, 8, 16 and so many compute units, or N,N,..."),
    STRING(peers, 0, BENCH, "", "with compare train: eager, channels_last, fused, compile, tf32; with compare translate: onnxruntime, openvino"),
    STRING(python, 0, BENCH, "python3", "with compare: the Python that has them"),
    FLAG(json, 0, BENCH | INFO, "print one JSON object"),
    STRING(plot, 0, INFO, "", "draw the networks of a model file, or the log of a run's folder, into this file, SVG"),
    FLAG(receptive_field, 0, INFO, "tell how many pixels of its input a network's output sees by convolutions"),
    FLAG(tuning, 0, INFO, "list what was measured on the device: kernels with their times"),
    FLAG(tensors, 0, INFO, "list the tensors of a file, one JSON object a line"),

#undef GROUP
#define GROUP "Messages"
    FLAG(quiet, 0, ANY, "errors only"),
    FLAG(verbose, 0, ANY, "tell what is done, with the chosen kernels"),
};
/* clang-format on */

const int p2p_option_count = (int)(sizeof(p2p_option_table) / sizeof(p2p_option_table[0]));

_Static_assert(sizeof(p2p_option_table) / sizeof(p2p_option_table[0]) <= P2P_OPTION_COUNT_MAX,
               "given[] has a place for each option");
