// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "base/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/version.h"

#define MAX_OPTIONS 96
#define HELP_WIDTH  80
#define HELP_INDENT 26
#define VAL_BASE    1000 /* getopt values are VAL_BASE + row: no clash with '?' and ':' */

static const struct option_spec common[] = {
	{-1, 'h', "help", NULL, "Print this text."},
	{-2, 'V', "version", NULL, "Print rstat's version."},
	OPTIONS_END,
};

/* The verb's rows and then the common ones, as getopt wants them. */
struct parser {
	const struct option_spec *rows[MAX_OPTIONS];
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 * MAX_OPTIONS + 3];
	int n;
};

static bool is_end(const struct option_spec *o)
{
	return !o->key && !o->help;
}

static int add_rows(struct parser *p, const struct option_spec *o, size_t *nshort, struct err *err)
{
	for (; !is_end(o); o++) {
		if (!o->key)
			continue;
		if (p->n == MAX_OPTIONS)
			return err_set(err, -ENOSPC, "more than %d options in one table",
				       MAX_OPTIONS);
		p->rows[p->n] = o;
		p->longs[p->n] = (struct option){
			.name = o->name,
			.has_arg = !o->arg	    ? no_argument
				   : *o->arg == '[' ? optional_argument
						    : required_argument,
			.val = VAL_BASE + p->n,
		};
		if (o->letter) {
			p->shorts[(*nshort)++] = o->letter;
			if (o->arg)
				p->shorts[(*nshort)++] = ':';
		}
		p->n++;
	}
	return 0;
}

static int build(struct parser *p, const struct command *cmd, struct err *err)
{
	size_t n = 0;
	int rc;

	memset(p, 0, sizeof(*p));
	if (cmd->stop_at_operand)
		p->shorts[n++] = '+';
	p->shorts[n++] = ':'; /* tell a missing argument from an unknown option, print nothing */
	rc = add_rows(p, cmd->options, &n, err);
	if (!rc)
		rc = add_rows(p, common, &n, err);
	return rc;
}

static const struct option_spec *find_row(const struct parser *p, int val)
{
	if (val >= VAL_BASE && val < VAL_BASE + p->n)
		return p->rows[val - VAL_BASE];
	for (int i = 0; i < p->n; i++)
		if (p->rows[i]->letter == val)
			return p->rows[i];
	return NULL;
}

/* How the user may write a row, for messages: "--name" or "-x". */
static void row_text(const struct option_spec *o, char *buf, size_t size)
{
	if (o->name)
		snprintf(buf, size, "--%s", o->name);
	else
		snprintf(buf, size, "-%c", o->letter);
}

/* '?' from getopt: unknown, ambiguous, or an argument where none belongs. */
static int refuse(const struct parser *p, const char *word, const char *verb, struct err *err)
{
	const struct option_spec *o = optopt ? find_row(p, optopt) : NULL;
	const struct option_spec *match[2];
	size_t len;
	int n = 0;

	if (o)
		return err_set(err, -EINVAL, "--%s takes no argument", o->name);
	if (optopt)
		return err_set(err, -EINVAL,
			       "unknown option -%c; 'rstat %s --help' lists the options", optopt,
			       verb);
	len = strcspn(word + 2, "=");
	for (int i = 0; i < p->n; i++)
		if (p->rows[i]->name && !strncmp(p->rows[i]->name, word + 2, len) && n < 2)
			match[n++] = p->rows[i];
	if (n == 2)
		return err_set(err, -EINVAL, "%.100s is ambiguous: --%s or --%s", word,
			       match[0]->name, match[1]->name);
	return err_set(err, -EINVAL, "unknown option %.100s; 'rstat %s --help' lists the options",
		       word, verb);
}

int options_parse(const struct command *cmd, int argc, char **argv, void *ctx, struct err *err)
{
	const struct option_spec *o;
	struct parser p;
	char text[64];
	int c, rc;

	rc = build(&p, cmd, err);
	if (rc)
		return rc;
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	optopt = 0;
	while ((c = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
		if (c == '?')
			return refuse(&p, argv[optind - 1], cmd->verb, err);
		o = find_row(&p, c == ':' ? optopt : c);
		if (!o)
			return err_set(err, -EINVAL, "unknown option");
		row_text(o, text, sizeof(text));
		if (c == ':')
			return err_set(err, -EINVAL, "%s needs an argument: %s", text, o->arg);
		if (o == &common[0]) {
			options_help(cmd, stdout);
			return OPTIONS_ANSWERED;
		}
		if (o == &common[1]) {
			puts("rstat " RSTAT_VERSION);
			return OPTIONS_ANSWERED;
		}
		rc = cmd->set(ctx, o->key, o->arg ? optarg : NULL, err);
		if (rc < 0) {
			err_context(err, "%s", text);
			return rc;
		}
		optopt = 0;
	}
	return optind;
}

/*
 * Writes text wrapped at HELP_WIDTH; the cursor stands at column `col`. What follows a newline is a
 * line of its own, as it is.
 */
static void put_wrapped(FILE *f, const char *text, int indent, int col)
{
	while (*text) {
		int len = (int)strcspn(text, *text == '\n' ? "" : " \n");

		if (*text == '\n') {
			len = (int)strcspn(text + 1, "\n");
			fprintf(f, "\n%*s%.*s", indent, "", len, text + 1);
			text += len + 1;
			continue;
		}
		if (col > indent && col + 1 + len > HELP_WIDTH) {
			fprintf(f, "\n%*s", indent, "");
			col = indent;
		}
		if (col > indent) {
			fputc(' ', f);
			col++;
		}
		fprintf(f, "%.*s", len, text);
		col += len;
		text += len;
		while (*text == ' ')
			text++;
	}
	fputc('\n', f);
}

static void put_row(FILE *f, const struct option_spec *o)
{
	char left[128];
	int len;

	if (!o->key) {
		fprintf(f, "\n%s\n", o->help);
		return;
	}
	len = snprintf(left, sizeof(left), "  %c%c%s%s%s%s%s", o->letter ? '-' : ' ',
		       o->letter ? o->letter : ' ', o->letter && o->name ? ", " : "  ",
		       o->name ? "--" : "", o->name ? o->name : "",
		       o->arg && *o->arg != '[' ? " " : "", o->arg ? o->arg : "");
	fputs(left, f);
	if (len > HELP_INDENT - 2) {
		fprintf(f, "\n%*s", HELP_INDENT, "");
		len = HELP_INDENT;
	} else {
		fprintf(f, "%*s", HELP_INDENT - len, "");
		len = HELP_INDENT;
	}
	put_wrapped(f, o->help, HELP_INDENT, len);
}

void options_help(const struct command *cmd, FILE *f)
{
	fprintf(f, "usage: rstat %s %s\n\n", cmd->verb, cmd->synopsis);
	put_wrapped(f, cmd->about, 0, 0);
	if (cmd->options->key)
		fputc('\n', f);
	for (const struct option_spec *o = cmd->options; !is_end(o); o++)
		put_row(f, o);
	fputc('\n', f);
	for (const struct option_spec *o = common; !is_end(o); o++)
		put_row(f, o);
}
