/* A storage in C: volumes are sparse raw files in a directory. README.md walks through it, store.h says which. */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

bh_status file_failed(bh_error* err, const char* what) {
    char message[256];
    const int error = errno;
    snprintf(message, sizeof message, "%s: %s", what, strerror(error));
    return bhc_fail(err, error == ENOSPC || error == EDQUOT ? BH_E_EXHAUSTED : BH_E_UNAVAILABLE, "file", message);
}

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    static const char text[] = "{\"volume_kinds\":[\"file\"],\"features\":[\"grow\",\"clone\"]}";
    const bh_status status = bhc_enter(&self->gate, err);
    return status != BH_OK ? status : bhc_leave(&self->gate, bhc_put(out, text));
}

static bh_status pools(bh_instance* self, bh_sink out, bh_error* err) {
    struct statvfs space;
    bhc_text text = {NULL, 0, 0, 0};
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    if (statvfs(self->root, &space) != 0)
        return bhc_leave(&self->gate, file_failed(err, "the pool can't be looked at"));
    bhc_add(&text, "{\"pools\":[{\"id\":\"store\",\"path\":\"%s\",\"size_bytes\":%llu,\"free_bytes\":%llu}]}",
            self->root, (unsigned long long)space.f_blocks * space.f_frsize,
            (unsigned long long)space.f_bavail * space.f_frsize);
    status = bhc_give(out, &text, err);
    return bhc_leave(&self->gate, status);
}

/* A path goes into documents as it is, so that it holds nothing that JSON would escape. */
static bh_status read_root(bh_str config, char (*root)[ROOT_SIZE], bh_error* err) {
    if (!json_text(json_get(json_parse(config.ptr, config.len), "path"), *root, sizeof *root) || (*root)[0] != '/')
        return bhc_fail(err, BH_E_INVALID, "path", "/path: must be an absolute path of less than 512 bytes");
    for (const char* c = *root; *c != '\0'; ++c)
        if (*c < 0x20 || *c == 0x7f || *c == '"' || *c == '\\')
            return bhc_fail(err, BH_E_INVALID, "path", "/path: must be of printable ASCII without \" and \\");
    return BH_OK;
}

/* The folder itself, or the nearest above it that there is: it can be written then. */
static int can_be_made(char (*path)[ROOT_SIZE]) {
    struct stat found;
    while (stat(*path, &found) != 0 && errno == ENOENT) {
        char* slash = strrchr(*path, '/');
        if (slash == *path || slash == NULL) return 0;
        *slash = '\0';
    }
    return access(*path, W_OK | X_OK) == 0 && S_ISDIR(found.st_mode);
}

static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings, bh_error* err) {
    static const char bad[] =
        "{\"findings\":[{\"field\":\"/path\",\"severity\":\"error\",\"message\":"
        "\"is no directory that can be written, and can't become one\",\"remedy\":\"name another one\"}]}";
    char root[ROOT_SIZE];
    (void)kernel, (void)deadline_ns;
    const bh_status status = read_root(config, &root, err);
    if (status != BH_OK) return status;
    return bhc_put(findings, can_be_made(&root) ? "{\"findings\":[]}" : bad);
}

static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    static const char* const folders[] = {"", "volumes", "images"};
    char path[PATH_SIZE];
    bh_instance* self = (bh_instance*)calloc(1, sizeof *self);
    if (self == NULL) return bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory");
    self->kernel = kernel;
    self->launch = (const bh_svc_launch*)kernel->service(kernel, BH_SVC_LAUNCH);
    bh_status status = read_root(config, &self->root, err);
    if (status == BH_OK && self->launch == NULL)
        status = bhc_fail(err, BH_E_DENIED, "not_granted", "the service bh.svc.launch/1 is not granted");
    for (size_t i = 0; status == BH_OK && i < sizeof folders / sizeof *folders; ++i) {
        path_of(self->root, folders[i], "", "", &path);
        if (mkdir(path, 0770) != 0 && errno != EEXIST) status = file_failed(err, "/path: a folder can't be made");
    }
    if (status != BH_OK) {
        free(self);
        return status;
    }
    bhc_gate_open(&self->gate);
    *out = self;
    return BH_OK;
}

static const bh_storage storage = {
    sizeof storage, 0, describe, pools, image_import, volume_create, volume_resize, volume_delete, volume_list};

static const void* query(const char* id) { return strcmp(id, BH_STORAGE) == 0 ? &storage : NULL; }

static const bh_plugin plugin = {
    sizeof plugin,     BH_ABI_MINOR, BH_ABI_DRAFT, 0,           BHC_TEXT("org.example.image-store"),
    BHC_TEXT("1.0.0"), check,        create,       bhc_quiesce, bhc_destroy,
    bhc_healthy,       query};

BHC_ENTRY(plugin)
