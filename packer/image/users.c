/*
 * Who runs an image: its User, looked up in the image's own /etc/passwd and /etc/group as docker
 * and podman do (libcontainer/user, GetExecUser): the first entry counts, a number needs none, and
 * whoever has one is in all groups that list the name, unless User names the group.
 */
#include "packer/image/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/read.h"
#include "base/text.h"

#define PASSWD        "/etc/passwd"
#define GROUP         "/etc/group"
#define MAX_FILE_SIZE (4 << 20)
#define MAX_FIELDS    7
#define MAX_GROUPS    65536 /* NGROUPS_MAX */
#define MAX_USER_ID   INT32_MAX
#define BLANKS        " \t\v\f\r"
#define GROUP_MEMBERS 3
#define PASSWD_HOME   5

/* Part of a line, or of User. */
struct field {
    const char *text;
    size_t length;
};

static bool is_equal(const struct field *left, const struct field *right)
{
    return left->length == right->length && memcmp(left->text, right->text, left->length) == 0;
}

/* A decimal number as Go's strconv.Atoi takes it; false: the field is none. */
static bool parse_number(const struct field *field, long long *number)
{
    char digits[24] = "";
    unsigned long long magnitude;
    size_t sign = field->length && (*field->text == '-' || *field->text == '+');
    *number = 0;
    if (field->length - sign >= sizeof digits)
        return false;
    memcpy(digits, field->text + sign, field->length - sign);
    if (!text_to_number(digits, INT64_MAX, &magnitude))
        return false;
    *number = sign && *field->text == '-' ? -(long long)magnitude : (long long)magnitude;
    return true;
}

/* Takes the next line off the text and splits it at colons; missing fields are empty. */
static bool next_line(struct field *rest, struct field fields[static MAX_FIELDS])
{
    while (rest->length) {
        const char *newline = memchr(rest->text, '\n', rest->length);
        struct field line = {rest->text, newline ? (size_t)(newline - rest->text) : rest->length};
        size_t used = line.length + (newline ? 1 : 0);
        rest->text += used;
        rest->length -= used;
        while (line.length && strchr(BLANKS, line.text[line.length - 1]))
            line.length--;
        while (line.length && strchr(BLANKS, *line.text)) {
            line.text++;
            line.length--;
        }
        if (!line.length)
            continue;
        for (size_t i = 0; i < MAX_FIELDS; i++) {
            const char *colon = line.length ? memchr(line.text, ':', line.length) : NULL;
            fields[i] =
                (struct field){line.text, colon ? (size_t)(colon - line.text) : line.length};
            line.text += fields[i].length + (colon ? 1 : 0);
            line.length -= fields[i].length + (colon ? 1 : 0);
        }
        return true;
    }
    return false;
}

/* Whether the name is one of a list with commas. */
static bool is_member(const struct field *list, const struct field *name)
{
    const char *text = list->text, *end = list->text + list->length;
    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const struct field item = {text, (size_t)((comma ? comma : end) - text)};
        if (is_equal(&item, name))
            return true;
        text += item.length + 1;
    }
    return false;
}

/* The whole file; none where there is none. */
static int read_file(const struct packer_root *root, const char *path, struct buffer *text,
                     struct field *content, struct error *error)
{
    struct stat status;
    struct buffer_sink sink = buffer_sink(text);
    *content = (struct field){"", 0};
    int fd FD_CLEANUP = root ? root->open(root->context, path) : -1;
    if (fd < 0 && (!root || errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return 0;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_system(error, errno, "cannot read the image's %s", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, "the image's %s is not a file", path);
    if (file_pass(fd, path, MAX_FILE_SIZE, &sink.sink, error) < 0)
        return error_prefix(error, "the image");
    *content = (struct field){buffer_text(text), text->size};
    return buffer_check(text, error);
}

/* ---- the search ------------------------------------------------------------------------------ */

/* User as the config has it, taken apart. */
struct wanted {
    const char *text;
    struct field user, group;
    long long uid, gid;
    bool is_uid, is_gid;
};

static struct wanted parse_user(const char *text)
{
    size_t length = strcspn(text, ":");
    const char *group = text + length + (text[length] == ':');
    struct wanted wanted = {
        .text = text, .user = {text, length}, .group = {group, strcspn(group, ":")}};
    wanted.is_uid = !length || parse_number(&wanted.user, &wanted.uid); /* "": root */
    wanted.is_gid = parse_number(&wanted.group, &wanted.gid);
    return wanted;
}

static int set_id(const struct wanted *wanted, long long number, uint32_t *id, struct error *error)
{
    if (number < 0 || number > MAX_USER_ID)
        return error_set(error, "the image's User '%s' is %lld, which is not from 0 to %d",
                         wanted->text, number, MAX_USER_ID);
    *id = (uint32_t)number;
    return 0;
}

static int not_found(const struct wanted *wanted, const struct field *name, const char *path,
                     const struct packer_root *root, struct error *error)
{
    int fd FD_CLEANUP = root ? root->open(root->context, path) : -1;
    return error_set(error,
                     "the image's User '%s' needs '%.*s' in %s, which %s: add it to that file in "
                     "the image, or set User to numbers",
                     wanted->text, (int)name->length, name->text, path,
                     fd < 0 ? "the image does not have" : "does not name it");
}

/* Sets uid, gid and home of the first entry that fits, and its name, which is empty where none is.
 */
static int find_user(const struct wanted *wanted, const struct packer_root *root,
                     struct packer_user *user, struct buffer *name, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    struct field rest, fields[MAX_FIELDS];
    long long uid, gid;
    if (read_file(root, PASSWD, &text, &rest, error) < 0)
        return -1;
    while (next_line(&rest, fields)) {
        parse_number(&fields[2], &uid);
        parse_number(&fields[3], &gid);
        if (wanted->is_uid ? uid != wanted->uid : !is_equal(&fields[0], &wanted->user))
            continue;
        buffer_append(name, fields[0].text, fields[0].length);
        user->home = strndup(fields[PASSWD_HOME].text, fields[PASSWD_HOME].length);
        if (!user->home || buffer_check(name, error) < 0)
            return error_set(error, "out of memory");
        return set_id(wanted, uid, &user->uid, error) < 0 ? -1
                                                          : set_id(wanted, gid, &user->gid, error);
    }
    return wanted->is_uid ? set_id(wanted, wanted->uid, &user->uid, error)
                          : not_found(wanted, &wanted->user, PASSWD, root, error);
}

/* The group that User names. */
static int find_group(const struct wanted *wanted, const struct packer_root *root,
                      struct packer_user *user, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    struct field rest, fields[MAX_FIELDS];
    long long gid;
    if (read_file(root, GROUP, &text, &rest, error) < 0)
        return -1;
    while (next_line(&rest, fields)) {
        parse_number(&fields[2], &gid);
        if (wanted->is_gid ? gid == wanted->gid : is_equal(&fields[0], &wanted->group))
            return set_id(wanted, gid, &user->gid, error);
    }
    return wanted->is_gid ? set_id(wanted, wanted->gid, &user->gid, error)
                          : not_found(wanted, &wanted->group, GROUP, root, error);
}

/* The groups that list the user. */
static int find_groups(const struct wanted *wanted, const struct packer_root *root,
                       const struct buffer *name, struct packer_user *user, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0}, ids BUFFER_CLEANUP = {0};
    const struct field member = {buffer_text(name), name->size};
    struct field rest, fields[MAX_FIELDS];
    long long gid;
    uint32_t id;
    if (read_file(root, GROUP, &text, &rest, error) < 0)
        return -1;
    while (next_line(&rest, fields)) {
        if (!is_member(&fields[GROUP_MEMBERS], &member))
            continue;
        parse_number(&fields[2], &gid);
        if (set_id(wanted, gid, &id, error) < 0)
            return -1;
        buffer_append(&ids, &id, sizeof id);
        if (++user->group_count > MAX_GROUPS)
            return error_set(error, "the image's User '%s' is in more than %d groups", wanted->text,
                             MAX_GROUPS);
    }
    user->groups = (uint32_t *)(void *)ids.data;
    ids.data = NULL;
    return buffer_check(&ids, error);
}

int user_find(const char *text, const struct packer_root *root, struct packer_user *user,
              struct error *error)
{
    struct buffer name BUFFER_CLEANUP = {0};
    const struct wanted wanted = parse_user(text);
    *user = (struct packer_user){0};
    if (find_user(&wanted, root, user, &name, error) < 0)
        return -1;
    if (wanted.group.length)
        return find_group(&wanted, root, user, error);
    return name.size ? find_groups(&wanted, root, &name, user, error) : 0;
}

void user_free(struct packer_user *user)
{
    free(user->groups);
    free(user->home);
    *user = (struct packer_user){0};
}
