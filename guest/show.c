// SPDX-License-Identifier: GPL-2.0-only
/* show FILE...: print what the files contain. */
#include <stdio.h>

int main(int argc, char **argv)
{
	FILE *f;
	int c, i;

	for (i = 1; i < argc; i++) {
		f = fopen(argv[i], "r");
		if (!f) {
			perror(argv[i]);
			return 1;
		}
		while ((c = getc(f)) != EOF)
			putchar(c);
		fclose(f);
	}
	return 0;
}
