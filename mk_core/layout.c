// SPDX-License-Identifier: GPL-2.0
/*
 * Proof of every layout that crosses a kernel or the uapi: sizes and offsets.
 * Nothing here makes code.
 */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif

#include "handoff.h"

#define SIZE(type, n)		static_assert(sizeof(type) == (n))
#define AT(type, field, n)	static_assert(offsetof(type, field) == (n))

SIZE(struct mk_error, 24);
AT(struct mk_error, code, 0);
AT(struct mk_error, reserved, 4);
AT(struct mk_error, arg, 8);

SIZE(struct mk_hdr, 32);
AT(struct mk_hdr, size, 0);
AT(struct mk_hdr, flags, 4);
AT(struct mk_hdr, err, 8);

SIZE(struct mk_version, 136);
AT(struct mk_version, hdr, 0);
AT(struct mk_version, abi, 32);
AT(struct mk_version, role, 36);
AT(struct mk_version, version, 40);
AT(struct mk_version, release, 72);

SIZE(struct mk_extent, 24);
AT(struct mk_extent, start, 0);
AT(struct mk_extent, size, 8);
AT(struct mk_extent, node, 16);
AT(struct mk_extent, reserved, 20);

SIZE(struct mk_pool_change, 56);
AT(struct mk_pool_change, hdr, 0);
AT(struct mk_pool_change, cpus, 32);
AT(struct mk_pool_change, extents, 40);
AT(struct mk_pool_change, nr_cpus, 48);
AT(struct mk_pool_change, nr_extents, 52);

SIZE(struct mk_pool_cpu, 24);
AT(struct mk_pool_cpu, cpu, 0);
AT(struct mk_pool_cpu, apicid, 4);
AT(struct mk_pool_cpu, node, 8);
AT(struct mk_pool_cpu, state, 12);
AT(struct mk_pool_cpu, instance, 16);
AT(struct mk_pool_cpu, reserved, 20);

SIZE(struct mk_pool_chunk, 32);
AT(struct mk_pool_chunk, start, 0);
AT(struct mk_pool_chunk, size, 8);
AT(struct mk_pool_chunk, free, 16);
AT(struct mk_pool_chunk, node, 24);
AT(struct mk_pool_chunk, reserved, 28);

SIZE(struct mk_pool_query, 112);
AT(struct mk_pool_query, hdr, 0);
AT(struct mk_pool_query, cpus, 32);
AT(struct mk_pool_query, chunks, 40);
AT(struct mk_pool_query, nr_cpus, 48);
AT(struct mk_pool_query, nr_chunks, 52);
AT(struct mk_pool_query, memory, 56);
AT(struct mk_pool_query, memory_free, 64);
AT(struct mk_pool_query, memory_lost, 72);
AT(struct mk_pool_query, windows, 80);
AT(struct mk_pool_query, windows_free, 84);
AT(struct mk_pool_query, window_size, 88);
AT(struct mk_pool_query, nr_instances, 92);
AT(struct mk_pool_query, x2apic, 96);
AT(struct mk_pool_query, reserved, 100);
AT(struct mk_pool_query, memory_regions, 104);

SIZE(struct mk_create, 128);
AT(struct mk_create, hdr, 0);
AT(struct mk_create, name, 32);
AT(struct mk_create, cpus, 96);
AT(struct mk_create, nr_cpus, 104);
AT(struct mk_create, node, 108);
AT(struct mk_create, memory, 112);
AT(struct mk_create, id, 120);
AT(struct mk_create, reserved, 124);

SIZE(struct mk_open, 104);
AT(struct mk_open, hdr, 0);
AT(struct mk_open, name, 32);
AT(struct mk_open, id, 96);
AT(struct mk_open, reserved, 100);

SIZE(struct mk_list, 48);
AT(struct mk_list, hdr, 0);
AT(struct mk_list, ids, 32);
AT(struct mk_list, nr, 40);
AT(struct mk_list, reserved, 44);

SIZE(struct mk_load, 72);
AT(struct mk_load, hdr, 0);
AT(struct mk_load, cmdline, 32);
AT(struct mk_load, cmdline_len, 40);
AT(struct mk_load, kernel_fd, 44);
AT(struct mk_load, initrd_fd, 48);
AT(struct mk_load, nr_initrds, 64);
AT(struct mk_load, reserved, 68);

SIZE(struct mk_stop, 40);
AT(struct mk_stop, hdr, 0);
AT(struct mk_stop, timeout_ms, 32);
AT(struct mk_stop, reserved, 36);

SIZE(struct mk_policy, 40);
AT(struct mk_policy, hdr, 0);
AT(struct mk_policy, restart, 32);
AT(struct mk_policy, delay_ms, 36);

SIZE(struct mk_query, 488);
AT(struct mk_query, hdr, 0);
AT(struct mk_query, cpus, 32);
AT(struct mk_query, extents, 40);
AT(struct mk_query, nr_cpus, 48);
AT(struct mk_query, nr_extents, 52);
AT(struct mk_query, id, 56);
AT(struct mk_query, state, 60);
AT(struct mk_query, reason, 64);
AT(struct mk_query, lost_cpus, 68);
AT(struct mk_query, name, 72);
AT(struct mk_query, text, 136);
AT(struct mk_query, release, 264);
AT(struct mk_query, memory, 328);
AT(struct mk_query, generation, 336);
AT(struct mk_query, boots, 344);
AT(struct mk_query, start_ns, 352);
AT(struct mk_query, end_ns, 360);
AT(struct mk_query, prepare_ns, 368);
AT(struct mk_query, clear_ns, 376);
AT(struct mk_query, kill_ns, 384);
AT(struct mk_query, user_ns, 392);
AT(struct mk_query, running_ns, 400);
AT(struct mk_query, beat_ms, 408);
AT(struct mk_query, window, 416);
AT(struct mk_query, window_size, 424);
AT(struct mk_query, control, 432);
AT(struct mk_query, rsdp, 440);
AT(struct mk_query, tables, 448);
AT(struct mk_query, tables_size, 456);
AT(struct mk_query, host_bytes, 464);
AT(struct mk_query, restart, 472);
AT(struct mk_query, restarts, 476);
AT(struct mk_query, restart_ns, 480);

SIZE(struct mk_read, 56);
AT(struct mk_read, hdr, 0);
AT(struct mk_read, addr, 32);
AT(struct mk_read, buf, 40);
AT(struct mk_read, len, 48);

SIZE(struct mk_region_create, 120);
AT(struct mk_region_create, hdr, 0);
AT(struct mk_region_create, name, 32);
AT(struct mk_region_create, size, 96);
AT(struct mk_region_create, node, 104);
AT(struct mk_region_create, reserved, 108);
AT(struct mk_region_create, id, 112);

SIZE(struct mk_region_open, 104);
AT(struct mk_region_open, hdr, 0);
AT(struct mk_region_open, name, 32);
AT(struct mk_region_open, id, 96);

SIZE(struct mk_region_list, 48);
AT(struct mk_region_list, hdr, 0);
AT(struct mk_region_list, ids, 32);
AT(struct mk_region_list, nr, 40);
AT(struct mk_region_list, reserved, 44);

SIZE(struct mk_permit, 72);
AT(struct mk_permit, name, 0);
AT(struct mk_permit, mode, 64);
AT(struct mk_permit, instance, 68);

SIZE(struct mk_region_query, 152);
AT(struct mk_region_query, hdr, 0);
AT(struct mk_region_query, extents, 32);
AT(struct mk_region_query, permits, 40);
AT(struct mk_region_query, nr_extents, 48);
AT(struct mk_region_query, nr_permits, 52);
AT(struct mk_region_query, name, 56);
AT(struct mk_region_query, id, 120);
AT(struct mk_region_query, size, 128);
AT(struct mk_region_query, node, 136);
AT(struct mk_region_query, mounts, 140);
AT(struct mk_region_query, maps, 144);
AT(struct mk_region_query, lost, 148);

SIZE(struct mk_region_grow, 40);
AT(struct mk_region_grow, hdr, 0);
AT(struct mk_region_grow, size, 32);

SIZE(struct mk_region_permit, 104);
AT(struct mk_region_permit, hdr, 0);
AT(struct mk_region_permit, name, 32);
AT(struct mk_region_permit, mode, 96);
AT(struct mk_region_permit, reserved, 100);

SIZE(struct mk_handoff, 248);
AT(struct mk_handoff, acpi, 0);
AT(struct mk_handoff, major, 36);
AT(struct mk_handoff, minor, 38);
AT(struct mk_handoff, control, 40);
AT(struct mk_handoff, control_size, 48);
AT(struct mk_handoff, id, 52);
AT(struct mk_handoff, epoch, 56);
AT(struct mk_handoff, tsc_khz, 64);
AT(struct mk_handoff, nr_cpus, 68);
AT(struct mk_handoff, fdt, 72);
AT(struct mk_handoff, fdt_size, 76);
AT(struct mk_handoff, regions, 80);
AT(struct mk_handoff, nr_regions, 84);
AT(struct mk_handoff, name, 88);
AT(struct mk_handoff, host_version, 152);
AT(struct mk_handoff, host_release, 184);

SIZE(struct mk_region, 24);
AT(struct mk_region, start, 0);
AT(struct mk_region, size, 8);
AT(struct mk_region, kind, 16);
AT(struct mk_region, flags, 20);

SIZE(struct mk_share, 336);
AT(struct mk_share, id, 0);
AT(struct mk_share, name, 8);
AT(struct mk_share, flags, 72);
AT(struct mk_share, nr, 76);
AT(struct mk_share, extent, 80);
AT(struct mk_share, extent[0].size, 88);
AT(struct mk_share, extent[1].start, 96);

SIZE(struct mk_share_table, 4096);
AT(struct mk_share_table, seq, 0);
AT(struct mk_share_table, reserved, 4);
AT(struct mk_share_table, alive, 8);
AT(struct mk_share_table, share, 520);
AT(struct mk_share_table, tail, 3208);

SIZE(struct mk_control, 4096);
AT(struct mk_control, magic, 0);
AT(struct mk_control, epoch, 8);
AT(struct mk_control, request, 16);
AT(struct mk_control, clock_real, 24);
AT(struct mk_control, clock_tsc, 32);
AT(struct mk_control, host_reserved, 40);
AT(struct mk_control, word, 128);
AT(struct mk_control, reason, 132);
AT(struct mk_control, user_tsc, 136);
AT(struct mk_control, running_tsc, 144);
AT(struct mk_control, major, 152);
AT(struct mk_control, minor, 154);
AT(struct mk_control, instance_reserved, 156);
AT(struct mk_control, version, 160);
AT(struct mk_control, release, 192);
AT(struct mk_control, text, 256);
AT(struct mk_control, instance_reserved2, 384);
AT(struct mk_control, beat, 1024);
AT(struct mk_control, tail, 2048);
