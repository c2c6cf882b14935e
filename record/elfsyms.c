// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "record/elfsyms.h"

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LOADS_MAX   16u
#define SYMBOLS_MAX (1u << 20) /* of one file: what a browser has */

struct symbol {
	uint64_t address, size;
	uint32_t name;
};

struct elfsyms {
	struct symbol *symbol; /* by address */
	size_t n;
	char *text;
	size_t text_bytes;
	struct {
		uint64_t offset, bytes, address;
	} load[LOADS_MAX]; /* what the file puts where */
	size_t nloads;
};

static void read_loads(struct elfsyms *e, Elf *elf)
{
	size_t n, i;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &n))
		return;
	for (i = 0; i < n && e->nloads < LOADS_MAX; i++)
		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD) {
			e->load[e->nloads].offset = ph.p_offset;
			e->load[e->nloads].bytes = ph.p_filesz;
			e->load[e->nloads++].address = ph.p_vaddr;
		}
}

static Elf_Scn *find_table(Elf *elf, uint32_t type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type && header->sh_entsize)
			return section;
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

static bool copy_text(struct elfsyms *e, Elf *elf, size_t section)
{
	Elf_Scn *strings = elf_getscn(elf, section);
	Elf_Data *data = strings ? elf_getdata(strings, NULL) : NULL;

	if (!data || !data->d_size)
		return false;
	e->text_bytes = data->d_size;
	e->text = malloc(data->d_size);
	if (!e->text)
		return false;
	memcpy(e->text, data->d_buf, data->d_size);
	e->text[data->d_size - 1] = '\0';
	return true;
}

static bool read_symbols(struct elfsyms *e, Elf *elf)
{
	GElf_Shdr header;
	Elf_Scn *section = find_table(elf, SHT_SYMTAB, &header);
	Elf_Data *data;
	GElf_Sym sym;
	size_t n, i;

	if (!section)
		section = find_table(elf, SHT_DYNSYM, &header);
	data = section ? elf_getdata(section, NULL) : NULL;
	if (!data || !copy_text(e, elf, header.sh_link))
		return false;
	n = header.sh_size / header.sh_entsize;
	if (n > SYMBOLS_MAX)
		n = SYMBOLS_MAX;
	e->symbol = malloc((n ? n : 1) * sizeof(*e->symbol));
	if (!e->symbol)
		return false;
	for (i = 0; i < n; i++) {
		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF ||
		    !sym.st_value || sym.st_name >= e->text_bytes)
			continue;
		if (GELF_ST_TYPE(sym.st_info) != STT_FUNC &&
		    GELF_ST_TYPE(sym.st_info) != STT_GNU_IFUNC)
			continue;
		e->symbol[e->n++] = (struct symbol){
			.address = sym.st_value,
			.size = sym.st_size,
			.name = sym.st_name,
		};
	}
	if (e->symbol && e->n)
		qsort(e->symbol, e->n, sizeof(*e->symbol), compare);
	return e->n != 0;
}

struct elfsyms *elfsyms_read(int fd)
{
	struct elfsyms *e = calloc(1, sizeof(*e));
	Elf *elf;

	if (!e || elf_version(EV_CURRENT) == EV_NONE) {
		free(e);
		return NULL;
	}
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF) {
		read_loads(e, elf);
		if (read_symbols(e, elf)) {
			elf_end(elf);
			return e;
		}
	}
	if (elf)
		elf_end(elf);
	elfsyms_free(e);
	return NULL;
}

void elfsyms_free(struct elfsyms *e)
{
	if (!e)
		return;
	free(e->symbol);
	free(e->text);
	free(e);
}

size_t elfsyms_bytes(const struct elfsyms *e)
{
	return e ? sizeof(*e) + e->n * sizeof(*e->symbol) + e->text_bytes : 0;
}

static const char *find(const struct elfsyms *e, uint64_t address)
{
	size_t low = 0, high = e->n;
	const struct symbol *s;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (e->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	/* sorted by size within an address: the last one has one, if any has */
	s = &e->symbol[low - 1];
	return !s->size || address - s->address < s->size ? e->text + s->name : NULL;
}

const char *elfsyms_name(const struct elfsyms *e, uint64_t offset)
{
	for (size_t i = 0; e && i < e->nloads; i++)
		if (offset - e->load[i].offset < e->load[i].bytes)
			return find(e, offset - e->load[i].offset + e->load[i].address);
	return NULL;
}
