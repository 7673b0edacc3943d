/* What a good plugin uses. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

const act service_acts[] = {
    {"sign-payload", sign_payload}, {"unit", launch_unit}, {"run", run_tool}, {"echo", echo}, {"wake", use_wake},
    {"put", put_rows}, {"get", get_row}, {"list", list_rows}, {"unit-status", unit_status},
    {"unit-signal", signal_unit}, {"units", list_units}, {"store", use_store}, {"secret", use_secret},
    {"sign", use_signer}, {"launch", use_launch}, {"chain", use_chain}, {"borrow", borrow_secret},
    {"keep", keep_secret}, {"tcp", use_connect}, {"reuse", reuse_connection}, {"tcp-thread", connect_in_thread},
    {"context", say_context}, {"stop", wait_for_stop}, {"thread", use_thread}, {"much", say_much}, {NULL, NULL}};
