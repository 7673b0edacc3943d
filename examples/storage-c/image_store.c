/* A storage in C: volumes are sparse raw files in a directory. README.md walks through it.
 *
 * PATH/volumes/ID.raw     the volume
 * PATH/volumes/ID.spec    "SIZE\nSPEC": its size in bytes, and the specification as it came; written last, so that what
 * it tells of is whole PATH/images/HEX.raw     an image, by its SHA-256; renamed into place when its digest was found
 * right */
#include "bhc.h"
#include "files.h"
#include "json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MAX_SPEC = 1 << 20, HEX_SIZE = 64 };

struct bh_instance {
    bhc_gate gate; /* first, for bhc_quiesce(); a volume is looked for and made by one verb at a time */
    const bh_kernel* kernel;
    const bh_svc_launch* launch;
    char root[ROOT_SIZE];
};

static bh_status failed(bh_error* err, const char* what) {
    char message[256];
    const int error = errno;
    snprintf(message, sizeof message, "%s: %s", what, strerror(error));
    return bhc_fail(err, error == ENOSPC || error == EDQUOT ? BH_E_EXHAUSTED : BH_E_UNAVAILABLE, "file", message);
}

/* ---- volumes ---- */

typedef struct volume {
    char id[BHC_ID_SIZE];
    uint64_t size;
    bhc_text text; /* the record's */
    const char* spec;
} volume;

/* BH_E_NOT_FOUND: there is none, or `id` can be none. The caller frees out->text. */
static bh_status read_volume(const bh_instance* self, const char* id, volume* out, bh_error* err) {
    static const char none[] = "there is no volume of that id";
    char path[PATH_SIZE];
    const bhc_text empty = {NULL, 0, 0, 0};
    out->text = empty;
    if (!bhc_is_id(id, strlen(id))) return bhc_fail(err, BH_E_NOT_FOUND, "no_volume", none);
    path_of(self->root, "volumes", id, ".spec", &path);
    FILE* file = fopen(path, "re");
    if (file == NULL && errno == ENOENT) return bhc_fail(err, BH_E_NOT_FOUND, "no_volume", none);
    if (file == NULL) return failed(err, "a volume's record can't be read");
    char* text = (char*)calloc(1, MAX_SPEC + 64);
    const size_t size = text != NULL ? fread(text, 1, MAX_SPEC + 63, file) : 0;
    fclose(file);
    char* end = text != NULL ? strchr(text, '\n') : NULL;
    if (end == NULL || !json_is_object(json_parse(end + 1, size - (size_t)(end + 1 - text)))) {
        free(text);
        return bhc_fail(err, BH_E_CORRUPT, "record", "the record of a volume is damaged");
    }
    snprintf(out->id, sizeof out->id, "%s", id);
    out->size = strtoull(text, NULL, 10);
    out->text.data = text;
    out->text.size = size;
    out->spec = end + 1;
    return BH_OK;
}

static bh_status keep_volume(const bh_instance* self, const char* id, uint64_t size, const char* spec, size_t length,
                             bh_error* err) {
    char fresh[PATH_SIZE], line[32];
    const int fd = fresh_file(self->root, "volumes", id, &fresh);
    snprintf(line, sizeof line, "%llu\n", (unsigned long long)size);
    if (fd < 0) return failed(err, "a volume's record can't be made");
    if (write_all(fd, line, strlen(line)) != 0 || write_all(fd, spec, length) != 0) {
        const bh_status status = failed(err, "a volume's record can't be written");
        close(fd);
        return status;
    }
    return put_in_place(self->root, fd, fresh, "volumes", id, ".spec") == 0
               ? BH_OK
               : failed(err, "a volume's record can't be kept");
}

/* volume.json: the tags are those of the specification, passed on as they came. */
static void add_volume(bhc_text* to, const bh_instance* self, const char* id, uint64_t size, json_value spec) {
    const json_value tags = json_get(spec, "tags");
    bhc_add(to, "{\"volume\":\"%s\",\"created_by\":\"%s\",\"instance\":\"%.*s\",\"kind\":\"file\",\"format\":\"raw\"",
            id, id, (int)self->kernel->instance.len, self->kernel->instance.ptr);
    bhc_add(to, ",\"path\":\"%s/volumes/%s.raw\",\"size_bytes\":%llu%s%.*s}", self->root, id, (unsigned long long)size,
            tags.size != 0 ? ",\"tags\":" : "", (int)tags.size, tags.size != 0 ? tags.text : "");
}

/* The hex digits of a "sha256:..." under `key`; 0: it is something else. */
static int digest_of(json_value document, const char* key, char (*hex)[HEX_SIZE + 1]) {
    char text[HEX_SIZE + 8];
    if (!json_text(json_get(document, key), text, sizeof text) || strlen(text) != HEX_SIZE + 7) return 0;
    if (strncmp(text, "sha256:", 7) != 0 || strspn(text + 7, "0123456789abcdef") != HEX_SIZE) return 0;
    memcpy(*hex, text + 7, sizeof *hex);
    return 1;
}

/* The file under its final name, whole: an attempt that was killed left it under another name, or left it there, where
 * nobody uses it before its record is written. */
static bh_status make_disk(const bh_instance* self, const char* id, const char* hex, uint64_t size, bh_error* err) {
    char fresh[PATH_SIZE], image[PATH_SIZE];
    struct stat found;
    bh_status status = BH_OK;
    const int fd = fresh_file(self->root, "volumes", id, &fresh);
    if (fd < 0) return failed(err, "the volume can't be made");
    path_of(self->root, "images", hex, ".raw", &image);
    if (hex[0] != '\0' && copy_into(image, fd) != 0)
        status = failed(err, "the image can't be copied");
    else if (fstat(fd, &found) != 0 || (uint64_t)found.st_size > size)
        status = bhc_fail(err, BH_E_INVALID, "size_bytes", "/size_bytes: is less than the image has");
    else if (ftruncate(fd, (off_t)size) != 0)
        status = failed(err, "the volume can't have that size");
    if (status == BH_OK)
        return put_in_place(self->root, fd, fresh, "volumes", id, ".raw") == 0
                   ? BH_OK
                   : failed(err, "the volume can't be kept");
    close(fd);
    unlink(fresh);
    return status;
}

static bh_status make(const bh_instance* self, const bh_call* call, const char* id, json_value spec, uint64_t size,
                      bhc_text* answer, bh_error* err) {
    char hex[HEX_SIZE + 1] = "", path[PATH_SIZE];
    if (json_get(spec, "image_digest").size > 2 && !digest_of(spec, "image_digest", &hex))
        return bhc_fail(err, BH_E_INVALID, "digest", "/image_digest: must be sha256: and 64 hex digits");
    path_of(self->root, "images", hex, ".raw", &path);
    if (hex[0] != '\0' && access(path, R_OK) != 0)
        return bhc_fail(err, BH_E_NOT_FOUND, "image_missing", "the image is not imported: import it first");
    bh_status status = bhc_stopped(call, err);
    if (status != BH_OK) {
        /* What an earlier attempt may have left without a record; after a shutdown the work goes on with it. */
        path_of(self->root, "volumes", id, ".raw", &path);
        if (status != BH_E_INTERRUPTED) unlink(path);
        return status;
    }
    status = make_disk(self, id, hex, size, err);
    if (status == BH_OK) status = keep_volume(self, id, size, spec.text, spec.size, err);
    if (status == BH_OK) add_volume(answer, self, id, size, spec);
    return status;
}

/* ---- the verbs of bh.storage/1 ---- */

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
    if (statvfs(self->root, &space) != 0) return bhc_leave(&self->gate, failed(err, "the pool can't be looked at"));
    bhc_add(&text, "{\"pools\":[{\"id\":\"store\",\"path\":\"%s\",\"size_bytes\":%llu,\"free_bytes\":%llu}]}",
            self->root, (unsigned long long)space.f_blocks * space.f_frsize,
            (unsigned long long)space.f_bavail * space.f_frsize);
    status = bhc_give(out, &text, err);
    return bhc_leave(&self->gate, status);
}

/* A plugin starts no program by itself; the launcher does, as plugin.json says. Its output is hex of hex. */
static bh_status verify(const bh_instance* self, const char* path, const char* hex, bh_error* err) {
    bhc_text request = {NULL, 0, 0, 0}, result = {NULL, 0, 0, 0}, wanted = {NULL, 0, 0, 0};
    bhc_add(&request, "{\"program\":\"sha256sum\",\"args\":[\"--binary\",\"--zero\",\"%s\"]}", path);
    bhc_add(&wanted, "\"0x");
    for (size_t i = 0; i < HEX_SIZE; ++i) bhc_add(&wanted, "%02x", (unsigned)hex[i]);
    bh_status status = request.failed || wanted.failed
                           ? bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory")
                           : self->launch->run(self->kernel, bhc_str(request.data), 0, bhc_into(&result), err);
    if (status == BH_OK) {
        const json_value ran = json_parse(result.data, result.size), said = json_get(ran, "output");
        const json_value code = json_get(ran, "exit_code");
        if (code.size != 1 || code.text[0] != '0' || said.size < wanted.size)
            status = bhc_fail(err, BH_E_UNAVAILABLE, "sha256sum", "sha256sum can't read the image");
        else if (memcmp(said.text, wanted.data, wanted.size) != 0)
            status = bhc_fail(err, BH_E_INVALID, "digest", "/digest: the file of the image has another SHA-256");
    }
    bhc_free(&request);
    bhc_free(&result);
    bhc_free(&wanted);
    return status;
}

static bh_status import(const bh_instance* self, const bh_call* call, const char* from, const char* hex,
                        bh_error* err) {
    char kept[PATH_SIZE], fresh[PATH_SIZE];
    path_of(self->root, "images", hex, ".raw", &kept);
    if (access(kept, F_OK) == 0) return BH_OK;
    bh_status status = bhc_stopped(call, err);
    if (status != BH_OK) return status;
    const int fd = fresh_file(self->root, "images", hex, &fresh);
    if (fd < 0) return failed(err, "the image can't be kept");
    status = copy_into(from, fd) == 0 ? verify(self, fresh, hex, err) : failed(err, "the image can't be copied");
    if (status == BH_OK)
        return put_in_place(self->root, fd, fresh, "images", hex, ".raw") == 0 ? BH_OK
                                                                               : failed(err, "the image can't be kept");
    close(fd);
    unlink(fresh);
    return status;
}

static bh_status image_import(bh_instance* self, const bh_call* call, bh_str image, bh_sink out, bh_error* err) {
    const json_value given = json_parse(image.ptr, image.len);
    static const char* const passed_on[] = {"name",   "digest", "format",  "size_bytes",
                                            "kernel", "initrd", "cmdline", "built_at"};
    char from[PATH_SIZE], format[8], hex[HEX_SIZE + 1];
    bhc_text answer = {NULL, 0, 0, 0};
    if (!json_has(given, "name", '"') || !json_has(given, "size_bytes", '0') ||
        !json_text(json_get(given, "path"), from, sizeof from) || from[0] != '/')
        return bhc_fail(err, BH_E_INVALID, "bad_document", "image: has a name, a size_bytes, and an absolute path");
    if (!digest_of(given, "digest", &hex))
        return bhc_fail(err, BH_E_INVALID, "digest", "/digest: must be sha256: and 64 hex digits");
    if (!json_text(json_get(given, "format"), format, sizeof format) || strcmp(format, "raw") != 0)
        return bhc_fail(err, BH_E_UNSUPPORTED, "format", "this storage takes raw images only");
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    status = import(self, call, from, hex, err);
    bhc_add(&answer, "{\"path\":\"%s/images/%s.raw\"", self->root, hex);
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; ++i) {
        const json_value member = json_get(given, passed_on[i]);
        if (member.size != 0) bhc_add(&answer, ",\"%s\":%.*s", passed_on[i], (int)member.size, member.text);
    }
    bhc_add(&answer, "}");
    if (status == BH_OK) status = bhc_give(out, &answer, err);
    bhc_free(&answer);
    return bhc_leave(&self->gate, status);
}

static bh_status volume_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out, bh_error* err) {
    const json_value wanted = json_parse(spec.ptr, spec.len);
    char id[BHC_ID_SIZE];
    uint64_t size = 0;
    bhc_text answer = {NULL, 0, 0, 0};
    volume known;
    if (!json_has(wanted, "name", '"') || !json_number(json_get(wanted, "size_bytes"), &size) || size == 0)
        return bhc_fail(err, BH_E_INVALID, "bad_document", "spec: has a name and a size_bytes above 0");
    bhc_id(call->op_id, "volume", &id);
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    /* First of all, at every attempt: is it there already? */
    status = read_volume(self, id, &known, err);
    if (status == BH_E_NOT_FOUND) {
        status = make(self, call, id, wanted, size, &answer, err);
    } else if (status == BH_OK) {
        if (strlen(known.spec) != wanted.size || memcmp(known.spec, wanted.text, wanted.size) != 0)
            status = bhc_fail(err, BH_E_CONFLICT, "other_spec", "this op_id has a volume of another specification");
        else
            add_volume(&answer, self, id, known.size, wanted);
    }
    if (status == BH_OK) status = bhc_give(out, &answer, err);
    bhc_free(&known.text);
    bhc_free(&answer);
    return bhc_leave(&self->gate, status);
}

static bh_status grow(const bh_instance* self, const volume* known, uint64_t size, bh_error* err) {
    char path[PATH_SIZE];
    if (known->size >= size) return BH_OK;
    path_of(self->root, "volumes", known->id, ".raw", &path);
    const int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return failed(err, "the volume can't be opened");
    const int done = ftruncate(fd, (off_t)size) == 0 ? fsync(fd) : -1;
    const bh_status status = done == 0 ? BH_OK : failed(err, "the volume can't grow");
    close(fd);
    return status == BH_OK ? keep_volume(self, known->id, size, known->spec, strlen(known->spec), err) : status;
}

static bh_status volume_resize(bh_instance* self, const bh_call* call, bh_str text, uint64_t size_bytes,
                               bh_error* err) {
    char id[BHC_ID_SIZE];
    volume known;
    (void)call;
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_id(text, "volume", &id);
    status = read_volume(self, id, &known, err);
    if (status == BH_OK) status = grow(self, &known, size_bytes, err);
    bhc_free(&known.text);
    return bhc_leave(&self->gate, status);
}

/* The record goes last: while it is there, the kernel knows that something is left to delete. */
static bh_status volume_delete(bh_instance* self, const bh_call* call, bh_str text, bh_error* err) {
    static const char* const endings[] = {".raw", ".spec"};
    char id[BHC_ID_SIZE], path[PATH_SIZE];
    volume known;
    (void)call;
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_id(text, "volume", &id);
    status = read_volume(self, id, &known, err);
    bhc_free(&known.text);
    for (size_t i = 0; status == BH_OK && i < 2; ++i) {
        path_of(self->root, "volumes", id, endings[i], &path);
        if (unlink(path) != 0 && errno != ENOENT) status = failed(err, "a file of the volume can't be removed");
    }
    if (status == BH_OK && sync_folder(self->root, "volumes") != 0) status = failed(err, "the folder can't be synced");
    return bhc_leave(&self->gate, status == BH_E_NOT_FOUND ? BH_OK : status);
}

static bh_status list(const bh_instance* self, DIR* folder, bhc_text* all, bh_error* err) {
    for (const struct dirent* entry; (entry = readdir(folder)) != NULL;) {
        char id[BHC_ID_SIZE];
        volume known;
        const size_t size = strlen(entry->d_name);
        if (size < 6 || size >= sizeof id + 5 || strcmp(entry->d_name + size - 5, ".spec") != 0) continue;
        snprintf(id, sizeof id, "%.*s", (int)(size - 5), entry->d_name);
        const bh_status status = read_volume(self, id, &known, err);
        if (status == BH_E_NOT_FOUND) continue; /* somebody else's file */
        if (status != BH_OK) return status;
        bhc_add(all, all->size == 0 ? "{\"volumes\":[" : ",");
        add_volume(all, self, id, known.size, json_parse(known.spec, strlen(known.spec)));
        bhc_free(&known.text);
    }
    bhc_add(all, all->size == 0 ? "{\"volumes\":[]}" : "]}");
    return BH_OK;
}

/* One page holds all. */
static bh_status volume_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    char path[PATH_SIZE];
    bhc_text all = {NULL, 0, 0, 0};
    if (page.len != 0) return bhc_fail(err, BH_E_INVALID, "bad_page", "there is one page only: its token is empty");
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    path_of(self->root, "volumes", "", "", &path);
    DIR* folder = opendir(path);
    status = folder != NULL ? list(self, folder, &all, err) : failed(err, "the folder can't be listed");
    if (folder != NULL) closedir(folder);
    if (status == BH_OK) status = bhc_give(out, &all, err);
    bhc_free(&all);
    return bhc_leave(&self->gate, status);
}

/* ---- the plugin ---- */

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
        if (mkdir(path, 0770) != 0 && errno != EEXIST) status = failed(err, "/path: a folder can't be made");
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
