// SPDX-License-Identifier: GPL-2.0
/*
 * Low windows: every kernel needs RAM below 1 MiB for its real-mode code.
 * Linux reserves the whole first MiB and uses only its own blob there, so the
 * other System RAM pages are handed out, one window an instance, and one page
 * for the stub in which CPUs confirm that they are halted.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "internal.h"

#define LOW_PAGES	(SZ_1M / PAGE_SIZE)
#define EBDA_SEGMENT	0x40e	/* BIOS data area: segment of the extended BDA */
#define EBDA_MIN	SZ_128K	/* below: no BIOS wrote it (as reserve_bios_regions()) */

static ulong realmode;
module_param(realmode, ulong, 0444);
MODULE_PARM_DESC(realmode, "Physical address of the host's real-mode code, where it is not found by itself");

/* window_lock; the table and the stub page are constant after init */
static u64 windows[MK_MAX_WINDOWS];
static DECLARE_BITMAP(taken, MK_MAX_WINDOWS);
static unsigned int nr_windows;
static u64 stub_page;
static DEFINE_MUTEX(window_lock);

static bool is_free_ram(unsigned long pfn)
{
	return region_intersects(PFN_PHYS(pfn), PAGE_SIZE, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) == REGION_INTERSECTS;
}

/* Pages that somebody uses: set bits. */
static int find_used(unsigned long *used)
{
	unsigned long ebda = *(u16 *)mk_virt(EBDA_SEGMENT) << 4;
	unsigned long pfn;
	int blobs = mk_arch_realmode(used);

	if (realmode) {
		bitmap_set(used, realmode >> PAGE_SHIFT, SZ_64K >> PAGE_SHIFT);
		blobs++;
	}
	set_bit(0, used);
	for (pfn = 1; pfn < LOW_PAGES; pfn++)
		if (!is_free_ram(pfn) || (ebda >= EBDA_MIN && pfn >= ebda >> PAGE_SHIFT))
			set_bit(pfn, used);
	return blobs;
}

static void carve_windows(unsigned long *used)
{
	const unsigned int pages = MK_WINDOW_SIZE >> PAGE_SHIFT;
	unsigned long pfn = MK_WINDOW_FLOOR >> PAGE_SHIFT;

	while (nr_windows < MK_MAX_WINDOWS) {
		pfn = bitmap_find_next_zero_area(used, LOW_PAGES, pfn, pages, 0);
		if (pfn >= LOW_PAGES)
			return;
		windows[nr_windows++] = PFN_PHYS(pfn);
		pfn += pages;
	}
}

/**
 * mk_window_init() - find the low windows and the stub page
 *
 * Context: module load.
 * Return: 0, or -ENODEV when it cannot be told what is free.
 */
int mk_window_init(void)
{
	DECLARE_BITMAP(used, LOW_PAGES);
	unsigned long stub;

	if (realmode > SZ_1M - SZ_64K) {
		pr_err("realmode=%#lx: real-mode code begins below %#x\n", realmode,
		       SZ_1M - SZ_64K);
		return -EINVAL;
	}
	bitmap_zero(used, LOW_PAGES);
	if (!find_used(used)) {
		pr_err("the host's real-mode code was not found below 1 MiB: pass its physical address as realmode=\n");
		return -ENODEV;
	}
	/* Instances cannot use what is below the floor; the stub can. */
	stub = find_first_zero_bit(used, LOW_PAGES);
	if (stub >= LOW_PAGES) {
		pr_err("no free RAM page below 1 MiB: this machine cannot start instances\n");
		return -ENODEV;
	}
	set_bit(stub, used);
	stub_page = PFN_PHYS(stub);
	carve_windows(used);
	mk_arch_init_stub(stub_page);
	return 0;
}

/**
 * mk_window_stub() - the page in which CPUs confirm their halt
 *
 * Context: any.
 * Return: its physical address, below 1 MiB.
 */
u64 mk_window_stub(void)
{
	return stub_page;
}

/**
 * mk_window_get() - take a low window
 *
 * Context: sleeps, takes window_lock.
 * Return: its physical address, or 0 when none is left.
 */
u64 mk_window_get(void)
{
	unsigned int i;
	u64 window = 0;

	mutex_lock(&window_lock);
	i = find_first_zero_bit(taken, nr_windows);
	if (i < nr_windows) {
		set_bit(i, taken);
		window = windows[i];
	}
	mutex_unlock(&window_lock);
	return window;
}

/**
 * mk_window_put() - give a low window back
 * @window:	from mk_window_get(), no CPU uses it
 *
 * Context: sleeps, takes window_lock.
 */
void mk_window_put(u64 window)
{
	unsigned int i;

	/* An old blob would look like the host's own to the next load. */
	memset(mk_virt(window), 0, MK_WINDOW_SIZE);
	mutex_lock(&window_lock);
	for (i = 0; i < nr_windows; i++)
		if (windows[i] == window)
			clear_bit(i, taken);
	mutex_unlock(&window_lock);
}

/**
 * mk_window_count() - count the low windows
 * @all:	out: their number
 * @unused:	out: of these, how many nobody has
 *
 * Context: sleeps, takes window_lock.
 */
void mk_window_count(u32 *all, u32 *unused)
{
	mutex_lock(&window_lock);
	*all = nr_windows;
	*unused = nr_windows - bitmap_weight(taken, nr_windows);
	mutex_unlock(&window_lock);
}
