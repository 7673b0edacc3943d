/* A plugin that does what it is told, good or bad: guest_exchange(vm = "what", request) does it and answers in a
 * sentence. In C, against the headers alone. Its verbs besides are the smallest that there are. */
#define _GNU_SOURCE
#include <blockhost/blockhost.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
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

struct bh_instance {
    const bh_kernel* kernel;
};
static struct bh_instance the_instance;

typedef struct {
    const bh_call* call;
    bh_bytes request;
    bh_sink out;
    bh_error* err;
} exchange;

static bh_status say(bh_sink out, const char* text) { return out.write(out.ctx, text, strlen(text)); }
static bh_status say_result(bh_sink out, long result) {
    return say(out, result >= 0 ? "allowed" : errno == EPERM ? "EPERM" : strerror(errno));
}
static const void* service(const char* id) { return the_instance.kernel->service(the_instance.kernel, id); }
static const char* request_text(const exchange* e) {
    static _Thread_local char text[512];
    size_t size = e->request.len < sizeof text - 1 ? e->request.len : sizeof text - 1;
    if (size != 0) memcpy(text, e->request.ptr, size);
    text[size] = '\0';
    return text;
}
/* The request's text into `out`, which holds `size` bytes; 0: it is too long. */
static int copy_request(const exchange* e, char* out, size_t size) {
    const char* text = request_text(e);
    const size_t length = strlen(text);
    if (length >= size) return 0;
    memcpy(out, text, length + 1);
    return 1;
}

/* What a hostile plugin tries. */
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
/* request: how often; "" is without end, on a thread of its own, as fast as it goes. */
static void* wake_for_ever(void* none) {
    const bh_svc_wake* wake = service(BH_SVC_WAKE);
    while (none == NULL) wake->poll_now(the_instance.kernel);
    return NULL;
}
static bh_status use_wake(const exchange* e) {
    const bh_svc_wake* wake = service(BH_SVC_WAKE);
    pthread_t thread;
    if (wake == NULL) return say(e->out, "no service");
    if (e->request.len == 0) {
        if (pthread_create(&thread, NULL, wake_for_ever, NULL) != 0) return BH_E_INTERNAL;
        pthread_detach(thread);
        return say(e->out, "for ever");
    }
    for (int left = atoi(request_text(e)); left > 0; --left) wake->poll_now(the_instance.kernel);
    return say(e->out, "woken");
}
static bh_status bad_text(const exchange* e) {
    strcpy(e->err->reason, "a\xff\nb");
    strcpy(e->err->message, "escape \x1b[2J and \xed\xa0\x80");
    return BH_E_BUSY;
}

/* What a good one uses. */
static bh_status echo(const exchange* e) { return e->out.write(e->out.ctx, e->request.ptr, e->request.len); }
static bh_status use_store(const exchange* e) {
    const bh_svc_store* store = service(BH_SVC_STORE);
    const bh_str keys[2] = {{"a/1", 3}, {"a/2", 3}}, prefix = {"a/", 2}, none = {NULL, 0};
    const bh_bytes values[2] = {e->request, {(const uint8_t*)"two", 3}};
    bh_status status = store->put(the_instance.kernel, keys, values, 2, e->err);
    if (status == BH_OK) status = store->get(the_instance.kernel, keys[0], e->out, e->err);
    if (status == BH_OK) status = store->list(the_instance.kernel, prefix, none, e->out, e->err);
    return status;
}
/* Sets what the lines "key=value" of the request say, all at once; "key=" removes. */
static bh_status put_rows(const exchange* e) {
    const bh_svc_store* store = service(BH_SVC_STORE);
    bh_str keys[8];
    bh_bytes values[8];
    uint32_t count = 0;
    const char *at = (const char*)e->request.ptr, *end = at + e->request.len;
    while (at < end && count < 8) {
        const char* line = memchr(at, '\n', (size_t)(end - at));
        const char* stop = line != NULL ? line : end;
        const char* is = memchr(at, '=', (size_t)(stop - at));
        if (is == NULL) return BH_E_INVALID;
        keys[count].ptr = at, keys[count].len = (size_t)(is - at);
        values[count].ptr = (const uint8_t*)is + 1, values[count].len = (size_t)(stop - is - 1);
        ++count;
        at = stop + 1;
    }
    return store->put(the_instance.kernel, keys, values, count, e->err);
}
static bh_status get_row(const exchange* e) {
    const bh_svc_store* store = service(BH_SVC_STORE);
    const bh_str key = {(const char*)e->request.ptr, e->request.len};
    return store->get(the_instance.kernel, key, e->out, e->err);
}
static bh_status list_rows(const exchange* e) {
    const bh_svc_store* store = service(BH_SVC_STORE);
    const bh_str prefix = {(const char*)e->request.ptr, e->request.len}, none = {NULL, 0};
    return store->list(the_instance.kernel, prefix, none, e->out, e->err);
}
static bh_status keep_length(void* user, bh_bytes secret) {
    char* text = user;
    snprintf(text, 64, "%zu:%.*s", secret.len, (int)secret.len, (const char*)secret.ptr);
    return BH_OK;
}
static bh_status use_secret(const exchange* e) {
    char text[64] = "";
    const bh_svc_secrets* secrets = service(BH_SVC_SECRETS);
    if (secrets == NULL) return say(e->out, "no service");
    const bh_status status = secrets->with(the_instance.kernel, request_text(e), keep_length, text, e->err);
    return status == BH_OK ? say(e->out, text) : status;
}
static bh_status count_only(void* user, bh_bytes secret) {
    *(size_t*)user = secret.len;
    return BH_OK;
}
/* As a good plugin: no copy. */
static bh_status borrow_secret(const exchange* e) {
    char text[32];
    size_t length = 0;
    const bh_svc_secrets* secrets = service(BH_SVC_SECRETS);
    if (secrets == NULL) return say(e->out, "no service");
    const bh_status status = secrets->with(the_instance.kernel, request_text(e), count_only, &length, e->err);
    if (status != BH_OK) return status;
    snprintf(text, sizeof text, "%zu", length);
    return say(e->out, text);
}
static char kept_secret[64];
static bh_status keep_secret(const exchange* e) {
    const bh_svc_secrets* secrets = service(BH_SVC_SECRETS);
    if (secrets == NULL) return say(e->out, "no service");
    const bh_status status = secrets->with(the_instance.kernel, request_text(e), keep_length, kept_secret, e->err);
    return status == BH_OK ? say(e->out, "kept") : status;
}
static bh_status use_signer(const exchange* e) {
    const bh_svc_signer* signer = service(BH_SVC_SIGNER);
    if (signer == NULL) return say(e->out, "no service");
    return signer->sign(the_instance.kernel, request_text(e), "eip1559-tx", e->request, e->out, e->err);
}
static bh_status sign_payload(const exchange* e) {
    const bh_svc_signer* signer = service(BH_SVC_SIGNER);
    if (signer == NULL) return say(e->out, "no service");
    return signer->sign(the_instance.kernel, "agent", "eip1559-tx", e->request, e->out, e->err);
}
/* request: "host port": connects, sends "ping", answers what comes back and how the descriptor is set up. */
static bh_status use_connect(const exchange* e) {
    char host[256] = "", text[64], answer[8] = "";
    unsigned port = 0;
    int32_t fd = -1;
    const bh_svc_connect* service_connect = service(BH_SVC_CONNECT);
    if (service_connect == NULL) return say(e->out, "no service");
    if (sscanf(request_text(e), "%255s %u", host, &port) != 2) return BH_E_INVALID;
    const bh_str name = {host, strlen(host)};
    const bh_status status =
        service_connect->tcp(the_instance.kernel, name, (uint16_t)port, e->call->deadline_ns, &fd, e->err);
    if (status != BH_OK) return status;
    struct pollfd ready = {fd, POLLIN, 0};
    ssize_t got = -1;
    if (send(fd, "ping", 4, MSG_NOSIGNAL) == 4 && poll(&ready, 1, 5000) == 1) got = recv(fd, answer, sizeof answer - 1, 0);
    snprintf(text, sizeof text, "%s%s%s", got > 0 ? answer : "nothing",
             (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? " cloexec" : "",
             (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 ? " nonblock" : "");
    close(fd);
    return say(e->out, text);
}
/* The same, and then the socket is led elsewhere: to the port that follows. */
static bh_status reuse_connection(const exchange* e) {
    unsigned port = 0, other = 0;
    int32_t fd = -1;
    const bh_svc_connect* service_connect = service(BH_SVC_CONNECT);
    if (service_connect == NULL) return say(e->out, "no service");
    if (sscanf(request_text(e), "%u %u", &port, &other) != 2) return BH_E_INVALID;
    const bh_str name = {"127.0.0.1", 9};
    const bh_status status =
        service_connect->tcp(the_instance.kernel, name, (uint16_t)port, e->call->deadline_ns, &fd, e->err);
    if (status != BH_OK) return status;
    struct sockaddr_in address = {AF_INET, htons((uint16_t)other), {htonl(INADDR_LOOPBACK)}, {0}};
    const struct sockaddr nowhere = {AF_UNSPEC, {0}};
    const int first = connect(fd, &nowhere, sizeof nowhere), first_errno = errno;
    const int second = connect(fd, (struct sockaddr*)&address, sizeof address);
    const int last_errno = errno;
    close(fd);
    if (first == 0 || second == 0) return say(e->out, "allowed");
    return say(e->out, first_errno == EPERM && last_errno == EPERM ? "EPERM" : "another error");
}
static void* connect_elsewhere(void* user) {
    const exchange* e = user;
    int32_t fd = -1;
    const bh_svc_connect* service_connect = service(BH_SVC_CONNECT);
    const bh_str name = {"127.0.0.1", 9};
    bh_error err = {.struct_size = sizeof err};
    unsigned port = 0;
    if (service_connect != NULL && sscanf(request_text(e), "%u", &port) == 1 &&
        service_connect->tcp(the_instance.kernel, name, (uint16_t)port, 0, &fd, &err) == BH_OK)
        close(fd);
    return NULL;
}
/* A thread of the plugin's own waits for a connection; the verb does not. */
static bh_status connect_in_thread(const exchange* e) {
    static exchange kept;
    static char port[16];
    pthread_t thread;
    if (!copy_request(e, port, sizeof port)) return BH_E_INVALID;
    kept = *e;
    kept.request.ptr = (const uint8_t*)port;
    kept.request.len = strlen(port);
    if (pthread_create(&thread, NULL, connect_elsewhere, &kept) != 0) return BH_E_INTERNAL;
    pthread_detach(thread);
    return say(e->out, "started");
}
/* Reads the contract that the request names, follows its logs, and calls it, of the chain "broker". */
static bh_status use_chain(const exchange* e) {
    char text[600];
    const bh_svc_chain* chain = service(BH_SVC_CHAIN);
    const bh_str none = {NULL, 0};
    if (chain == NULL) return say(e->out, "no service");
    snprintf(text, sizeof text, "{\"contract\":\"%s\",\"data\":\"0x01\"}", request_text(e));
    const bh_str read = {text, strlen(text)};
    bh_status status = chain->read(the_instance.kernel, "broker", read, none, 2, e->out, e->err);
    if (status != BH_OK) return status;
    snprintf(text, sizeof text, "{\"contracts\":[\"%s\"]}", request_text(e));
    const bh_str filter = {text, strlen(text)}, cursor = {"c1", 2};
    status = chain->logs(the_instance.kernel, "broker", filter, cursor, 7, e->out, e->err);
    if (status != BH_OK) return status;
    snprintf(text, sizeof text, "{\"action\":\"call\",\"contract\":\"%s\",\"data\":\"0xa9059cbb\"}", request_text(e));
    const bh_str intent = {text, strlen(text)};
    return chain->submit(the_instance.kernel, e->call, "broker", "step", intent, e->out, e->err);
}
static bh_status use_launch(const exchange* e) {
    const bh_svc_launch* launch = service(BH_SVC_LAUNCH);
    if (launch == NULL) return say(e->out, "no service");
    const int32_t fd = open("/tmp/passed", O_RDWR | O_CREAT, 0600);
    const bh_str unit = {"unit", 4}, spec = {(const char*)e->request.ptr, e->request.len};
    const bh_status status = launch->start(the_instance.kernel, unit, spec, &fd, 1, e->out, e->err);
    close(fd);
    return status;
}
/* The request is a unit-spec.json or a run.json. */
static bh_status launch_unit(const exchange* e) {
    const bh_svc_launch* launch = service(BH_SVC_LAUNCH);
    const bh_str unit = e->call->op_id, spec = {(const char*)e->request.ptr, e->request.len};
    return launch->start(the_instance.kernel, unit, spec, NULL, 0, e->out, e->err);
}
static bh_status unit_status(const exchange* e) {
    const bh_svc_launch* launch = service(BH_SVC_LAUNCH);
    return launch->status(the_instance.kernel, e->call->op_id, e->out, e->err);
}
static bh_status signal_unit(const exchange* e) {
    const bh_svc_launch* launch = service(BH_SVC_LAUNCH);
    return launch->signal(the_instance.kernel, e->call->op_id, atoi(request_text(e)), e->err);
}
static bh_status list_units(const exchange* e) {
    const bh_svc_launch* launch = service(BH_SVC_LAUNCH);
    const bh_str none = {NULL, 0};
    return launch->list(the_instance.kernel, none, e->out, e->err);
}
static bh_status run_tool(const exchange* e) {
    const bh_svc_launch* launch = service(BH_SVC_LAUNCH);
    const bh_str request = {(const char*)e->request.ptr, e->request.len};
    return launch->run(the_instance.kernel, request, e->call->deadline_ns, e->out, e->err);
}
static bh_status say_context(const exchange* e) {
    char text[512];
    snprintf(text, sizeof text, "%.*s/%u/%.*s/%zu", (int)e->call->op_id.len, e->call->op_id.ptr, e->call->attempt,
             (int)e->call->trace_id.len, e->call->trace_id.ptr, e->call->checkpoint.len);
    return say(e->out, text);
}
static bh_status wait_for_stop(const exchange* e) {
    char text[32];
    struct pollfd stop = {e->call->cancel_fd, POLLIN, 0};
    if (e->call->cancelled(e->call)) return say(e->out, "too early");
    if (poll(&stop, 1, 20000) != 1 || !e->call->cancelled(e->call)) return say(e->out, "never told");
    snprintf(text, sizeof text, "reason %u", e->call->cancel_reason(e->call));
    return say(e->out, text);
}
static void* log_elsewhere(void* user) {
    const bh_svc_log* log = service(BH_SVC_LOG);
    const bh_str text = {"from a thread", 13}, none = {NULL, 0};
    log->write(the_instance.kernel, BH_LOG_WARN, none, text);
    const bh_svc_store* store = service(BH_SVC_STORE);
    const bh_str key = {"thread", 6};
    const bh_bytes value = {(const uint8_t*)"1", 1};
    bh_error err = {.struct_size = sizeof err};
    *(bh_status*)user = store->put(the_instance.kernel, &key, &value, 1, &err);
    return NULL;
}
static bh_status use_thread(const exchange* e) {
    pthread_t thread;
    bh_status status = BH_E_INTERNAL;
    if (pthread_create(&thread, NULL, log_elsewhere, &status) != 0) return BH_E_INTERNAL;
    pthread_join(thread, NULL);
    return status == BH_OK ? say(e->out, "ok") : status;
}
static bh_status say_much(const exchange* e) {
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    for (bh_status status = BH_OK; status == BH_OK;) {
        status = e->out.write(e->out.ctx, block, sizeof block);
        if (status != BH_OK) return status;
    }
    return BH_OK;
}

static const struct {
    const char* name;
    bh_status (*act)(const exchange* e);
} acts[] = {{"read", try_read}, {"write", try_write}, {"create", try_create}, {"rename", try_rename}, {"socket", try_socket}, {"unix", try_unix_socket},
            {"connect", try_connect}, {"ptrace", try_ptrace}, {"fork", try_fork}, {"shell", try_shell},
            {"mount", try_mount}, {"namespace", try_namespace}, {"bpf", try_bpf}, {"uring", try_uring},
            {"kill-all", try_kill_all}, {"fastopen", try_fastopen}, {"threads", thread_bomb}, {"memory", eat_memory},
            {"memory-shared", eat_shared_memory}, {"memory-files", eat_memory_files},
            {"disk", fill_disk}, {"forks", fork_bomb}, {"link", lay_link}, {"chmod", open_up},
            {"sign-payload", sign_payload}, {"unit", launch_unit}, {"run", run_tool}, {"crash", crash}, {"save-crash", save_and_crash}, {"exit", leave}, {"abort", give_up},
            {"hang", hang}, {"babble", babble}, {"talk", talk_for_ever}, {"bad-text", bad_text}, {"echo", echo}, {"wake", use_wake},
            {"put", put_rows}, {"get", get_row}, {"list", list_rows}, {"unit-status", unit_status},
            {"unit-signal", signal_unit}, {"units", list_units}, {"store", use_store}, {"secret", use_secret}, {"sign", use_signer}, {"launch", use_launch},
            {"chain", use_chain}, {"borrow", borrow_secret}, {"keep", keep_secret}, {"tcp", use_connect}, {"reuse", reuse_connection}, {"tcp-thread", connect_in_thread},
            {"context", say_context}, {"stop", wait_for_stop}, {"thread", use_thread}, {"much", say_much}};

static bh_status guest_exchange(bh_instance* self, const bh_call* call, bh_str vm, bh_bytes request, bh_sink answer,
                                bh_error* err) {
    (void)self;
    const exchange e = {call, request, answer, err};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; ++i)
        if (vm.len == strlen(acts[i].name) && memcmp(vm.ptr, acts[i].name, vm.len) == 0) return acts[i].act(&e);
    return BH_E_INVALID;
}

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return say(out, "{\"net_filter\":\"kernel\",\"volume_kinds\":[\"file\"]}");
}
static bh_status vm_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out, bh_error* err) {
    (void)self, (void)call, (void)spec, (void)out, (void)err;
    return BH_E_UNSUPPORTED;
}
static bh_status vm_destroy(bh_instance* self, const bh_call* call, bh_str vm, bh_error* err) {
    (void)self, (void)call, (void)vm, (void)err;
    return BH_OK;
}
static bh_status vm_power(bh_instance* self, const bh_call* call, bh_str vm, uint32_t action, bh_error* err) {
    (void)self, (void)call, (void)vm, (void)err;
    return action == BH_POWER_START ? BH_OK : BH_E_UNSUPPORTED;
}
static bh_status vm_get(bh_instance* self, bh_str vm, bh_sink out, bh_error* err) {
    (void)self, (void)vm, (void)out, (void)err;
    return BH_E_NOT_FOUND;
}
static bh_status vm_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    (void)self, (void)page, (void)err;
    return say(out, "{\"vms\":[],\"next\":\"\"}");
}
static bh_status vm_stats(bh_instance* self, bh_str vm, bh_vm_stats* out, bh_error* err) {
    (void)self, (void)err;
    out->state = BH_VM_RUNNING;
    out->uptime_s = (int64_t)vm.len;
    out->cpu_ns = 42;
    out->memory_used_bytes = out->disk_read_bytes = out->disk_write_bytes = out->net_rx_bytes = out->net_tx_bytes = -1;
    return BH_OK;
}

static const bh_hypervisor hypervisor = {sizeof(bh_hypervisor), 0,        describe, vm_create, vm_destroy,
                                         vm_power,              vm_get,   vm_list,  vm_stats};
static const bh_hypervisor_guest guest = {sizeof(bh_hypervisor_guest), 0, guest_exchange};

static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings, bh_error* err) {
    (void)kernel, (void)config, (void)deadline_ns, (void)err;
    return say(findings, "{\"findings\":[]}");
}
static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    if (config.len >= 15 && memcmp(config.ptr, "{\"fail\":\"crash\"", 15) == 0) raise(SIGSEGV), abort();
    if (config.len >= 9 && memcmp(config.ptr, "{\"fail\":\"", 9) == 0) {
        strcpy(err->reason, "told_to");
        strcpy(err->message, "the configuration says so");
        return BH_E_UNAVAILABLE;
    }
    the_instance.kernel = kernel;
    *out = &the_instance;
    return BH_OK;
}
static bh_status quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err) {
    (void)self, (void)deadline_ns, (void)err;
    return BH_OK;
}
static void destroy(bh_instance* self) { (void)self; }
static bh_status health(bh_instance* self, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return say(out, "{}");
}
static const void* query(const char* id) {
    if (strcmp(id, BH_HYPERVISOR) == 0) return &hypervisor;
    return strcmp(id, BH_HYPERVISOR_GUEST) == 0 ? &guest : NULL;
}
static const bh_plugin plugin = {sizeof(bh_plugin), BH_ABI_MINOR, BH_ABI_DRAFT, 0, {"org.blockhost.probe", 19},
                                 {"0.1.0", 5}, check, create, quiesce, destroy, health, query};

const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err) {
    (void)args, (void)err;
    return &plugin;
}
