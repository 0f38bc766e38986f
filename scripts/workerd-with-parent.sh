#!/bin/sh
# Runs workerd so that Linux ends it together with the process that started it, even where that one is killed.
exec setpriv --pdeathsig KILL "$WIZDATA_WORKERD" "$@"
