#include "base/interrupt.h"

#include <signal.h>
#include <string.h>

#include "base/array.h"

static volatile sig_atomic_t arrived;
static volatile sig_atomic_t count;

static void remember(int signal)
{
    arrived = signal;
    count++;
}

void interrupt_install(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    /* A file beyond the limit is an error of write(2), which is reported as one. */
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < COUNT(signals); i++) {
        struct sigaction old;
        /* A parent that ignores a signal (nohup) wants its children to ignore it too. */
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue;
        struct sigaction action = {.sa_handler = remember};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i], &action, NULL);
    }
}

int interrupt_signal(void)
{
    return arrived;
}

bool interrupt_take(int signal)
{
    if (arrived != signal)
        return false;
    arrived = 0;
    return true;
}

bool interrupt_ignore(int number)
{
    signal(number, SIG_IGN);
    return interrupt_take(number);
}

int interrupt_count(void)
{
    return count;
}

int interrupt_check(struct error *error)
{
    int signal = arrived;
    return signal ? error_set(error, "interrupted by SIG%s", sigabbrev_np(signal)) : 0;
}
