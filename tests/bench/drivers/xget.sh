#!/bin/sh
# Xget: a master, and one client per node. A client is done when its last file is verified and in place
# (--done-file); it goes on serving the others until the run ends. $XGET is the program (default: the native build).
# XB_XGET: more options for both sides; XB_XGET_MASTER, XB_XGET_NODE: for one of them.
xget=${XGET:-${0%/*}/../../../artifacts/native/xget}
case $1 in
  traits) echo "done=file server=yes" ;;
  server) exec "$xget" $XB_XGET $XB_XGET_MASTER "$SRC" ;;
  ready) grep -q '^xget: serving ' "$WORK/log/server" ;;
  client) exec "$xget" $XB_XGET $XB_XGET_NODE --name n$NODE -q --done-file "$DONE" -n "$MASTER" . "$DST" ;;
esac
