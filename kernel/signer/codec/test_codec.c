/* A codec for tests, good and bad. Payload "say", LF, an intent, LF, a preimage: says just that, true or not. Another
 * payload: misbehaves as it says. */
#define _GNU_SOURCE
#include <blockhost/blockhost.h>
#include <blockhost/codec.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int is(bh_bytes payload, const char* word) {
    return payload.len == strlen(word) && memcmp(payload.ptr, word, payload.len) == 0;
}

/* Answers as if all were well, if it gets that far. */
static bh_status pretend(bh_sink intent, bh_sink preimage) {
    static const char text[] =
        "{\"args\":{},\"chain\":\"bhledger:demo\",\"contract\":\"shop-1\",\"fee\":\"0\",\"function\":\"close\","
        "\"nonce\":\"0\",\"value\":\"0\"}";
    intent.write(intent.ctx, text, sizeof text - 1);
    return preimage.write(preimage.ctx, "x", 1);
}

/* Not raise(): the first process of a namespace does not hear it. */
static int* volatile nowhere;

static bh_status misbehave(bh_bytes payload, bh_sink intent, bh_sink preimage) {
    if (is(payload, "crash")) *nowhere = 1;
    if (is(payload, "hang"))
        for (;;) pause();
    if (is(payload, "spin"))
        for (volatile unsigned i = 0;; ++i) continue;
    if (is(payload, "exit")) exit(0);
    if (is(payload, "socket")) socket(AF_INET, SOCK_STREAM, 0);
    if (is(payload, "fork")) fork();
    if (is(payload, "file") && open("/etc/passwd", O_RDONLY) < 0) return BH_E_INVALID;
    if (is(payload, "environment") && environ != NULL && environ[0] != NULL) return BH_E_INVALID;
    if (is(payload, "memory"))
        for (int i = 0; i < 512; ++i) {
            void* block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (block == MAP_FAILED) return BH_E_EXHAUSTED;
            memset(block, 1, 1 << 20);
        }
    if (is(payload, "babble"))
        for (int fd = 3; fd < 16; ++fd)
            if (send(fd, "garbage, and more than a header", 31, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) continue;
    if (is(payload, "none")) return BH_OK;
    if (is(payload, "large")) {
        static char block[1 << 15];
        pretend(intent, preimage);
        for (int i = 0; i < 3; ++i) preimage.write(preimage.ctx, block, sizeof block);
        return BH_OK;
    }
    return pretend(intent, preimage);
}

static bh_status decode(bh_str scheme, bh_bytes payload, bh_sink intent, bh_sink preimage, bh_error* err) {
    const char* text = (const char*)payload.ptr;
    if (is(payload, "scheme")) {
        snprintf(err->message, sizeof err->message, "asked for %.*s \x1b[2J", (int)scheme.len, scheme.ptr);
        strcpy(err->reason, "told_to");
        return BH_E_INVALID;
    }
    if (payload.len < 4 || memcmp(text, "say\n", 4) != 0) return misbehave(payload, intent, preimage);
    const char* end = memchr(text + 4, '\n', payload.len - 4);
    if (end == NULL) return BH_E_INVALID;
    bh_status status = intent.write(intent.ctx, text + 4, (size_t)(end - text - 4));
    if (status == BH_OK) status = preimage.write(preimage.ctx, end + 1, payload.len - (size_t)(end + 1 - text));
    return status;
}
static const bh_codec codec = {sizeof(bh_codec), 0, decode};

/* The rest of a plugin: never called for a codec. */
static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings, bh_error* err) {
    (void)kernel, (void)config, (void)deadline_ns, (void)err;
    return findings.write(findings.ctx, "{\"findings\":[]}", 15);
}
static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    (void)kernel, (void)config, (void)out, (void)err;
    return BH_E_UNSUPPORTED;
}
static bh_status quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err) {
    (void)self, (void)deadline_ns, (void)err;
    return BH_OK;
}
static void destroy(bh_instance* self) { (void)self; }
static bh_status health(bh_instance* self, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return out.write(out.ctx, "{}", 2);
}
static const void* query(const char* id) { return strcmp(id, BH_CODEC) == 0 ? &codec : NULL; }
static const bh_plugin plugin = {sizeof(bh_plugin), BH_ABI_MINOR, BH_ABI_DRAFT, 0, {"org.blockhost.test-codec", 24},
                                 {"0.1.0", 5}, check, create, quiesce, destroy, health, query};

const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err) {
    (void)args, (void)err;
    return &plugin;
}
