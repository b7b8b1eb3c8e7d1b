# pix2pix-cl on Debian 12, with the OpenCL drivers of one kind of device:
#
#   docker build -t pix2pix-cl .                                                     CPUs, by PoCL
#   docker build -t pix2pix-cl --build-arg DRIVERS=intel-opencl-icd .                Intel's GPUs
#   docker build -t pix2pix-cl --build-arg DRIVERS=mesa-opencl-icd .                 AMD's, by rusticl
#
#   docker run --rm -p 127.0.0.1:8080:8080 -v "$PWD:/work" pix2pix-cl p2p-serve MODEL --listen 0.0.0.0 --token FILE
#
# GPUs: docker run --device /dev/dri --group-add "$(stat -c %g /dev/dri/renderD128)"; AMD's with
# -e RUSTICL_ENABLE=radeonsi, too.

FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev meson ninja-build pkg-config \
    ocl-icd-opencl-dev libclblast-dev libjpeg-dev libpng-dev libjansson-dev libdeflate-dev libzip-dev nettle-dev \
    liblcms2-dev libtiff-dev libwebp-dev libmicrohttpd-dev
COPY . /src
RUN meson setup /build /src -Dtests=false -Dmpi=disabled --prefix=/usr/local && ninja -C /build && \
    DESTDIR=/installed meson install -C /build --no-rebuild

FROM debian:12-slim
ARG DRIVERS=pocl-opencl-icd
RUN apt-get update && apt-get install -y --no-install-recommends $DRIVERS ocl-icd-libopencl1 libclblast1 libjpeg62-turbo \
    libpng16-16 libjansson4 libdeflate0 libzip4 libnettle8 liblcms2-2 libtiff6 libwebp7 libwebpmux3 \
    libmicrohttpd12 && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed /
RUN ldconfig && useradd --create-home painter
USER painter
WORKDIR /work
CMD ["p2p-info"]
