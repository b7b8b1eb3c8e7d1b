/* Translate a picture with a model that p2p-export -o facades.c embedded: embedded INPUT OUTPUT */
#include <p2p/p2p.h>
#include <stdio.h>

#include "facades.h"

int main(int argc, char **argv)
{
    const P2pDeviceSettings settings = {0};
    P2pDevice *device = NULL;
    P2pModel *model = NULL;
    P2pImage in = {0}, out = {0};

    if (argc != 3 || p2p_device_open(&device, &settings) ||
        p2p_model_open_memory(&model, device, facades_model, facades_model_bytes, NULL) ||
        p2p_image_read(&in, argv[1], 0) || p2p_model_translate(model, &in, &out) ||
        p2p_image_write(&out, argv[2], 0))
        return fprintf(stderr, "%s\n", p2p_error()), 1;
    p2p_image_finish(&in);
    p2p_image_finish(&out);
    p2p_model_close(&model);
    p2p_device_close(&device);
    return 0;
}
