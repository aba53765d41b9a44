#!/bin/sh
# Draws docs/picture.svg: what each byte of the README's hello image is for, from the program to the
# compressed archive. All sizes are those of files that $WHIT builds here.
#
#   WHIT=whit sh docs/picture.sh >docs/picture.svg
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

hello() {
  "$WHIT" build -q hello 'message=Hello runc!\r\n' -t hello-runc:nasm "$@"
}
size() {
  wc -c <"$work/$1"
}
member() {
  tar -xOf "$work/hello.tar" "$1" | wc -c
}

hello --format=elf -o "$work/hello"
for image in hello.rootfs.tar hello.tar hello.tar.gz; do
  hello -o "$work/$image"
done

program=$(size hello) layer=$(size hello.rootfs.tar)
archive=$(size hello.tar) compressed=$(size hello.tar.gz)

# ---- the drawing ---------------------------------------------------------------------------------

# A card of its own, so that the text can be read on a page of any colour.
cat <<END
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 442" role="img" aria-labelledby="t d">
  <title id="t">The bytes of a container image</title>
  <desc id="d">A program of $program bytes is part of a layer of $layer bytes. The layer is part of a
    docker archive of $archive bytes, which gzip compresses to $compressed.</desc>
  <style>
    text {
      font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif;
      fill: #1f2328
    }
    .name { font: 600 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }
    .quiet, .under { fill: #59636e }
    .in, .under { text-anchor: middle }
    .end { text-anchor: end }
    .card { fill: #f6f8fa; stroke: #d1d9e0 }
    .header { fill: #a5c8f5 }
    .program { fill: #f3b562 }
    .json { fill: #9bd6a8 }
    .zeros { fill: #dde3e9 }
    .gzip { fill: #c9b6f2 }
    .zoom { fill: #f3b562; opacity: .22 }
    .line { fill: none; stroke: #59636e }
    .outline { fill: none; stroke: #d1d9e0; stroke-dasharray: 4 3 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .quiet, .under { fill: #9198a1 }
      .card { fill: #151b23; stroke: #3d444d }
      .header { fill: #1f5fae }
      .program { fill: #a8620c }
      .json { fill: #27713c }
      .zeros { fill: #2b323b }
      .gzip { fill: #6b4fb5 }
      .zoom { fill: #a8620c; opacity: .3 }
      .line { stroke: #9198a1 }
      .outline { stroke: #3d444d }
    }
  </style>
  <rect class="card" x="0.5" y="0.5" width="879" height="441" rx="8"/>
END

awk -v program="$program" -v layer="$layer" -v archive="$archive" -v compressed="$compressed" \
  -v config="$(member config.json)" -v manifest="$(member manifest.json)" '
  # 5632 as 5,632.
  function grouped(number) {
    return number < 1000 ? number : int(number / 1000) "," sprintf("%03d", number % 1000)
  }
  function rest_of_block(bytes) {
    return (BLOCK - bytes % BLOCK) % BLOCK
  }

  # A strip is a file of so many bytes, drawn to the full width; parts follow from left to right.
  function strip(y, bytes, name, what) {
    top = y
    scale = WIDTH / bytes
    offset = 0
    text("name", LEFT, y - 10, name)
    text("quiet end", LEFT + WIDTH, y - 10, what)
  }
  function text(class, x, y, words) {
    drawn = drawn sprintf( \
      "  <text class=\"%s\" x=\"%.1f\" y=\"%d\">%s</text>\n", \
      class, x, y, words)
  }
  function part(bytes, class, label,   x, width) {
    x = LEFT + offset * scale
    width = bytes * scale
    drawn = drawn sprintf( \
      "  <rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", \
      class, x + 0.5, top, width - 1, HEIGHT)
    if (label != "")
      text("in", x + width / 2, top + 19, label)
    offset += bytes
  }
  # What lies from one offset of this strip to another is a file of that name.
  function bracket(from, to, name,   x) {
    x = LEFT + from * scale
    drawn = drawn sprintf( \
      "  <path class=\"line\" d=\"M%.1f %d v6 H%.1f v-6\"/>\n", \
      x + 2, top + HEIGHT + 3, LEFT + to * scale - 2)
    text("under", (x + LEFT + to * scale) / 2, top + HEIGHT + 25, name)
  }
  # The strip above, whole, is what lies from one offset of this strip to another.
  function zoom(above, from, to) {
    zooms = zooms sprintf( \
      "  <path class=\"zoom\" d=\"M%d %d L%.1f %d H%.1f L%d %d Z\"/>\n", \
      LEFT, above + HEIGHT + 2, LEFT + from * scale, top - 2, LEFT + to * scale, \
      LEFT + WIDTH, above + HEIGHT + 2)
  }
  function tar_member(bytes, class, name) {
    start = offset
    part(BLOCK, "header", "header")
    part(bytes, class, "")
    part(rest_of_block(bytes), "zeros", "")
    bracket(start, offset, name)
  }
  function legend(x, class, label) {
    drawn = drawn sprintf( \
      "  <rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"14\" height=\"14\"/>\n", \
      class, x, LEGEND)
    text("quiet", x + 21, LEGEND + 12, label)
  }

  BEGIN {
    LEFT = 30; WIDTH = 820; HEIGHT = 30; BLOCK = 512
    ELF_HEADER = 64; PROGRAM_HEADER = 56; MESSAGE = 13
    LEGEND = 404

    code = program - ELF_HEADER - PROGRAM_HEADER - MESSAGE
    strip(44, program, "hello", "the program, " program " bytes: whit link, whit check")
    part(ELF_HEADER, "header", "ELF header " ELF_HEADER)
    part(PROGRAM_HEADER, "header", "program header " PROGRAM_HEADER)
    part(code, "program", "code " code)
    part(MESSAGE, "program", "text " MESSAGE)

    padding = rest_of_block(program)
    end = layer - BLOCK - program - padding
    strip(146, layer, "layer.tar", "the only layer, " grouped(layer) " bytes: whit pack")
    part(BLOCK, "header", "tar header " BLOCK)
    part(program, "program", "hello")
    part(padding, "zeros", "padding " padding)
    part(end, "zeros", "end of archive " grouped(end))
    zoom(44, BLOCK, BLOCK + program)

    strip(248, archive, "hello.tar", "docker archive, " grouped(archive) " bytes")
    part(BLOCK, "header", "header")
    zoom(146, offset, offset + layer)
    part(BLOCK, "header", "")
    part(program, "program", "")
    part(padding + end, "zeros", "")
    bracket(0, offset, "layer.tar")
    tar_member(config, "json", "config.json")
    tar_member(manifest, "json", "manifest.json")
    part(archive - offset, "zeros", "end of archive")

    strip(350, archive, "hello.tar.gz", compressed " bytes: docker load, podman load, whit run")
    drawn = drawn sprintf( \
      "  <rect class=\"outline\" x=\"%.1f\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", \
      LEFT + 0.5, top + 0.5, WIDTH - 1, HEIGHT - 1)
    part(compressed, "gzip", "gzip")

    legend(LEFT, "header", "headers")
    legend(LEFT + 110, "program", "program")
    legend(LEFT + 220, "json", "JSON")
    legend(LEFT + 310, "zeros", "zeros")
    printf "%s%s", zooms, drawn
    print "</svg>"
  }'
