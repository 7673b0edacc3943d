#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 1 << 16 };

void path_of(const char* root, const char* folder, const char* name, const char* ending, char (*path)[PATH_SIZE]) {
    snprintf(*path, sizeof *path, "%s/%s/%s%s", root, folder, name, ending);
}

int sync_folder(const char* root, const char* folder) {
    char path[PATH_SIZE];
    path_of(root, folder, "", "", &path);
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    const int done = fsync(fd);
    close(fd);
    return done;
}

int write_all(int fd, const char* data, size_t size) {
    while (size > 0) {
        const ssize_t done = write(fd, data, size);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        data += done;
        size -= (size_t)done;
    }
    return 0;
}

int fresh_file(const char* root, const char* folder, const char* name, char (*path)[PATH_SIZE]) {
    char hidden[NAME_SIZE + 1];
    snprintf(hidden, sizeof hidden, ".%s", name);
    path_of(root, folder, hidden, ".new", path);
    if (unlink(*path) != 0 && errno != ENOENT) return -1;
    return open(*path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
}

int put_in_place(const char* root, int fd, const char* fresh, const char* folder, const char* name,
                 const char* ending) {
    char path[PATH_SIZE];
    path_of(root, folder, name, ending, &path);
    const int synced = fsync(fd);
    if (close(fd) != 0 || synced != 0 || rename(fresh, path) != 0) return -1;
    return sync_folder(root, folder);
}

int copy_into(const char* from, int to) {
    char* block = (char*)malloc(BLOCK);
    const int fd = block != NULL ? open(from, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = -1;
    while (fd >= 0 && (got = read(fd, block, BLOCK)) > 0)
        if (write_all(to, block, (size_t)got) != 0) break;
    const int error = errno;
    if (fd >= 0) close(fd);
    free(block);
    errno = error;
    return got == 0 ? 0 : -1;
}
