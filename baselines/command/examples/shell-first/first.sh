#!/bin/sh
# The first label for every example, in a POSIX shell: the shortest honest program.
# Inside JSON text every quote is escaped, so {"id": can only be the start of an example.
while IFS= read -r line; do
    case $line in
        '{"do":"create"'*) label=$(printf '%s\n' "$line" | sed 's/.*"labels":\[\("[^"]*"\).*/\1/'); echo '{"can":["classify"]}' ;;
        '{"do":"classify"'*)
            printf '%s\n' "$line" | awk -v label="$label" '{
                n = gsub(/\{"id":/, "")
                printf "{\"labels\":["
                for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? "," : ""), label
                print "]}" }' ;;
        *) echo '{"error":"only classify"}' ;;
    esac
done
