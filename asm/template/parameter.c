/* The types of parameters: a row a type, and the functions that parse and emit it. */
#include "asm/template/parameter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/read.h"
#include "base/text.h"

#define DIGITS                 "0123456789"
#define NANOSECONDS_PER_SECOND UINT64_C(1000000000)
#define BYTES_PER_LINE         16
#define PUSHED_BYTES           4 /* that one push can hold */
/* A file somewhat too large is read, so that the error can say by how much. */
#define MAX_PARAMETER_FILE_SIZE (UINT64_C(16) * 1024 * 1024)

void asm_value_free(struct asm_value *value)
{
    buffer_free(&value->bytes);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static int out_of_range(const struct asm_parameter *parameter, const char *what,
                        struct error *error)
{
    struct buffer range BUFFER_CLEANUP = {0};
    asm_parameter_range(parameter, &range);
    return error_set(error, "%s is out of range: %s", what, buffer_text(&range));
}

static int not_understood(const struct asm_parameter *parameter, const char *text,
                          const char *expected, struct error *error)
{
    struct buffer range BUFFER_CLEANUP = {0};
    asm_parameter_range(parameter, &range);
    return error_set(error, "'%s' is not %s: %s", text, expected, buffer_text(&range));
}

/* ---- definitions ----------------------------------------------------------------------------- */

static void append_upper(struct buffer *out, const char *name)
{
    for (; *name; name++) {
        char letter = (char)toupper((unsigned char)*name);
        buffer_append(out, &letter, 1);
    }
}

static void define(struct buffer *source, const char *name, const char *suffix, uint64_t number)
{
    buffer_printf(source, "%%define PARAM_%s%s %llu\n", name, suffix, (unsigned long long)number);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int parse_number(const struct asm_parameter *parameter, const char *text,
                        struct asm_value *value, struct error *error)
{
    /* strtoull would take spaces and signs; too many digits give its maximum, which no type has. */
    char *end = NULL;
    bool hexadecimal = strncmp(text, "0x", 2) == 0;
    value->number = strtoull(text, &end, hexadecimal ? 16 : 10);
    if (!isdigit((unsigned char)*text) || *end)
        return not_understood(parameter, text, "a number", error);
    if (value->number < parameter->minimum || value->number > parameter->maximum)
        return out_of_range(parameter, text, error);
    return 0;
}

static void emit_number(const struct asm_parameter *parameter, const char *name,
                        const struct asm_value *value, struct buffer *source)
{
    (void)parameter;
    define(source, name, "", value->number);
}

static void range_number(const struct asm_parameter *parameter, struct buffer *out)
{
    buffer_printf(out, "%llu to %llu", (unsigned long long)parameter->minimum,
                  (unsigned long long)parameter->maximum);
}

/* ---- bytes and paths ------------------------------------------------------------------------- */

static int check_size(const struct asm_parameter *parameter, const struct asm_value *value,
                      struct error *error)
{
    if (value->bytes.size >= parameter->minimum && value->bytes.size <= parameter->maximum)
        return 0;
    struct buffer size BUFFER_CLEANUP = {0};
    buffer_printf(&size, "a size of %zu bytes", value->bytes.size);
    return out_of_range(parameter, buffer_text(&size), error);
}

static int parse_bytes(const struct asm_parameter *parameter, const char *text,
                       struct asm_value *value, struct error *error)
{
    int result = *text == '@'
                     ? file_read_path(text + 1, MAX_PARAMETER_FILE_SIZE, &value->bytes, error)
                     : text_unescape(text, &value->bytes, error);
    return result < 0 ? -1 : check_size(parameter, value, error);
}

static int parse_path(const struct asm_parameter *parameter, const char *text,
                      struct asm_value *value, struct error *error)
{
    if (text_unescape(text, &value->bytes, error) < 0)
        return -1;
    if (strlen(buffer_text(&value->bytes)) != value->bytes.size)
        return not_understood(parameter, text, "a path, since it contains a NUL byte", error);
    return check_size(parameter, value, error);
}

/* The operand of a push that leaves these bytes, the first at rsp: one that fits into 8 bits where
 * it is one byte. */
static int32_t pushed(const struct buffer *bytes)
{
    uint32_t number = 0;
    for (size_t i = 0; i < bytes->size; i++)
        number |= (uint32_t)bytes->data[i] << 8 * i;
    return bytes->size == 1 ? (int8_t)number : (int32_t)number;
}

/* The bytes are a macro, so that the template decides where they stand. */
static void emit_bytes(const struct asm_parameter *parameter, const char *name,
                       const struct asm_value *value, struct buffer *source)
{
    (void)parameter;
    define(source, name, "_SIZE", value->bytes.size);
    buffer_printf(source, "%%macro PARAM_%s_BYTES 0", name);
    for (size_t i = 0; i < value->bytes.size; i++)
        buffer_printf(source, "%s%d", i % BYTES_PER_LINE ? ", " : "\n    db ",
                      value->bytes.data[i]);
    buffer_append_text(source, "\n%endmacro\n");
    if (value->bytes.size > 0 && value->bytes.size <= PUSHED_BYTES)
        buffer_printf(source, "%%define PARAM_%s_PUSHED %d ; push puts these bytes at rsp\n", name,
                      pushed(&value->bytes));
}

static void range_bytes(const struct asm_parameter *parameter, struct buffer *out)
{
    if (parameter->minimum)
        range_number(parameter, out);
    else
        buffer_printf(out, "up to %llu", (unsigned long long)parameter->maximum);
    buffer_append_text(out, " bytes");
}

/* ---- choices --------------------------------------------------------------------------------- */

static int parse_enum(const struct asm_parameter *parameter, const char *text,
                      struct asm_value *value, struct error *error)
{
    for (size_t i = 0; i < parameter->choices.count; i++) {
        if (strcmp(parameter->choices.items[i], text) == 0) {
            value->number = i;
            return 0;
        }
    }
    return not_understood(parameter, text, "one of its choices", error);
}

/* One definition a choice: NASM's %if then reads as the template's author thinks. */
static void emit_enum(const struct asm_parameter *parameter, const char *name,
                      const struct asm_value *value, struct buffer *source)
{
    for (size_t i = 0; i < parameter->choices.count; i++) {
        struct buffer suffix BUFFER_CLEANUP = {0};
        buffer_append_text(&suffix, "_");
        append_upper(&suffix, parameter->choices.items[i]);
        define(source, name, buffer_text(&suffix), i == value->number);
    }
}

static void range_enum(const struct asm_parameter *parameter, struct buffer *out)
{
    for (size_t i = 0; i < parameter->choices.count; i++) {
        if (i)
            buffer_append_text(out, i + 1 < parameter->choices.count ? ", " : " or ");
        buffer_append_text(out, parameter->choices.items[i]);
    }
}

static int parse_bool(const struct asm_parameter *parameter, const char *text,
                      struct asm_value *value, struct error *error)
{
    static const struct {
        const char *word;
        bool meaning;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},   {"1", true},
                 {"false", false}, {"no", false}, {"off", false}, {"0", false}};

    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            value->number = words[i].meaning;
            return 0;
        }
    }
    return not_understood(parameter, text, "a yes or no", error);
}

static void range_bool(const struct asm_parameter *parameter, struct buffer *out)
{
    (void)parameter;
    buffer_append_text(out, "true or false");
}

/* ---- durations ------------------------------------------------------------------------------- */

/* The nanoseconds in one unit; 0 where there is no unit of that name. */
static uint64_t find_unit(const char *name)
{
    static const struct {
        const char *name;
        uint64_t nanoseconds;
    } units[] = {
        {"", NANOSECONDS_PER_SECOND},
        {"ns", 1},
        {"us", 1000},
        {"ms", 1000000},
        {"s", NANOSECONDS_PER_SECOND},
        {"m", NANOSECONDS_PER_SECOND * 60},
        {"h", NANOSECONDS_PER_SECOND * 60 * 60},
        {"d", NANOSECONDS_PER_SECOND * 60 * 60 * 24},
    };
    for (size_t i = 0; i < COUNT(units); i++)
        if (strcmp(units[i].name, name) == 0)
            return units[i].nanoseconds;
    return 0;
}

static int parse_duration(const struct asm_parameter *parameter, const char *text,
                          struct asm_value *value, struct error *error)
{
    if (parameter->forever && strcmp(text, "forever") == 0) {
        value->forever = true;
        return 0;
    }
    size_t whole = strspn(text, DIGITS);
    bool has_fraction = text[whole] == '.';
    const char *fraction = text + whole + has_fraction;
    size_t digits = has_fraction ? strspn(fraction, DIGITS) : 0;
    uint64_t unit = find_unit(fraction + digits);
    if (!whole || (has_fraction && !digits) || !unit)
        return not_understood(parameter, text, "a duration such as 10, 1.5s, 250ms, 2m, 1h or 1d",
                              error);

    /* From the last digit on, each step exact: if one leaves a rest, so does the whole. */
    uint64_t part = 0;
    for (size_t i = digits; i-- > 0;) {
        part += (uint64_t)(fraction[i] - '0') * unit;
        if (part % 10)
            return not_understood(parameter, text, "a whole number of nanoseconds", error);
        part /= 10;
    }
    uint64_t total;
    if (__builtin_mul_overflow(strtoull(text, NULL, 10), unit, &total) ||
        __builtin_add_overflow(total, part, &total) ||
        total < parameter->minimum * NANOSECONDS_PER_SECOND ||
        total > parameter->maximum * NANOSECONDS_PER_SECOND)
        return out_of_range(parameter, text, error);
    value->number = total / NANOSECONDS_PER_SECOND;
    value->nanoseconds = total % NANOSECONDS_PER_SECOND;
    return 0;
}

static void emit_duration(const struct asm_parameter *parameter, const char *name,
                          const struct asm_value *value, struct buffer *source)
{
    (void)parameter;
    define(source, name, "_SECONDS", value->number);
    define(source, name, "_NANOSECONDS", value->nanoseconds);
    define(source, name, "_FOREVER", value->forever);
}

static void range_duration(const struct asm_parameter *parameter, struct buffer *out)
{
    range_number(parameter, out);
    buffer_append_text(out, parameter->forever ? " seconds, or forever" : " seconds");
}

/* ---- the types ------------------------------------------------------------------------------- */

const struct asm_type_row asm_types[ASM_TYPE_COUNT] = {
    [ASM_U8] = {"u8", 0, UINT8_MAX, parse_number, emit_number, range_number},
    [ASM_U16] = {"u16", 0, UINT16_MAX, parse_number, emit_number, range_number},
    [ASM_PORT] = {"port", 1, UINT16_MAX, parse_number, emit_number, range_number},
    [ASM_U32] = {"u32", 0, UINT32_MAX, parse_number, emit_number, range_number},
    [ASM_BYTES] = {"bytes", 0, 65536, parse_bytes, emit_bytes, range_bytes},
    /* Linux's PATH_MAX counts the NUL, which the template adds. */
    [ASM_PATH] = {"path", 0, 4095, parse_path, emit_bytes, range_bytes},
    [ASM_ENUM] = {"enum", 0, 0, parse_enum, emit_enum, range_enum},
    [ASM_BOOL] = {"bool", 0, 0, parse_bool, emit_number, range_bool},
    /* 68 years: the seconds fit the sign-extended 32 bits of a `push`. */
    [ASM_DURATION] = {"duration", 0, INT32_MAX, parse_duration, emit_duration, range_duration},
};

const char *asm_type_name(enum asm_type type)
{
    return asm_types[type].name;
}

void asm_parameter_range(const struct asm_parameter *parameter, struct buffer *out)
{
    asm_types[parameter->type].range(parameter, out);
}

int asm_value_parse(const struct asm_parameter *parameter, const char *text,
                    struct asm_value *value, struct error *error)
{
    return asm_types[parameter->type].parse(parameter, text, value, error);
}

void asm_value_emit(const struct asm_parameter *parameter, const struct asm_value *value,
                    struct buffer *source)
{
    struct buffer name BUFFER_CLEANUP = {0};
    append_upper(&name, parameter->name);
    buffer_printf(source, "; %s (%s: ", parameter->name, asm_type_name(parameter->type));
    asm_parameter_range(parameter, source);
    buffer_append_text(source, ")\n");
    asm_types[parameter->type].emit(parameter, buffer_text(&name), value, source);
}
