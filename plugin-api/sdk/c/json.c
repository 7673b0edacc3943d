#include "json.h"

#include <string.h>

enum { MAX_SIZE = 1 << 20, MAX_DEPTH = 16, MAX_MEMBERS = 256 /* each is compared with all before it */ };

typedef struct reader {
    const char* at;
    const char* end;
} reader;

static void skip_space(reader* r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) ++r->at;
}
static int take(reader* r, char c) {
    if (r->at >= r->end || *r->at != c) return 0;
    ++r->at;
    return 1;
}

/* One character of UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF. */
static int skip_utf8(reader* r) {
    const unsigned char first = (unsigned char)*r->at++;
    unsigned char low = 0x80, high = 0xBF;
    int more = 0;
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF)
        more = 1;
    else if (first >= 0xE0 && first <= 0xEF)
        more = 2;
    else if (first >= 0xF0 && first <= 0xF4)
        more = 3;
    else
        return 0;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    for (; more > 0; --more, low = 0x80, high = 0xBF) {
        if (r->at >= r->end || (unsigned char)*r->at < low || (unsigned char)*r->at > high) return 0;
        ++r->at;
    }
    return 1;
}

static int is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

static int skip_escape(reader* r) {
    if (r->at >= r->end) return 0;
    const char kind = *r->at++;
    if (kind != 'u') return strchr("\"\\/bfnrt", kind) != NULL && kind != '\0';
    if (r->end - r->at < 4 || strncmp(r->at, "0000", 4) == 0) return 0; /* too short, or a NUL */
    for (int i = 0; i < 4; ++i)
        if (!is_hex(*r->at++)) return 0;
    return 1;
}

static int skip_text(reader* r) {
    if (!take(r, '"')) return 0;
    while (r->at < r->end) {
        if (take(r, '"')) return 1;
        if ((unsigned char)*r->at < 0x20) return 0;
        if (take(r, '\\') ? !skip_escape(r) : !skip_utf8(r)) return 0;
    }
    return 0;
}

static size_t skip_digits(reader* r) {
    const char* begin = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') ++r->at;
    return (size_t)(r->at - begin);
}
static int skip_number(reader* r) {
    (void)take(r, '-');
    if (take(r, '0')) {
    } else if (skip_digits(r) == 0) {
        return 0;
    }
    if (take(r, '.') && skip_digits(r) == 0) return 0;
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        ++r->at;
        if (!take(r, '+')) (void)take(r, '-');
        if (skip_digits(r) == 0) return 0;
    }
    return 1;
}
static int skip_word(reader* r, const char* word) {
    const size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0) return 0;
    r->at += size;
    return 1;
}

static int skip_value(reader* r, int depth);

/* The key again among the members from `begin` to where the reader is: then it stands there twice. */
static int has_key(const char* begin, const char* end, const char* key, size_t size) {
    reader r = {begin, end};
    while (r.at < r.end) {
        skip_space(&r);
        const char* at = r.at;
        if (!skip_text(&r)) return 0;
        if ((size_t)(r.at - at) == size && memcmp(at, key, size) == 0) return 1;
        skip_space(&r);
        if (!take(&r, ':')) return 0;
        skip_space(&r);
        if (!skip_value(&r, MAX_DEPTH)) return 0;
        skip_space(&r);
        if (!take(&r, ',')) return 0;
    }
    return 0;
}

static int skip_object(reader* r, int depth) {
    ++r->at;
    const char* begin = r->at;
    int members = 0;
    skip_space(r);
    if (take(r, '}')) return 1;
    do {
        if (++members > MAX_MEMBERS) return 0;
        skip_space(r);
        const char* key = r->at;
        if (!skip_text(r) || has_key(begin, key, key, (size_t)(r->at - key))) return 0;
        skip_space(r);
        if (!take(r, ':')) return 0;
        skip_space(r);
        if (!skip_value(r, depth - 1)) return 0;
        skip_space(r);
    } while (take(r, ','));
    return take(r, '}');
}

static int skip_array(reader* r, int depth) {
    ++r->at;
    skip_space(r);
    if (take(r, ']')) return 1;
    do {
        skip_space(r);
        if (!skip_value(r, depth - 1)) return 0;
        skip_space(r);
    } while (take(r, ','));
    return take(r, ']');
}

static int skip_value(reader* r, int depth) {
    if (depth < 0 || r->at >= r->end) return 0;
    switch (*r->at) {
        case '{':
            return depth > 0 && skip_object(r, depth);
        case '[':
            return depth > 0 && skip_array(r, depth);
        case '"':
            return skip_text(r);
        case 't':
            return skip_word(r, "true");
        case 'f':
            return skip_word(r, "false");
        case 'n':
            return skip_word(r, "null");
        default:
            return skip_number(r);
    }
}

json_value json_parse(const char* text, size_t size) {
    const json_value none = {NULL, 0};
    if (text == NULL || size > MAX_SIZE) return none;
    reader r = {text, text + size};
    skip_space(&r);
    const char* begin = r.at;
    if (!skip_value(&r, MAX_DEPTH)) return none;
    const json_value value = {begin, (size_t)(r.at - begin)};
    skip_space(&r);
    return r.at == r.end ? value : none;
}

int json_is_object(json_value value) { return value.size != 0 && value.text[0] == '{'; }

json_value json_get(json_value object, const char* key) {
    const json_value none = {NULL, 0};
    if (!json_is_object(object)) return none;
    reader r = {object.text + 1, object.text + object.size};
    const size_t size = strlen(key);
    do {
        skip_space(&r);
        const char* name = r.at;
        if (!skip_text(&r)) return none;
        const int same = (size_t)(r.at - name) == size + 2 && memcmp(name + 1, key, size) == 0;
        skip_space(&r);
        (void)take(&r, ':');
        skip_space(&r);
        const char* begin = r.at;
        if (!skip_value(&r, MAX_DEPTH)) return none;
        const json_value value = {begin, (size_t)(r.at - begin)};
        if (same) return value;
        skip_space(&r);
    } while (take(&r, ','));
    return none;
}

int json_at(json_value array, size_t index, json_value* out) {
    if (array.size == 0 || array.text[0] != '[') return 0;
    reader r = {array.text + 1, array.text + array.size};
    for (size_t i = 0;; ++i) {
        skip_space(&r);
        const char* begin = r.at;
        if (!skip_value(&r, MAX_DEPTH)) return 0;
        out->text = begin;
        out->size = (size_t)(r.at - begin);
        if (i == index) return 1;
        skip_space(&r);
        if (!take(&r, ',')) return 0;
    }
}

int json_text(json_value value, char* out, size_t size) {
    size_t to = 0;
    if (value.size < 2 || value.text[0] != '"') return 0;
    for (size_t i = 1; i + 1 < value.size; ++i) {
        if (value.text[i] == '\\') {
            ++i;
            if (strchr("\"\\/", value.text[i]) == NULL) return 0;
        }
        if (to + 1 >= size) return 0;
        out[to++] = value.text[i];
    }
    out[to] = '\0';
    return 1;
}

int json_number(json_value value, uint64_t* out) {
    *out = 0;
    if (value.size > 18) return 0;
    for (size_t i = 0; i < value.size; ++i) {
        if (value.text[i] < '0' || value.text[i] > '9') return 0;
        *out = *out * 10 + (uint64_t)(value.text[i] - '0');
    }
    return 1;
}

int json_has(json_value object, const char* key, char first) {
    const json_value member = json_get(object, key);
    if (member.size == 0) return 0;
    return first == '0' ? member.text[0] >= '0' && member.text[0] <= '9' : member.text[0] == first;
}
