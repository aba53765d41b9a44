/* What a container of an image starts: command, environment, user. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "packer/image/image.h"

static struct error error;

static void joins_entry_point_and_command_as_engines_do(void **state)
{
    (void)state;
    static const char *const replaced[] = {"z", NULL};
    static const struct {
        const char *config;
        const char *const *arguments;
        const char *joined;
    } rows[] = {
        {"{\"config\":{\"Cmd\":[\"/a\",\"b\"]}}", NULL, "/a b"},
        {"{\"config\":{\"Cmd\":[\"/a\",\"b\"]}}", replaced, "z"},
        {"{\"config\":{\"Entrypoint\":[\"/e\"],\"Cmd\":[\"b\"]}}", NULL, "/e b"},
        {"{\"config\":{\"Entrypoint\":[\"/e\"],\"Cmd\":[\"b\"]}}", replaced, "/e z"},
        {"{\"config\":{\"Entrypoint\":[\"/e\"],\"Cmd\":null}}", NULL, "/e"},
        {"{\"config\":{\"Entrypoint\":[\"\"],\"Cmd\":[\"/a\"]}}", NULL, "/a"},
        {"{\"config\":{\"Entrypoint\":[\"\",\"x\"],\"Cmd\":[\"/a\"]}}", NULL, " x /a"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packer_process process PACKER_PROCESS_CLEANUP = {0};
        struct buffer joined BUFFER_CLEANUP = {0};
        cJSON *config JSON_CLEANUP =
            json_parse(rows[i].config, strlen(rows[i].config), "config", &error);
        assert_int_equal(packer_process_init(&process, config, rows[i].arguments, &error), 0);
        for (size_t j = 0; j < process.arguments.count; j++)
            buffer_printf(&joined, "%s%s", j ? " " : "", process.arguments.items[j]);
        assert_string_equal(buffer_text(&joined), rows[i].joined);
        assert_string_equal(process.directory, "/");
    }
}

static void refuses_configs_that_name_nothing_to_start(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}",
        "{\"config\":{}}",
        "{\"config\":{\"Cmd\":\"/a\"}}",
        "{\"config\":{\"Cmd\":[1]}}",
        "{\"config\":{\"Entrypoint\":[\"\"]}}",
        "{\"config\":{\"Cmd\":[\"/a\"],\"Env\":[\"=b\"]}}",
        "{\"config\":{\"Cmd\":[\"/a\"],\"WorkingDir\":\"tmp\"}}",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct packer_process process PACKER_PROCESS_CLEANUP = {0};
        cJSON *config JSON_CLEANUP = json_parse(wrong[i], strlen(wrong[i]), "config", &error);
        assert_int_equal(packer_process_init(&process, config, NULL, &error), -1);
    }
}

static void completes_the_environment_as_engines_do(void **state)
{
    (void)state;
    static const struct {
        const char *env, *completed;
    } rows[] = {
        {"null", "PATH=" PACKER_DEFAULT_PATH},
        {"[\"A=b\",\"C=\"]", "PATH=" PACKER_DEFAULT_PATH " A=b C="},
        {"[\"A=b\",\"PATH=/x\"]", "A=b PATH=/x"},
        {"[\"PATH=\"]", "PATH="},
        {"[\"PATHS=x\"]", "PATH=" PACKER_DEFAULT_PATH " PATHS=x"},
        {"[\"A\",\"B=c\"]", "PATH=" PACKER_DEFAULT_PATH " B=c"},
        {"[\"PATH\",\"B=c\"]", "B=c"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packer_process process PACKER_PROCESS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0}, joined BUFFER_CLEANUP = {0};
        buffer_printf(&text, "{\"config\":{\"Cmd\":[\"/a\"],\"Env\":%s}}", rows[i].env);
        cJSON *config JSON_CLEANUP = json_parse(text.data, text.size, "config", &error);
        assert_int_equal(packer_process_init(&process, config, NULL, &error), 0);
        for (size_t j = 0; j < process.environment.count; j++)
            buffer_printf(&joined, "%s%s", j ? " " : "", process.environment.items[j]);
        assert_string_equal(buffer_text(&joined), rows[i].completed);
    }
}

/* ---- users ----------------------------------------------------------------------------------- */

struct files {
    const char *passwd, *group;
};

static int open_text(void *context, const char *path)
{
    const struct files *files = context;
    const char *text = strcmp(path, "/etc/passwd") == 0 ? files->passwd : files->group;
    int fd = text ? memfd_create("file", MFD_CLOEXEC) : -1;
    if (!text)
        errno = ENOENT;
    else if (pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
        abort();
    return fd;
}

#define PASSWD                                                                      \
    "root:x:0:0::/root:/bin/sh\n\n  app:x:1000:1001::/home/app:\r\napp:x:7:7::/:\n" \
    "second:x:1000:9::/:\nbroken:x:y:z\nshort\n1002:x:5:6::/:\nbig:x:3000000000:1::/:"
#define GROUP                                                                                   \
    "root:x:0:\nwheel:x:10:root,app\nstaff:x:50:second,app,x\nstaff:x:51:\nappx:x:60:apps,ap\n" \
    "app:x:1001:\nlast:x:70:app"

static void looks_users_up_as_docker_does(void **state)
{
    (void)state;
    static const struct {
        const char *user, *found; /* UID:GID, then groups and the home directory; or an error */
    } rows[] = {
        {"", "0:0 10 /root"},
        {"root", "0:0 10 /root"},
        {"0", "0:0 10 /root"},
        {"app", "1000:1001 10 50 70 /home/app"},
        {"1000", "1000:1001 10 50 70 /home/app"},
        {"app:", "1000:1001 10 50 70 /home/app"},
        {"app:staff", "1000:50 /home/app"},
        {"app:staff:x", "1000:50 /home/app"},
        {"1000:51", "1000:51 /home/app"},
        {"1000:12345", "1000:12345 /home/app"},
        {":staff", "0:50 /root"},
        {"second", "1000:9 50 /"},
        {"broken", "0:0 "},
        {"short", "0:0 "},
        {"12345", "12345:0"},
        {"12345:app", "12345:1001"},
        {"1002", "1002:0"},
        {"2147483647", "2147483647:0"},
        {"2147483648", "not from 0 to 2147483647"},
        {"0:2147483648", "not from 0 to 2147483647"},
        {"-1", "not from 0 to 2147483647"},
        {"big", "not from 0 to 2147483647"},
        {"nobody", "needs 'nobody' in /etc/passwd, which does not name it: add it"},
        {"ap", "needs 'ap' in /etc/passwd"},
        {"99999999999999999999", "needs '99999999999999999999' in /etc/passwd"},
        {"app:nogroup", "needs 'nogroup' in /etc/group, which does not name it"},
        {" app", "needs ' app' in /etc/passwd"},
    };
    struct files files = {PASSWD, GROUP};
    const struct packer_root root = {open_text, &files};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packer_user user;
        struct buffer found BUFFER_CLEANUP = {0};
        if (user_find(rows[i].user, &root, &user, &error) < 0) {
            buffer_append_text(&found, strstr(error.message, rows[i].found) ? rows[i].found
                                                                            : error.message);
        } else {
            buffer_printf(&found, "%u:%u", user.uid, user.gid);
            for (size_t j = 0; j < user.group_count; j++)
                buffer_printf(&found, " %u", user.groups[j]);
            if (user.home)
                buffer_printf(&found, " %s", user.home);
        }
        user_free(&user);
        assert_string_equal(buffer_text(&found), rows[i].found);
    }
}

static void needs_files_only_for_names(void **state)
{
    (void)state;
    struct files files = {NULL, NULL};
    const struct packer_root root = {open_text, &files};
    for (int i = 0; i < 2; i++) {
        struct packer_user user;
        assert_int_equal(user_find("7:8", i ? &root : NULL, &user, &error), 0);
        assert_int_equal(user.uid, 7);
        assert_int_equal(user.gid, 8);
        assert_int_equal(user_find("", i ? &root : NULL, &user, &error), 0);
        assert_int_equal(user.uid, 0);
        assert_int_equal(user_find("app", i ? &root : NULL, &user, &error), -1);
        assert_non_null(strstr(error.message, "which the image does not have"));
        assert_int_equal(user_find("7:staff", i ? &root : NULL, &user, &error), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_entry_point_and_command_as_engines_do),
        cmocka_unit_test(refuses_configs_that_name_nothing_to_start),
        cmocka_unit_test(completes_the_environment_as_engines_do),
        cmocka_unit_test(looks_users_up_as_docker_does),
        cmocka_unit_test(needs_files_only_for_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
