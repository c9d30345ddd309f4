// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64: how a CPU is started, parked and known to be halted.
 */
#include <linux/delay.h>
#include <linux/error-injection.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/realmode.h>
#include <asm/tsc.h>

#include "internal.h"
#include "mk_core.h"

#define ICR_TRIES	1000	/* of 1 us: Linux gives a send 1000 * 100 us at worst */
#define ACK_POLLS	50	/* between two SIPIs */
#define ACK_POLL_US	20
#define ROUND_MS	50	/* of SIPIs, between two INITs */
#define ACK_MS		5000	/* a CPU that is silent for so long is lost */
#define REALMODE_END	0x65a22c82	/* REALMODE_END_SIGNATURE in realmode/rm/realmode.h */
#define LOWMEM_END	0xa0000	/* VGA memory begins */

/* The parameters at the start of mk_trampoline (trampoline_x86.S). */
struct mk_trampoline {
	u8  jmp[4];
	u32 go;
	u32 here;
	u32 cr3;
	u64 entry;
	u64 rsi;
	u16 gdt_limit;
	u32 gdt_base;
	u32 far_offset;
	u16 far_selector;
	u8  gdt_align[4];
	u64 gdt[4];
} __packed;

/* The words at the start of mk_stub. */
struct mk_stub_words {
	u8  jmp[8];
	u32 apicid;
	u32 ack;
};

/**
 * mk_arch_apicid() - local APIC id of a CPU
 * @cpu:	logical number in the host
 *
 * Context: any; the CPU need not be online.
 * Return: the id by which interrupt commands name it.
 */
u32 mk_arch_apicid(unsigned int cpu)
{
	return cpu_physical_id(cpu);
}

/**
 * mk_arch_x2apic() - are the local APICs in x2APIC mode?
 *
 * Context: any.
 * Return: true if they are.
 */
bool mk_arch_x2apic(void)
{
	return x2apic_enabled();
}

/**
 * mk_arch_tsc_to_ns() - cycles of the TSC as time
 * @tsc:	cycles
 *
 * Context: any.
 * Return: nanoseconds, or 0 when the rate of the TSC is not known.
 */
u64 mk_arch_tsc_to_ns(u64 tsc)
{
	return tsc_khz ? mul_u64_u32_div(tsc, 1000000, tsc_khz) : 0;
}

/* In xAPIC mode a command written while another is under way is dropped. */
static bool icr_idle(void)
{
	int tries;

	for (tries = 0; tries < ICR_TRIES; tries++) {
		if (!(apic->read(APIC_ICR) & APIC_ICR_BUSY))
			return true;
		udelay(1);
	}
	return false;
}

static int icr_send(u32 apicid, u32 command)
{
	bool idle;

	/* The command register is this CPU's: stay until it is sent. */
	preempt_disable();
	idle = icr_idle();
	if (idle) {
		apic->icr_write(command, apicid);
		idle = icr_idle();
	}
	preempt_enable();
	return idle ? 0 : -EIO;
}

int mk_core_ring(u32 apicid, u8 vector)
{
	unsigned long flags;
	bool idle;

	if (apicid >= (x2apic_mode ? U32_MAX : 0xff))	/* that is all CPUs */
		return -EINVAL;
	weak_wrmsr_fence();	/* in x2APIC mode the command overtakes stores */
	local_irq_save(flags);
	idle = icr_idle();
	if (idle)
		apic->icr_write(APIC_DM_FIXED | vector, apicid);
	local_irq_restore(flags);
	return idle ? 0 : -EIO;
}
EXPORT_SYMBOL_NS_GPL(mk_core_ring, COMPAT_NAMESPACE);

static void send_init(struct mk_cpu **cpus, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		icr_send(cpus[i]->apicid, APIC_INT_LEVELTRIG | APIC_INT_ASSERT | APIC_DM_INIT);
	usleep_range(10000, 10500);
	for (i = 0; i < nr; i++)
		icr_send(cpus[i]->apicid, APIC_INT_LEVELTRIG | APIC_DM_INIT);
}

static int send_sipi(u32 apicid, u64 page)
{
	return icr_send(apicid, APIC_DM_STARTUP | (u32)(page >> PAGE_SHIFT));
}

/**
 * mk_arch_init_stub() - write the code in which CPUs confirm their halt
 * @stub:	physical address of a page below 1 MiB
 *
 * Context: before the first mk_arch_park().
 */
void mk_arch_init_stub(u64 stub)
{
	memcpy(mk_virt(stub), mk_stub, mk_stub_end - mk_stub);
}

static bool arrives(const u32 *word, u32 apicid, const u32 *who)
{
	int poll;

	for (poll = 0; poll < ACK_POLLS; poll++) {
		/* pairs with the order in which the CPU's code stores its words */
		if (virt_load_acquire(word) && (!who || READ_ONCE(*who) == apicid))
			return true;
		udelay(ACK_POLL_US);
	}
	return false;
}

/* SIPI until a word in the page is set: one is dropped while INIT is pending. */
static bool sipi_until(u32 apicid, u64 page, const u32 *word, const u32 *who)
{
	ktime_t end = ktime_add_ms(ktime_get(), ROUND_MS);

	do {
		if (!send_sipi(apicid, page) && arrives(word, apicid, who))
			return true;
		usleep_range(200, 400);
	} while (ktime_before(ktime_get(), end));
	return false;
}

/*
 * Where INIT and an earlier SIPI are pending together (a virtual CPU that had
 * to wait), the CPU goes where the earlier one points, and drops the others:
 * it needs another INIT.
 */
static bool goes_to(struct mk_cpu *c, u64 page, u32 *word, const u32 *who)
{
	ktime_t end = ktime_add_ms(ktime_get(), ACK_MS);

	while (!sipi_until(c->apicid, page, word, who)) {
		if (ktime_after(ktime_get(), end))
			return false;
		send_init(&c, 1);
		WRITE_ONCE(*word, 0);	/* set before that INIT, it says nothing */
	}
	return true;
}
ALLOW_ERROR_INJECTION(goes_to, NULL);	/* false: it is silent */

static bool stub_answers(struct mk_cpu *c)
{
	struct mk_stub_words *w = mk_virt(mk_window_stub());

	WRITE_ONCE(w->ack, 0);
	return goes_to(c, mk_window_stub(), &w->ack, &w->apicid);
}

/* One stub page, one CPU in it at a time. */
static DEFINE_MUTEX(stub_lock);

/**
 * mk_arch_park() - bring CPUs to wait-for-SIPI and prove it
 * @cpus:	CPUs that are not online in the host
 * @nr:		their number
 *
 * INIT is not acknowledged.  So: INIT, SIPI to the stub, wait for its word,
 * and INIT again, after which the CPU waits for SIPI and runs nothing.  All get
 * the first INIT before any is asked, so that none of them can start another.
 * One that is silent for ACK_MS becomes MK_CPU_LOST.
 *
 * Context: sleeps 20 ms, and ACK_MS more for each CPU that is lost; takes
 * stub_lock.
 * Return: number of lost CPUs.
 */
int mk_arch_park(struct mk_cpu **cpus, unsigned int nr)
{
	unsigned int i;
	int lost = 0;

	mutex_lock(&stub_lock);
	send_init(cpus, nr);
	for (i = 0; i < nr; i++) {
		if (stub_answers(cpus[i]))
			continue;
		pr_err("CPU %u (APIC %#x) did not confirm its halt: it will not be used again; restart the machine to get it back\n",
		       cpus[i]->cpu, cpus[i]->apicid);
		WRITE_ONCE(cpus[i]->state, MK_CPU_LOST);
		lost++;
	}
	send_init(cpus, nr);
	mutex_unlock(&stub_lock);
	return lost;
}

/**
 * mk_arch_start() - send a parked CPU through the trampoline
 * @cpu:	CPU that is known to be halted
 * @entry:	where it goes; the page there becomes the trampoline
 *
 * It waits there for mk_arch_go(), so that an INIT which was sent too late finds
 * it in the trampoline and never in its kernel.
 *
 * Context: sleeps 10 ms, ACK_MS more at most when the CPU is silent.
 * Return: 0 when the CPU is in the trampoline, else -ETIMEDOUT.
 */
int mk_arch_start(struct mk_cpu *cpu, const struct mk_entry *entry)
{
	struct mk_trampoline *t = mk_virt(entry->page);

	memcpy(t, mk_trampoline, mk_trampoline_end - mk_trampoline);
	t->cr3 = entry->cr3;
	t->entry = entry->entry;
	t->rsi = entry->rsi;
	t->gdt_base = entry->page + offsetof(struct mk_trampoline, gdt);
	t->far_offset = entry->page + (mk_trampoline64 - mk_trampoline);
	virt_mb();	/* the trampoline is whole before a CPU is sent there */

	/* Parked CPUs wait for SIPI, but not surely: see goes_to(). */
	send_init(&cpu, 1);
	return goes_to(cpu, entry->page, &t->here, NULL) ? 0 : -ETIMEDOUT;
}

/**
 * mk_arch_go() - let a CPU that waits in the trampoline enter its kernel
 * @entry:	what mk_arch_start() was given
 *
 * Context: any, after mk_arch_start() returned 0.
 */
void mk_arch_go(const struct mk_entry *entry)
{
	struct mk_trampoline *t = mk_virt(entry->page);

	virt_store_release(&t->go, 1);	/* the last that the CPU waits for */
}

/*
 * Linux's real-mode blob starts with its header, whose words are physical
 * addresses inside the blob, and ends with a signature (arch/x86/realmode/rm/
 * header.S, realmode.lds.S).  That no other page looks like it makes it findable
 * without unexported symbols; a blob that an earlier kernel left behind is found
 * too, and spared as well.
 */
static bool is_realmode_header(const struct real_mode_header *h, u32 base)
{
	u32 end = base + SZ_64K;

	return IS_ALIGNED(h->text_start, PAGE_SIZE) &&
	       h->text_start > base && h->text_start < end &&
	       h->ro_end > h->text_start && h->ro_end < end &&
	       h->trampoline_start >= h->text_start && h->trampoline_start < h->ro_end &&
	       h->trampoline_header > h->ro_end && h->trampoline_header < end;
}

/* Return: bytes up to and with the signature, 64 KiB when there is none. */
static u32 realmode_size(u32 base)
{
	const u32 *word = mk_virt(base);
	u32 i;

	for (i = 0; i < SZ_64K / sizeof(*word); i++)
		if (word[i] == REALMODE_END)
			return (i + 1) * sizeof(*word);
	return SZ_64K;
}

/**
 * mk_arch_realmode() - find the pages of Linux's real-mode code
 * @pages:	bitmap of page numbers below 1 MiB; theirs are set
 *
 * Context: reads the first MiB; module load.
 * Return: number of blobs that were found.
 */
int mk_arch_realmode(unsigned long *pages)
{
	u32 base, size;
	int found = 0;

	for (base = PAGE_SIZE; base < LOWMEM_END; base += PAGE_SIZE) {
		if (!is_realmode_header(mk_virt(base), base))
			continue;
		size = realmode_size(base);
		bitmap_set(pages, base >> PAGE_SHIFT, DIV_ROUND_UP(size, PAGE_SIZE));
		pr_info("real-mode code at %#x, %u bytes\n", base, size);
		found++;
	}
	return found;
}
