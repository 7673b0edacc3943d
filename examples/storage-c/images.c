/* Images: copies of what the kernel names, kept under their digest once it was found right. */
#include "store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int digest_of(json_value document, const char* key, char (*hex)[HEX_SIZE + 1]) {
    char text[HEX_SIZE + 8];
    if (!json_text(json_get(document, key), text, sizeof text) || strlen(text) != HEX_SIZE + 7) return 0;
    if (strncmp(text, "sha256:", 7) != 0 || strspn(text + 7, "0123456789abcdef") != HEX_SIZE) return 0;
    memcpy(*hex, text + 7, sizeof *hex);
    return 1;
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
    if (fd < 0) return file_failed(err, "the image can't be kept");
    status = copy_into(from, fd) == 0 ? verify(self, fresh, hex, err) : file_failed(err, "the image can't be copied");
    if (status == BH_OK)
        return put_in_place(self->root, fd, fresh, "images", hex, ".raw") == 0
                   ? BH_OK
                   : file_failed(err, "the image can't be kept");
    close(fd);
    unlink(fresh);
    return status;
}

bh_status image_import(bh_instance* self, const bh_call* call, bh_str image, bh_sink out, bh_error* err) {
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
