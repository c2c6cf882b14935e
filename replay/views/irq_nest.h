/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * irq_nest: interrupts that were interrupted. The inner one is told first, as both are told when
 * they return; what lies inside of one is left out of its own time, so that the own times of all
 * add up to the time that the CPU spent in interrupts.
 */
#ifndef RSTAT_REPLAY_VIEWS_IRQ_NEST_H
#define RSTAT_REPLAY_VIEWS_IRQ_NEST_H

#include <stddef.h>

#include "format/event.h"

struct irq_nest_cpu;

/* Zeroed is empty. */
struct irq_nest {
	struct irq_nest_cpu *cpus;
	size_t ncpus;
};

/*
 * Takes the next EV_IRQ of the stream. self_ns: its length after from_ns without the interrupts
 * inside. 0 or -ENOMEM.
 */
int irq_nest_add(struct irq_nest *nest, const struct event *ev, uint64_t from_ns,
		 uint64_t *self_ns);
void irq_nest_free(struct irq_nest *nest);

/* When it began: never after it ended. */
uint64_t irq_start_ns(const struct event *ev);

#endif
