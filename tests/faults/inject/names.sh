#!/bin/sh
# The names that inject.c wraps, one a line. Usage: names.sh inject.c
sed -n -e 's/^[A-Z]*(\([a-z0-9]*\))$/\1/p' \
    -e 's/^\(PUT\|CLOSED\|JSON\|PNG\|JPEG\)(\([A-Za-z0-9_]*\),.*/\2/p' \
    -e '/^\(CALL\|STREAM\)(/s/.*, \([A-Za-z0-9_]*\), (.*/\1/p' \
    -e 's/^[a-z_]* \**__wrap_\([a-z_]*\)(.*;$/\1/p' "$1"
