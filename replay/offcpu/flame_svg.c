// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The graph as SVG. It is drawn here, so that any viewer shows it; the script only makes it larger
 * and searches. What is drawn is bounded by its width, not by how many stacks there are.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "base/xml.h"
#include "replay/offcpu/flame.h"

#define WIDTH	     1200
#define MARGIN	     10
#define ROW	     17 /* pixels from one depth to the next */
#define HEAD	     74 /* title, subtitle, legend */
#define FOOT	     30
#define CHAR_WIDTH   6.7 /* of the font in flame_style */
#define NARROW	     0.1 /* pixels: drawn together with its neighbours below that */
#define TEXT_MIN     22.0 /* pixels: no text below that */
#define NAME_MAX_LEN 400

struct drawing {
	const struct flame_tree *tree;
	const struct flame_legend *legend;
	FILE *out;
	double scale; /* pixels per ns */
	unsigned depth; /* of the highest frame that is drawn */
	unsigned height;
	uint64_t frames, small; /* drawn, drawn together */
};

static void put_text(FILE *out, const char *text)
{
	char safe[ESCAPE_ROOM(NAME_MAX_LEN)];
	size_t len = strlen(text);

	len = escape_terminal(safe, sizeof(safe), text, len < NAME_MAX_LEN ? len : NAME_MAX_LEN);
	xml_put(out, safe, len);
}

/* As much of a name as fits; two dots say that there is more. */
static void put_short(FILE *out, const char *name, double width)
{
	char safe[ESCAPE_ROOM(NAME_MAX_LEN)];
	size_t len = strlen(name), fits = (size_t)((width - 4) / CHAR_WIDTH), at = 0, n = 0;

	len = escape_terminal(safe, sizeof(safe), name, len < NAME_MAX_LEN ? len : NAME_MAX_LEN);
	while (at < len && n < fits) {
		uint32_t code;
		unsigned bytes = utf8_decode(safe + at, len - at, &code);

		at += bytes ? bytes : 1;
		n++;
	}
	if (at == len) {
		xml_put(out, safe, len);
		return;
	}
	for (n = 0, at = 0; n + 2 < fits; n++) {
		uint32_t code;
		unsigned bytes = utf8_decode(safe + at, len - at, &code);

		at += bytes ? bytes : 1;
	}
	xml_put(out, safe, at);
	fputs("..", out);
}

static unsigned channel(double hue, double s, double l, double n)
{
	double k = n + hue / 30, a = s * (l < 1 - l ? l : 1 - l), m;

	while (k >= 12)
		k -= 12;
	m = k - 3 < 9 - k ? k - 3 : 9 - k;
	m = m < 1 ? m : 1;
	m = m > -1 ? m : -1;
	return (unsigned)((l - a * m) * 255 + 0.5);
}

/* By kind; how light it is, by name: the same in every graph. */
static unsigned color_of(const struct flame_legend *legend, unsigned kind, const char *name)
{
	unsigned hue = kind < FLAME_KINDS ? legend->hues[kind] : 360, hash = 5381;
	double s = hue < 360 ? 0.62 : 0.04, l;

	for (const char *c = name; *c; c++)
		hash = hash * 33 ^ (unsigned char)*c;
	l = (hue < 360 ? 0.66 : 0.82) + (double)(hash % 16) / 160;
	hue %= 360;
	return channel(hue, s, l, 0) << 16 | channel(hue, s, l, 8) << 8 | channel(hue, s, l, 4);
}

static void put_share(FILE *out, uint64_t ns, uint64_t all)
{
	char buf[UNITS_BUF];

	fprintf(out, " (%s, %.2f%%)", format_ns(ns, buf),
		all ? 100 * (double)ns / (double)all : 0.0);
}

static void draw_frame(struct drawing *d, const char *name, unsigned kind, uint64_t ns, double x,
		       unsigned depth)
{
	double width = (double)ns * d->scale;
	double y = (double)d->height - FOOT - (double)(depth + 1) * ROW;

	fputs("<g><title>", d->out);
	put_text(d->out, name);
	put_share(d->out, ns, d->tree->nodes[FLAME_ROOT].ns);
	fprintf(d->out,
		"</title><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" "
		"fill=\"#%06x\"/>",
		x, y, width, ROW - 1, color_of(d->legend, kind, name));
	if (width >= TEXT_MIN) {
		fprintf(d->out, "<text x=\"%.2f\" y=\"%.0f\">", x + 3, y + ROW - 5);
		put_short(d->out, name, width);
		fputs("</text>", d->out);
	}
	fputs("</g>\n", d->out);
	d->frames++;
}

static void draw(struct drawing *d, uint32_t number, const char *name, double x, unsigned depth)
{
	const struct flame_node *node = &d->tree->nodes[number];
	uint64_t small_ns = 0, small = 0;
	char text[64], count[UNITS_BUF];

	draw_frame(d, name, node->kind, node->ns, x, depth);
	for (uint32_t i = 0; i < node->n; i++) {
		uint32_t above = d->tree->order[node->first + i];
		const struct flame_node *a = &d->tree->nodes[above];

		if ((double)a->ns * d->scale < NARROW) {
			small_ns += a->ns;
			small++;
			continue;
		}
		draw(d, above, a->name, x, depth + 1);
		x += (double)a->ns * d->scale;
	}
	d->small += small;
	if ((double)small_ns * d->scale < NARROW)
		return;
	snprintf(text, sizeof(text), "(%s small ones)", format_count(small, count));
	draw_frame(d, text, FLAME_MIXED, small_ns, x, depth + 1);
}

/* How high it gets: of what is drawn. */
static unsigned depth_of(const struct flame_tree *tree, uint32_t number, double scale)
{
	const struct flame_node *node = &tree->nodes[number];
	unsigned most = 0;
	uint64_t small_ns = 0;

	for (uint32_t i = 0; i < node->n; i++) {
		uint32_t above = tree->order[node->first + i];
		unsigned depth;

		if ((double)tree->nodes[above].ns * scale < NARROW) {
			small_ns += tree->nodes[above].ns;
			continue;
		}
		depth = 1 + depth_of(tree, above, scale);
		most = depth > most ? depth : most;
	}
	return !most && (double)small_ns * scale >= NARROW ? 1 : most;
}

static void draw_legend(const struct drawing *d)
{
	double x = MARGIN;

	for (unsigned i = 0; i < FLAME_KINDS; i++) {
		const char *name = d->legend->kinds[i];

		if (!name)
			continue;
		fprintf(d->out,
			"<rect class=\"key\" x=\"%.0f\" y=\"51\" width=\"11\" height=\"11\" "
			"fill=\"#%06x\"/><text x=\"%.0f\" y=\"61\">",
			x, color_of(d->legend, i, ""), x + 15);
		put_text(d->out, name);
		fputs("</text>\n", d->out);
		x += 15 + CHAR_WIDTH * (double)strlen(name) + 14;
	}
}

static void draw_head(const struct drawing *d)
{
	fprintf(d->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
		"viewBox=\"0 0 %d %u\">\n<title>",
		WIDTH, d->height, WIDTH, d->height);
	put_text(d->out, d->legend->title);
	fprintf(d->out, "</title>\n<style>%s</style>\n", flame_style);
	fputs("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n", d->out);
	fprintf(d->out, "<text class=\"title\" x=\"%d\" y=\"22\">", MARGIN);
	put_text(d->out, d->legend->title);
	fprintf(d->out, "</text>\n<text x=\"%d\" y=\"40\">", MARGIN);
	put_text(d->out, d->legend->subtitle);
	fputs("</text>\n", d->out);
	draw_legend(d);
	fprintf(d->out,
		"<foreignObject x=\"%d\" y=\"6\" width=\"230\" height=\"26\"><input "
		"xmlns=\"http://www.w3.org/1999/xhtml\" id=\"search\" type=\"search\" "
		"placeholder=\"search: Ctrl-F\"/></foreignObject>\n"
		"<text id=\"matched\" x=\"%d\" y=\"61\" text-anchor=\"end\"></text>\n"
		"<text id=\"reset\" x=\"%d\" y=\"22\" text-anchor=\"end\">reset zoom</text>\n",
		WIDTH - MARGIN - 230, WIDTH - MARGIN, WIDTH - MARGIN - 240);
}

static void draw_foot(const struct drawing *d)
{
	fprintf(d->out, "</g>\n<text id=\"details\" x=\"%d\" y=\"%u\"> </text>\n", MARGIN,
		d->height - 10);
	if (d->small)
		fprintf(d->out,
			"<text x=\"%d\" y=\"%u\" text-anchor=\"end\">%" PRIu64
			" frames are narrower than 0.1 pixels</text>\n",
			WIDTH - MARGIN, d->height - 10, d->small);
	fprintf(d->out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", flame_script);
}

int flame_svg(struct flame *f, const struct flame_legend *legend, FILE *out, struct err *err)
{
	struct drawing d = {.legend = legend, .out = out};
	struct flame_tree tree = {0};
	int rc = flame_finish(f, &tree, err);

	if (rc || !tree.n)
		return rc;
	d.tree = &tree;
	if (tree.nodes[FLAME_ROOT].ns)
		d.scale = (WIDTH - 2 * MARGIN) / (double)tree.nodes[FLAME_ROOT].ns;
	d.depth = depth_of(&tree, FLAME_ROOT, d.scale);
	d.height = HEAD + (d.depth + 1) * ROW + FOOT;
	draw_head(&d);
	fputs("<g id=\"frames\">\n", out);
	draw(&d, FLAME_ROOT, tree.nodes[FLAME_ROOT].name, MARGIN, 0);
	draw_foot(&d);
	return 0;
}
