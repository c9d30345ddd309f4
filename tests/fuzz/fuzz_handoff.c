// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes at all as a handoff table: as they are, and with the right length
 * and checksum, which a fuzzer hardly finds by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "craft.h"
#include "hostile.h"

int fuzz_one(const __u8 *data, size_t len)
{
	__u8 *sealed;

	hostile_handoff(data, len);
	if (len < MK_ACPI_HEADER_SIZE)
		return 0;
	sealed = malloc(len);
	memcpy(sealed, data, len);
	craft_seal(sealed, len);
	hostile_handoff(sealed, len);
	free(sealed);
	return 0;
}
