/* SPDX-License-Identifier: GPL-2.0 */
/* The nth allocation of a call fails, where the kernel can do that. */
#ifndef TESTS_MACHINE_FAULT_H
#define TESTS_MACHINE_FAULT_H

/* Memory is what fails; a copy from or to user space does not. */
int faults_setup(void);
/*
 * Not of the objects that kmemleak has of all others, without which it goes on,
 * nor of those of a slab cache that is made after this.
 */
int faults_but_kmemleak(void);
/*
 * The kernel's own loader warns when it has no memory, and so do an interrupt
 * that has not all its files when it ends, and a slab cache: what is below the
 * function @but does not fail.  The rest is our part.
 */
int faults_in_initcalls(const char *but);
/* Only below a function. */
int faults_below(const char *name);
/* But below a function: FAULTS_CONTIG moves pages, where the kernel goes on without memory. */
#define FAULTS_CONTIG	"alloc_contig_range_noprof"
int faults_everywhere(const char *but);

/* Return: a descriptor for fault_call(), or -1. */
int fault_open(void);
/* Return: whether the nth allocation of the call was there to fail, or a negative errno. */
int fault_call(int fd, unsigned int nth, int (*call)(void), int *ret);

#endif /* TESTS_MACHINE_FAULT_H */
