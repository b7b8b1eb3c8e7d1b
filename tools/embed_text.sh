#!/bin/sh
# A text file as a C array of its lines, NULL-terminated. Usage: embed_text.sh FILE NAME
printf '#include <stddef.h>\nextern const char *const %s[];\nconst char *const %s[] = {\n' "$2" "$2"
sed 's/[\\"]/\\&/g; s/.*/    "&\\n",/' "$1"
printf '    NULL,\n};\n'
