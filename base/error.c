#include "base/error.h"

#include <stdio.h>
#include <string.h>

int error_set(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return -1;
}

/* Appends to a message that may already fill its room. */
static void append(char message[static ERROR_MESSAGE_SIZE], const char *text)
{
    size_t used = strlen(message);
    snprintf(message + used, ERROR_MESSAGE_SIZE - used, "%s", text);
}

int error_system(struct error *error, int number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    const char *description = strerrordesc_np(number);
    append(error->message, ": ");
    append(error->message, description ? description : "unknown error");
    return -1;
}

int error_prefix(struct error *error, const char *format, ...)
{
    char cause[ERROR_MESSAGE_SIZE];
    memcpy(cause, error->message, sizeof cause);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    append(error->message, ": ");
    append(error->message, cause);
    return -1;
}
