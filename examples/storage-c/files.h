/* Files that are on the disk whole, or not at all, also after a crash. Functions that return an int: -1 is a failure,
 * and errno says which. */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>

enum { ROOT_SIZE = 512, PATH_SIZE = 768, NAME_SIZE = 72 };

/* ROOT/FOLDER/NAME+ENDING; names are shorter than NAME_SIZE. */
void path_of(const char* root, const char* folder, const char* name, const char* ending, char (*path)[PATH_SIZE]);

/* A descriptor of a fresh file FOLDER/.NAME.new; what an attempt that was killed left there is gone. */
int fresh_file(const char* root, const char* folder, const char* name, char (*path)[PATH_SIZE]);

int write_all(int fd, const char* data, size_t size);
int copy_into(const char* from, int to);

/* Moves a fresh file to its final name and makes it durable. Closes fd in either case. */
int put_in_place(const char* root, int fd, const char* fresh, const char* folder, const char* name, const char* ending);

int sync_folder(const char* root, const char* folder);

#endif
