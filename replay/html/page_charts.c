// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What the machine did over time, as areas, one step per band. */
#include <inttypes.h>
#include <stdbool.h>

#include "replay/html/page.h"

#define HEIGHT 100u /* of the picture's own units; a band is one wide */

struct series {
	enum band_series which;
	const char *css, *name;
};

struct chart {
	const struct bands *bands;
	const struct series *series;
	size_t nseries;
	uint64_t start_ns, to_ns; /* of the trace; of the window */
	unsigned n; /* bands that are in the window */
	uint64_t full; /* at the top, in 1/1000 of the unit */
	const char *unit;
};

/* The last band may be cut short by the end of the window. */
static uint64_t band_ns(const struct chart *c, unsigned band)
{
	const struct bands *b = c->bands;
	const uint64_t from = b->from_ns + band * b->step_ns;

	return c->to_ns - from < b->step_ns ? c->to_ns - from : b->step_ns;
}

/* The mean number in that time, in 1/1000. */
static uint64_t mean_milli(const struct chart *c, enum band_series which, unsigned band)
{
	return (uint64_t)((unsigned __int128)c->bands->ns[which][band] * 1000 / band_ns(c, band));
}

/* The first `nseries` of them, one on the other. */
static uint64_t stacked(const struct chart *c, size_t nseries, unsigned band)
{
	uint64_t sum = 0;

	for (size_t s = 0; s < nseries; s++)
		sum += mean_milli(c, c->series[s].which, band);
	return sum;
}

/* From the top, in 1/100. */
static uint64_t height_of(const struct chart *c, uint64_t milli)
{
	return milli < c->full ? HEIGHT * 100 - milli * HEIGHT * 100 / c->full : 0;
}

/* Along the edge of what is stacked so far, from one side to the other; steps only where it turns. */
static void put_edge(FILE *f, const struct chart *c, size_t nseries, bool back)
{
	uint64_t y = UINT64_MAX;

	for (unsigned i = 0; i < c->n; i++) {
		const unsigned band = back ? c->n - 1 - i : i;
		const uint64_t next = height_of(c, stacked(c, nseries, band));

		if (next == y)
			continue;
		if (i)
			fprintf(f, "H%u", back ? band + 1 : band);
		fprintf(f, "V%" PRIu64 ".%02" PRIu64, next / 100, next % 100);
		y = next;
	}
	fprintf(f, "H%u", back ? 0 : c->n);
}

/* Over the ones below it, along the top and back along the bottom. */
static void put_area(FILE *f, const struct chart *c, size_t s)
{
	fprintf(f, "<path class=\"%s\" d=\"M0,%u", c->series[s].css, HEIGHT);
	put_edge(f, c, s + 1, false);
	put_edge(f, c, s, true);
	fputs("Z\"/>\n", f);
}

/* An instant as the tables have it: since the start of the trace. */
static char *instant(const struct chart *c, uint64_t since_from, char text[VALUE_BUF])
{
	const struct value v = {
		.type = VT_TIME,
		.i = (int64_t)(c->bands->from_ns + since_from - c->start_ns),
	};

	return value_format(&v, text);
}

static void put_milli(FILE *f, uint64_t milli)
{
	fprintf(f, "%" PRIu64 ".%02" PRIu64, milli / 1000, milli % 1000 / 10);
}

static bool has_some(const struct chart *c, size_t s)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->bands->ns[c->series[s].which][i])
			return true;
	return false;
}

/* What filters left out is named where there is some. */
static bool is_told(const struct chart *c, size_t s)
{
	return c->series[s].which != BAND_OTHER || has_some(c, s);
}

/* What the mouse tells: when, and how much of each. */
static void put_hit(FILE *f, const struct chart *c, unsigned band)
{
	char text[VALUE_BUF];

	fprintf(f, "<rect class=\"hit\" x=\"%u\" y=\"0\" width=\"1\" height=\"%u\"><title>%s", band,
		HEIGHT, instant(c, band * c->bands->step_ns, text));
	for (size_t s = 0; s < c->nseries; s++) {
		if (!is_told(c, s))
			continue;
		fprintf(f, "\n%s: ", c->series[s].name);
		put_milli(f, mean_milli(c, c->series[s].which, band));
	}
	fputs("</title></rect>\n", f);
}

static void put_axis(FILE *f, const struct chart *c)
{
	const uint64_t length = c->to_ns - c->bands->from_ns;
	char text[VALUE_BUF];

	fputs("<div class=\"axis\">", f);
	for (uint64_t i = 0; i <= 4; i++)
		fprintf(f, "<span>%s</span>", instant(c, length / 4 * i, text));
	fputs("</div>\n", f);
}

/* How much of the last band the picture ends with, in 1/1000: no more than is in the window. */
static unsigned last_milli(const struct chart *c)
{
	const uint64_t milli = band_ns(c, c->n - 1) * 1000 / c->bands->step_ns;

	return milli < 1000 ? (unsigned)milli : 999;
}

static void put_chart(FILE *f, const struct chart *c, const char *title)
{
	fprintf(f, "<h2>%s</h2>\n<div class=\"key\">", title);
	for (size_t s = 0; s < c->nseries; s++)
		if (is_told(c, s))
			fprintf(f, "<span><i style=\"background:var(--%s)\"></i>%s</span>",
				c->series[s].css, c->series[s].name);
	fputs("<span>the top is ", f);
	put_milli(f, c->full);
	fprintf(f,
		" %s</span></div>\n<svg viewBox=\"0 0 %u.%03u %u\" preserveAspectRatio=\"none\">\n",
		c->unit, c->n - 1, last_milli(c), HEIGHT);
	for (size_t s = 0; s < c->nseries; s++)
		if (has_some(c, s))
			put_area(f, c, s);
	for (unsigned i = 0; i < c->n; i++)
		put_hit(f, c, i);
	fputs("</svg>\n", f);
	put_axis(f, c);
}

static uint64_t most(const struct chart *c)
{
	uint64_t max = 1000;

	for (unsigned i = 0; i < c->n; i++)
		if (stacked(c, c->nseries, i) > max)
			max = stacked(c, c->nseries, i);
	return max;
}

void page_charts(FILE *f, const struct bands *b, uint64_t start_ns, uint64_t to_ns, unsigned ncpus,
		 const char *other)
{
	const struct series cpus[] = {
		{BAND_RUN, "run", "running"},
		{BAND_OTHER, "other", other},
		{BAND_GAP, "gap", "unknown"},
	};
	static const struct series waits[] = {
		{BAND_WAITING, "wait", "ready, waiting for a CPU"},
		{BAND_DISK, "disk", "in D"},
	};
	struct chart c = {.bands = b,
			  .series = cpus,
			  .nseries = 3,
			  .start_ns = start_ns,
			  .to_ns = to_ns,
			  .full = 1000 * ncpus,
			  .unit = "CPUs"};

	if (to_ns > b->from_ns)
		c.n = (unsigned)((to_ns - b->from_ns - 1) / b->step_ns + 1);
	if (!c.n || c.n > BANDS)
		return; /* an empty window */
	put_chart(f, &c, "CPUs over time");
	c.series = waits;
	c.nseries = 2;
	c.full = most(&c);
	c.unit = "tasks";
	put_chart(f, &c, "Tasks that wait, over time");
}
