/* Volumes: a sparse file and a record each. */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SPEC = 1 << 20 };

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
    if (file == NULL) return file_failed(err, "a volume's record can't be read");
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
    if (fd < 0) return file_failed(err, "a volume's record can't be made");
    if (write_all(fd, line, strlen(line)) != 0 || write_all(fd, spec, length) != 0) {
        const bh_status status = file_failed(err, "a volume's record can't be written");
        close(fd);
        return status;
    }
    return put_in_place(self->root, fd, fresh, "volumes", id, ".spec") == 0
               ? BH_OK
               : file_failed(err, "a volume's record can't be kept");
}

/* volume.json: the tags are those of the specification, passed on as they came. */
static void add_volume(bhc_text* to, const bh_instance* self, const char* id, uint64_t size, json_value spec) {
    const json_value tags = json_get(spec, "tags");
    bhc_add(to, "{\"volume\":\"%s\",\"created_by\":\"%s\",\"instance\":\"%.*s\",\"kind\":\"file\",\"format\":\"raw\"",
            id, id, (int)self->kernel->instance.len, self->kernel->instance.ptr);
    bhc_add(to, ",\"path\":\"%s/volumes/%s.raw\",\"size_bytes\":%llu%s%.*s}", self->root, id, (unsigned long long)size,
            tags.size != 0 ? ",\"tags\":" : "", (int)tags.size, tags.size != 0 ? tags.text : "");
}

/* The file under its final name, whole: an attempt that was killed left it under another name, or left it there, where
 * nobody uses it before its record is written. */
static bh_status make_disk(const bh_instance* self, const char* id, const char* hex, uint64_t size, bh_error* err) {
    char fresh[PATH_SIZE], image[PATH_SIZE];
    struct stat found;
    bh_status status = BH_OK;
    const int fd = fresh_file(self->root, "volumes", id, &fresh);
    if (fd < 0) return file_failed(err, "the volume can't be made");
    path_of(self->root, "images", hex, ".raw", &image);
    if (hex[0] != '\0' && copy_into(image, fd) != 0)
        status = file_failed(err, "the image can't be copied");
    else if (fstat(fd, &found) != 0 || (uint64_t)found.st_size > size)
        status = bhc_fail(err, BH_E_INVALID, "size_bytes", "/size_bytes: is less than the image has");
    else if (ftruncate(fd, (off_t)size) != 0)
        status = file_failed(err, "the volume can't have that size");
    if (status == BH_OK)
        return put_in_place(self->root, fd, fresh, "volumes", id, ".raw") == 0
                   ? BH_OK
                   : file_failed(err, "the volume can't be kept");
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

/* ---- the verbs ---- */

bh_status volume_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out, bh_error* err) {
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
    if (fd < 0) return file_failed(err, "the volume can't be opened");
    const int done = ftruncate(fd, (off_t)size) == 0 ? fsync(fd) : -1;
    const bh_status status = done == 0 ? BH_OK : file_failed(err, "the volume can't grow");
    close(fd);
    return status == BH_OK ? keep_volume(self, known->id, size, known->spec, strlen(known->spec), err) : status;
}

bh_status volume_resize(bh_instance* self, const bh_call* call, bh_str text, uint64_t size_bytes, bh_error* err) {
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
bh_status volume_delete(bh_instance* self, const bh_call* call, bh_str text, bh_error* err) {
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
        if (unlink(path) != 0 && errno != ENOENT) status = file_failed(err, "a file of the volume can't be removed");
    }
    if (status == BH_OK && sync_folder(self->root, "volumes") != 0)
        status = file_failed(err, "the folder can't be synced");
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
bh_status volume_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    char path[PATH_SIZE];
    bhc_text all = {NULL, 0, 0, 0};
    if (page.len != 0) return bhc_fail(err, BH_E_INVALID, "bad_page", "there is one page only: its token is empty");
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    path_of(self->root, "volumes", "", "", &path);
    DIR* folder = opendir(path);
    status = folder != NULL ? list(self, folder, &all, err) : file_failed(err, "the folder can't be listed");
    if (folder != NULL) closedir(folder);
    if (status == BH_OK) status = bhc_give(out, &all, err);
    bhc_free(&all);
    return bhc_leave(&self->gate, status);
}
