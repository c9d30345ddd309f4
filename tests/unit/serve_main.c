// SPDX-License-Identifier: GPL-2.0
/* The server of an instance, for exec.sh: this is the first process. */
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

int main(int argc, char **argv)
{
	(void)argc;
	serve_start(argv[0]);
	for (;;)
		if (waitpid(-1, NULL, __WALL) < 0)
			sleep(1);
}
