// SPDX-License-Identifier: GPL-2.0
/*
 * mk_core in an instance: reads the handoff, reports through the control page,
 * gives heartbeats, takes the wall clock and the wish to stop from the host.
 */
#include <linux/acpi.h>
#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/hrtimer.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/reboot.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <asm/tsc.h>

#include "acpi.h"
#include "compat.h"
#include "internal.h"
#include "mk_core.h"

#define BEAT_NS		(250 * NSEC_PER_MSEC)

static unsigned long long user_tsc;
module_param(user_tsc, ullong, 0444);
MODULE_PARM_DESC(user_tsc, "In an instance: TSC at the first user instruction (mk-init sets it)");

static struct mk_control *control;
static DEFINE_PER_CPU(struct hrtimer, beat_timer);

/**
 * mk_handoff_find() - find the table that makes this kernel an instance
 * @len:	its bytes
 *
 * Return: the table, mapped for good, or NULL in a host.
 */
const struct mk_handoff *mk_handoff_find(u32 *len)
{
	struct acpi_table_header *table;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(MK_HANDOFF_SIG, 0, &table)))
		return NULL;
	*len = table->length;
	return (const struct mk_handoff *)table;
}

/**
 * mk_agent_expected() - did mk-init load this module?
 *
 * Return: true when this kernel was started as an instance; if it has no handoff
 * table then (acpi=off), it must not go on as if it were a host.
 */
bool mk_agent_expected(void)
{
	return user_tsc;
}

/* --- words ------------------------------------------------------------------- */

static atomic_t ended = ATOMIC_INIT(0);

static void say(u32 word)
{
	/* the host reads what the word announces after the word */
	virt_store_release(&control->word, word);
}

/* Control characters would reach the terminal of whoever reads the reason. */
static void put_text(const char *text)
{
	strscpy(control->text, text, sizeof(control->text));
	strreplace(control->text, '\n', ' ');
}

/**
 * mk_agent_end() - say the last words
 * @reason:	enum mk_reason
 * @text:	the same in words
 *
 * The first call wins.
 *
 * Context: any, also NMI and before mk_agent_init(): it then does nothing.
 */
void mk_agent_end(u32 reason, const char *text)
{
	if (!control || atomic_xchg(&ended, 1))
		return;
	put_text(text);
	WRITE_ONCE(control->reason, reason);
	say(MK_WORD_ENDED);
}

/**
 * mk_agent_stopping() - say that an orderly shutdown began
 *
 * Context: any; does nothing before mk_agent_init() and after mk_agent_end().
 */
void mk_agent_stopping(void)
{
	/* last words that another CPU says now stay; locked on one CPU, too */
	if (control)
		sync_cmpxchg(&control->word, MK_WORD_RUNNING, MK_WORD_STOPPING);
}

static void refuse(const char *text)
{
	put_text(text);
	say(MK_WORD_REFUSED);
	pr_err("%s\n", text);
}

/* --- heartbeats and the wish to stop ------------------------------------------- */

static void stop_now(struct work_struct *work)
{
	pr_info("the host asks to stop\n");
	orderly_poweroff(true);
}

static DECLARE_WORK(stop_work, stop_now);

static void check_request(void)
{
	static atomic_t heard = ATOMIC_INIT(0);

	/* what the host wrote before it is seen, too */
	if (virt_load_acquire(&control->request) == MK_REQUEST_STOP &&
	    !atomic_xchg(&heard, 1))
		schedule_work(&stop_work);
}

static enum hrtimer_restart beat(struct hrtimer *timer)
{
	u32 *counter = &control->beat[smp_processor_id()];
	u32 next = READ_ONCE(*counter) + 1;

	WRITE_ONCE(*counter, next ?: 1);	/* 0 means: not watched */
	check_request();
	hrtimer_forward_now(timer, ns_to_ktime(BEAT_NS));
	return HRTIMER_RESTART;
}

static int beat_start(unsigned int cpu)
{
	struct hrtimer *timer = this_cpu_ptr(&beat_timer);

	if (cpu >= MK_MAX_CPUS)
		return 0;
	hrtimer_setup(timer, beat, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(timer, ns_to_ktime(BEAT_NS), HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int beat_stop(unsigned int cpu)
{
	if (cpu >= MK_MAX_CPUS)
		return 0;
	hrtimer_cancel(this_cpu_ptr(&beat_timer));
	WRITE_ONCE(control->beat[cpu], 0);
	return 0;
}

/* --- the wall clock -------------------------------------------------------------- */

static void set_clock(u32 khz)
{
	struct timespec64 now;
	u64 passed;

	if (!khz)
		return;
	passed = mul_u64_u32_div(rdtsc_ordered() - control->clock_tsc, 1000000, khz);
	now = ns_to_timespec64(control->clock_real + passed);
	if (do_settimeofday64(&now))
		pr_warn("the host's wall clock was refused\n");
}

/* --- for the modules above --------------------------------------------------------- */

static struct mk_self self;

static void know_self(const struct mk_handoff *h)
{
	const struct mk_region *r = (void *)h + h->regions, *shares = NULL;
	u32 i;

	self.id = h->id;
	self.epoch = h->epoch;
	strscpy(self.name, h->name, sizeof(self.name));
	for (i = 0; i < h->nr_regions; i++) {
		if (r[i].kind == MK_REGION_IPC)
			self.ipc = r[i];
		if (r[i].kind == MK_REGION_SHARES)
			shares = &r[i];
	}
	mk_share_init(h->epoch, shares);
}

int mk_core_self(struct mk_self *out)
{
	if (!self.id)
		return -ENODEV;
	*out = self;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(mk_core_self, COMPAT_NAMESPACE);

/* --- init -------------------------------------------------------------------------- */

static int map_control(const struct mk_handoff *h)
{
	control = memremap(h->control, MK_CONTROL_SIZE, MEMREMAP_WB);
	if (!control) {
		pr_err("the control page at %#llx cannot be mapped\n", h->control);
		return -ENOMEM;
	}
	return 0;
}

static int check_handoff(const struct mk_handoff *h, u32 len)
{
	char text[MK_TEXT_SIZE];
	int ret = mk_handoff_check(h, len);

	if (ret < 0) {
		pr_err("the handoff table is malformed: the host's mk_core is broken or too old\n");
		return -EINVAL;
	}
	if (map_control(h))
		return -ENOMEM;
	if (ret > 0) {
		scnprintf(text, sizeof(text),
			  "handoff %u.%u of the host, mk_core %s here reads %u.x: install the same version on both sides",
			  h->major, h->minor, MK_VERSION, MK_HANDOFF_MAJOR);
		refuse(text);
		return -EPROTO;
	}
	if (control->magic != MK_CONTROL_MAGIC || control->epoch != h->epoch) {
		refuse("control page and handoff do not belong together");
		return -EINVAL;
	}
	return 0;
}

static void introduce(void)
{
	control->major = MK_HANDOFF_MAJOR;
	control->minor = MK_HANDOFF_MINOR;
	strscpy(control->version, MK_VERSION, sizeof(control->version));
	strscpy(control->release, init_utsname()->release, sizeof(control->release));
	control->user_tsc = user_tsc;
	control->running_tsc = rdtsc_ordered();
	say(MK_WORD_RUNNING);
}

/**
 * mk_agent_init() - become an instance
 * @handoff:	the table
 * @len:	its bytes
 *
 * Context: module load. Return: 0 or a negative errno; then this kernel must
 * not go on, because it has no leash.
 */
int mk_agent_init(const struct mk_handoff *handoff, u32 len)
{
	int ret = check_handoff(handoff, len);

	if (ret)
		return ret;
	ret = mk_leash_init();
	if (ret) {
		refuse("kprobes are not available: the leash cannot be put on");
		return ret;
	}
	set_clock(handoff->tsc_khz);
	know_self(handoff);
	/* From here on the module stays: its leash is in use. */
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "multikernel:beat",
				beat_start, beat_stop);
	if (ret < 0 || mk_sysfs_handoff(handoff)) {
		refuse("heartbeats or sysfs could not be set up");
		return 0;
	}
	introduce();
	pr_info("instance %u \"%s\" of host %s\n", handoff->id, handoff->name,
		handoff->host_release);
	return 0;
}
