#!/usr/bin/env bash
# Builds, from packages alone, the images that the container tests need where no image registry can be reached:
#
#   throughline-local/java    Debian with a Java runtime, by debootstrap
#   throughline-local/base    what a Go program needs of it: the C library and certificate authorities
#   throughline-local/kafka   Apache Kafka, from a folder of its jars
#   throughline:local         the product's own image, by ../Dockerfile, of a program that is built already
#
# Needs debootstrap, a running docker engine, and root. Images that are there already are kept, but for the last.
#   images.sh JARS PROGRAM    the folder of Kafka's jars, and bin/throughline of this architecture
set -euo pipefail
jars=$1 program=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
# The mirror that this machine installs from, unless another is named.
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOCKER_BUILDKIT=1

# BuildKit, which builds only the stages that are needed, is in Debian's client, and in others by the plugin buildx.
docker=docker
docker buildx version >/dev/null 2>&1 || docker=/usr/bin/docker

there() { $docker image inspect "$1" >/dev/null 2>&1; }

if ! there throughline-local/java:bookworm || ! there throughline-local/base:bookworm; then
  debootstrap --variant=minbase --include=openjdk-17-jre-headless,ca-certificates bookworm "$work/root" "$mirror" >"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; exit 1; }
  rm -rf "$work/root/var/cache/apt" "$work/root/var/lib/apt/lists" "$work"/root/usr/share/{doc,man,locale}
  tar -C "$work/root" -c . | $docker import - throughline-local/java:bookworm >/dev/null
  lib=usr/lib/$(ls "$work/root/usr/lib" | grep -- '-linux-gnu$' | head -1)
  # The folders themselves first, so that everybody may enter them.
  (cd "$work/root" && tar -c --no-recursion . etc etc/ssl usr usr/bin usr/lib "$lib" usr/local usr/local/bin usr/share var var/lib tmp \
    --recursion lib lib64 etc/ssl/certs etc/passwd etc/nsswitch.conf usr/lib64 usr/share/zoneinfo usr/share/ca-certificates \
    "$lib"/ld-linux-*.so.* "$lib"/lib{c,m,dl,rt,pthread,resolv,nss_dns,nss_files}.so.*) |
    $docker import - throughline-local/base:bookworm >/dev/null
fi
if ! there throughline-local/kafka:4.3.0; then
  mkdir "$work/kafka"
  cp -r "$jars" "$work/kafka/libs"
  cp "$here/kafka.sh" "$work/kafka/"
  $docker build -q -f "$here/kafka.Dockerfile" --build-arg BASE_IMAGE=throughline-local/java:bookworm \
    -t throughline-local/kafka:4.3.0 "$work/kafka" >/dev/null
fi
mkdir -p "$work/product/bin" "$work/product/deploy/docker"
cp "$program" "$work/product/bin/throughline"
cp -r "$here/../volume" "$work/product/deploy/docker/volume"
$docker build -q -f "$here/../Dockerfile" --build-arg BINARY=given --build-arg BASE_IMAGE=throughline-local/base:bookworm \
  -t throughline:local "$work/product" >/dev/null
