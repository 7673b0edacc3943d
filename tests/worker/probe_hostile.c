/* What a hostile plugin tries, and how a bad one ends. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bh_status try_read(const exchange* e) { return say_result(e->out, open(request_text(e), O_RDONLY)); }
static bh_status try_write(const exchange* e) { return say_result(e->out, open(request_text(e), O_WRONLY | O_CREAT, 0644)); }
static bh_status try_create(const exchange* e) { return say_result(e->out, open(request_text(e), O_WRONLY | O_CREAT | O_EXCL, 0644)); }
/* "FROM TO" */
static bh_status try_rename(const exchange* e) {
    char from[256], to[256];
    if (sscanf(request_text(e), "%255s %255s", from, to) != 2) return BH_E_INVALID;
    return say_result(e->out, rename(from, to));
}
static bh_status try_socket(const exchange* e) { return say_result(e->out, socket(AF_INET, SOCK_STREAM, 0)); }
static bh_status try_unix_socket(const exchange* e) {
    struct sockaddr_un address = {AF_UNIX, {0}};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return say_result(e->out, fd);
    if (!copy_request(e, address.sun_path, sizeof address.sun_path)) return BH_E_INVALID;
    return say_result(e->out, connect(fd, (struct sockaddr*)&address, sizeof address));
}
static bh_status try_connect(const exchange* e) {
    /* A socket of another kind would do: the call itself is refused. */
    struct sockaddr_in address = {AF_INET, htons(80), {htonl(INADDR_LOOPBACK)}, {0}};
    return say_result(e->out, connect(0, (struct sockaddr*)&address, sizeof address));
}
static bh_status try_ptrace(const exchange* e) { return say_result(e->out, ptrace(PTRACE_ATTACH, 1, 0, 0)); }
static bh_status try_fork(const exchange* e) {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    return say_result(e->out, pid);
}
static bh_status try_shell(const exchange* e) {
    char* const words[] = {"sh", "-c", "id", NULL};
    char* const none[] = {NULL};
    return say_result(e->out, execve("/bin/sh", words, none));
}
static bh_status try_mount(const exchange* e) { return say_result(e->out, syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, "")); }
static bh_status try_namespace(const exchange* e) { return say_result(e->out, syscall(SYS_unshare, 0x10000000)); }
static bh_status try_bpf(const exchange* e) { return say_result(e->out, syscall(SYS_bpf, 0, 0, 0)); }
static bh_status try_uring(const exchange* e) { return say_result(e->out, syscall(SYS_io_uring_setup, 8, 0)); }
static bh_status try_kill_all(const exchange* e) { return say_result(e->out, kill(-1, SIGKILL)); }
static bh_status try_fastopen(const exchange* e) { return say_result(e->out, sendto(0, "x", 1, MSG_FASTOPEN, NULL, 0)); }

static bh_status fork_bomb(const exchange* e) {
    char text[64];
    int made = 0;
    for (int i = 0; i < 1000; ++i) {
        const pid_t pid = fork();
        if (pid == 0) for (;;) pause();
        if (pid > 0) ++made;
    }
    snprintf(text, sizeof text, "%d", made);
    return say(e->out, text);
}
/* "TARGET PATH" */
static bh_status lay_link(const exchange* e) {
    char target[256], path[256];
    if (sscanf(request_text(e), "%255s %255s", target, path) != 2) return BH_E_INVALID;
    return say_result(e->out, symlink(target, path));
}
static bh_status open_up(const exchange* e) { return say_result(e->out, chmod(request_text(e), 0660)); }

static void* wait_for_ever(void* ignored) {
    while (ignored == NULL) pause();
    return ignored;
}
static bh_status thread_bomb(const exchange* e) {
    char text[64];
    int made = 0;
    pthread_t thread;
    while (made < 10000 && pthread_create(&thread, NULL, wait_for_ever, NULL) == 0) ++made;
    snprintf(text, sizeof text, "%d", made);
    return say(e->out, text);
}
static bh_status eat_memory(const exchange* e) {
    const size_t step = (size_t)8 << 20;
    for (int i = 0; i < 256; ++i) {
        void* block = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) return say(e->out, "refused");
        memset(block, 1, step);
    }
    return say(e->out, "2 GiB");
}
static bh_status eat_shared_memory(const exchange* e) {
    const size_t step = (size_t)8 << 20;
    for (int i = 0; i < 256; ++i) {
        void* block = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) return say(e->out, "refused");
        memset(block, 1, step);
    }
    return say(e->out, "2 GiB");
}
static bh_status eat_memory_files(const exchange* e) {
    static char block[1 << 20];
    const int fd = (int)syscall(SYS_memfd_create, "x", 0);
    for (int i = 0; i < 2048; ++i)
        if (fd < 0 || write(fd, block, sizeof block) < 0) return say(e->out, "refused");
    return say(e->out, "2 GiB");
}
static bh_status fill_disk(const exchange* e) {
    static char block[1 << 20];
    char text[64];
    long long written = 0;
    const int fd = open("/tmp/fill", O_WRONLY | O_CREAT, 0600);
    for (ssize_t size; fd >= 0 && (size = write(fd, block, sizeof block)) > 0;) written += size;
    snprintf(text, sizeof text, "%lld %s", written, strerror(errno));
    close(fd);
    return say(e->out, text);
}

/* How a bad one ends. Not raise(): the first process of a namespace does not hear it. */
static int* volatile nowhere;
static bh_status crash(const exchange* e) {
    (void)e;
    *nowhere = 1;
    return BH_OK;
}
static bh_status save_and_crash(const exchange* e) {
    const bh_status status = e->call->save(e->call, e->request, e->err);
    if (status != BH_OK) return status;
    return crash(e);
}
static bh_status leave(const exchange* e) { exit((int)e->request.len + 3); }
static bh_status give_up(const exchange* e) {
    if (e->call != NULL) abort();
    return BH_E_INTERNAL;
}
static bh_status hang(const exchange* e) {
    while (e->call != NULL) pause();
    return BH_E_INTERNAL;
}
static bh_status babble(const exchange* e) {
    char noise[64];
    memset(noise, 0xee, sizeof noise);
    for (int fd = 3; fd < 64; ++fd)
        if (send(fd, noise, sizeof noise, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) continue;
    return hang(e);
}
static bh_status talk_for_ever(const exchange* e) {
    const bh_svc_log* log = service(BH_SVC_LOG);
    const bh_str text = {"again", 5}, none = {NULL, 0};
    while (e->call != NULL) log->write(the_instance.kernel, BH_LOG_INFO, none, text);
    return BH_E_INTERNAL;
}
static bh_status bad_text(const exchange* e) {
    strcpy(e->err->reason, "a\xff\nb");
    strcpy(e->err->message, "escape \x1b[2J and \xed\xa0\x80");
    return BH_E_BUSY;
}

const act hostile_acts[] = {
    {"read", try_read}, {"write", try_write}, {"create", try_create}, {"rename", try_rename}, {"socket", try_socket},
    {"unix", try_unix_socket}, {"connect", try_connect}, {"ptrace", try_ptrace}, {"fork", try_fork},
    {"shell", try_shell}, {"mount", try_mount}, {"namespace", try_namespace}, {"bpf", try_bpf}, {"uring", try_uring},
    {"kill-all", try_kill_all}, {"fastopen", try_fastopen}, {"threads", thread_bomb}, {"memory", eat_memory},
    {"memory-shared", eat_shared_memory}, {"memory-files", eat_memory_files}, {"disk", fill_disk},
    {"forks", fork_bomb}, {"link", lay_link}, {"chmod", open_up}, {"crash", crash}, {"save-crash", save_and_crash},
    {"exit", leave}, {"abort", give_up}, {"hang", hang}, {"babble", babble}, {"talk", talk_for_ever},
    {"bad-text", bad_text}, {NULL, NULL}};
